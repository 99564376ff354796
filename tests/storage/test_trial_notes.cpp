#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/trial_file.hpp"
#include "tests/storage/trial_samples.hpp"

namespace medius::storage::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

void WriteWithNotes(const std::filesystem::path& path, const std::vector<TrialNote>& notes) {
  TrialWriter writer(path);
  WriteParts(writer, MakeTrial(20, 2, 3));
  writer.WriteNotes(notes);
  writer.Commit();
}

TEST(TrialNotes, ComeBackAsTheyWereWritten) {
  const ScratchFolder folder;
  const std::vector<TrialNote> notes = {{"2026-11-03", "exercise", "clamshell, 3 x 15: both sides"},
                                        {"2026-11-10", "cue", "\u201clevel pelvis\u201d <b>"},
                                        {"", "note", "new shoes"},
                                        {"", "note", "exercise without a colon"}};
  WriteWithNotes(folder / "a.trial.h5", notes);
  EXPECT_EQ(TrialReader(folder / "a.trial.h5").ReadNotes(), notes);
}

TEST(TrialNotes, ATrialWithoutAnyHasNone) {
  const ScratchFolder folder;
  WriteTrial(folder / "a.trial.h5", MakeTrial(20, 2, 3));
  EXPECT_THAT(TrialReader(folder / "a.trial.h5").ReadNotes(), IsEmpty());
}

TEST(TrialNotes, AreCarriedByAStageThatKnowsNothingOfThem) {
  const ScratchFolder folder;
  const std::vector<TrialNote> notes = {{"2026-11-03", "exercise", "bridge"}};
  WriteWithNotes(folder / "a.trial.h5", notes);
  const TrialReader source(folder / "a.trial.h5");
  TrialWriter writer(folder / "b.trial.h5");
  writer.CopyFrom(source, {TrialPart::kTrajectories});
  writer.Commit();
  EXPECT_EQ(TrialReader(folder / "b.trial.h5").ReadNotes(), notes);
}

TEST(TrialNotes, CanBeReplacedAndTakenAway) {
  const ScratchFolder folder;
  WriteWithNotes(folder / "a.trial.h5", {{"2026-11-03", "exercise", "bridge"}, {"", "cue", "run"}});
  for (const std::vector<TrialNote>& notes :
       {std::vector<TrialNote>{{"2026-11-04", "note", "sore"}}, std::vector<TrialNote>{}}) {
    const TrialReader source(folder / "a.trial.h5");
    TrialWriter writer(folder / "b.trial.h5");
    writer.WriteNotes(notes);
    writer.CopyFrom(source, {});
    writer.Commit();
    EXPECT_EQ(TrialReader(folder / "b.trial.h5").ReadNotes(), notes);
  }
}

TEST(TrialNotes, ThatAreTooLongAreRefused) {
  const ScratchFolder folder;
  const std::vector<TrialNote> notes(60, {"2026-11-03", "note", std::string(500, 'x')});
  EXPECT_THAT(MessageOf([&] { WriteWithNotes(folder / "a.trial.h5", notes); }),
              HasSubstr("60 notes of up to"));
}

}  // namespace
}  // namespace medius::storage::test
