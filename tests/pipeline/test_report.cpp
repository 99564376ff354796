// `medius report` as typed: a page about a run of the virtual lab, and what it refuses.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "storage/trial_file.hpp"
#include "tests/apps/html_checks.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kSet = MEDIUS_SOURCE_DIR "/datasets/marker_sets/virtual_lab.toml";

// One analyzed run, with names that would be HTML, for all tests of this file.
class Report : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    WriteSmallScenario(*folder_ / "scenario.toml", 20.0);
    Run({"simulate", "scenario.toml", "-o", "."});
    Run({"reconstruct", "run.trial.h5", "--rig", "rig.toml", "-o", "seen.trial.h5"});
    Run({"analyze", "truth/run.trial.h5", "--static", "truth/static.trial.h5", "--markers", kSet,
         "-o", "truth.trial.h5"});
    Run({"reconstruct", "static.trial.h5", "--rig", "rig.toml", "-o", "static.trial.h5"});
    Run({"analyze", "seen.trial.h5", "--static", "static.trial.h5", "--markers", kSet, "-o",
         "run.trial.h5"});
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static CommandResult Type(const std::vector<std::string>& words,
                            const std::vector<std::string>& environment = {}) {
    return Medius(words, {folder_->path(), environment});
  }
  static void Run(const std::vector<std::string>& words) {
    const CommandResult result = Type(words, {"SOURCE_DATE_EPOCH=1767225600"});
    ASSERT_EQ(result.exit_code, 0) << words[0] << ": " << result.error;
  }
  static std::string In(const std::string& name) { return *folder_ / name; }

  static std::unique_ptr<TemporaryFolder> folder_;
};
std::unique_ptr<TemporaryFolder> Report::folder_;

std::size_t PagesOf(const std::string& pdf) {
  static const std::regex kPage(R"(/Type\s*/Page[^s])");
  return static_cast<std::size_t>(
      std::distance(std::sregex_iterator(pdf.begin(), pdf.end(), kPage), {}));
}

bool HasBrowser() {
  for (const char* name :
       {"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}) {
    if (std::system(("command -v " + std::string(name) + " > /dev/null 2>&1").c_str()) == 0) {
      return true;
    }
  }
  return false;
}

TEST_F(Report, IsOnePageThatNeedsNothingElse) {
  const CommandResult result = Type({"report", "run.trial.h5", "-o", "run.html", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_EQ(nlohmann::json::parse(result.output)["output"], "run.html");
  const std::string html = ReadFile(In("run.html"));
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_EQ(OutsideOf(html), "");
  const std::string text = TextOf(html);
  for (const char* said : {"8 cameras", "Pelvic drop below standing", "Hip adduction, largest",
                           "Over the stride", "Through the run", "right thigh", "m/s"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
  EXPECT_THAT(text, Not(HasSubstr("not known")));
}

TEST_F(Report, ShowsTheNumbersOfTheFile) {
  Run({"report", "run.trial.h5", "-o", "numbers.html"});
  const std::string text = TextOf(ReadFile(In("numbers.html")));
  const Summary summary = storage::TrialReader(In("run.trial.h5")).ReadSummary();
  std::size_t shown = 0;
  for (const SummaryRow& row : summary) {
    if (row.metric.name != "contralateral_pelvic_drop_relative") continue;
    char cell[32];
    std::snprintf(cell, sizeof cell, "%.1f (%.1f to %.1f)", row.mean * 57.29577951308232,
                  row.ci_low * 57.29577951308232, row.ci_high * 57.29577951308232);
    EXPECT_THAT(text, HasSubstr(cell));
    ++shown;
  }
  EXPECT_EQ(shown, 2U);
}

TEST_F(Report, IsTheSameBytesAtAnyThreadCount) {
  Run({"report", "run.trial.h5", "-o", "one.html", "--threads", "1"});
  Run({"report", "run.trial.h5", "-o", "seven.html", "--threads", "7"});
  EXPECT_TRUE(ReadFile(In("one.html")) == ReadFile(In("seven.html")));
}

TEST_F(Report, PrintsOnTwoPages) {
  if (!HasBrowser()) GTEST_SKIP() << "no Chromium here to print with";
  const CommandResult result =
      Type({"report", "run.trial.h5", "-o", "run.html", "--pdf", "run.pdf"});
  ASSERT_EQ(result.exit_code, 0) << result.error;
  EXPECT_EQ(PagesOf(ReadFile(In("run.pdf"))), 2U);
}

TEST_F(Report, WithoutABrowserThePageIsThereAndThePdfIsNot) {
  const CommandResult result =
      Type({"report", "run.trial.h5", "-o", "bare.html", "--pdf", "bare.pdf"}, {"PATH=/nowhere"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.error, HasSubstr("no Chromium or Chrome was found in the PATH"));
  EXPECT_TRUE(std::filesystem::exists(In("bare.html")));
  EXPECT_FALSE(std::filesystem::exists(In("bare.pdf")));
}

TEST_F(Report, AnImportedTrialSaysThatItsCamerasAreNotKnown) {
  Run({"report", "truth.trial.h5", "-o", "truth.html"});
  EXPECT_THAT(TextOf(ReadFile(In("truth.html"))),
              HasSubstr("what the cameras saw is not in the file"));
}

TEST_F(Report, RefusesWhatIsNoAnalyzedTrialInOneLine) {
  WriteFile(In("text.h5"), "no HDF5 at all");
  const std::string whole = ReadFile(In("run.trial.h5"));
  WriteFile(In("half.trial.h5"), whole.substr(0, whole.size() / 2));
  const struct {
    const char* file;
    const char* message;
  } refused[] = {{"seen.trial.h5",
                  "was never analyzed, so that there is nothing to report; run "
                  "`medius analyze` on it first"},
                 {"static.trial.h5", "was never analyzed"},
                 {"wand.trial.h5", "run `medius reconstruct` (or `medius import`) and then"},
                 {"text.h5", "text.h5"},
                 {"half.trial.h5", "half.trial.h5"},
                 {"missing.trial.h5", "missing.trial.h5"}};
  for (const auto& [file, message] : refused) {
    const CommandResult result = Type({"report", file, "-o", "refused.html"});
    EXPECT_EQ(result.exit_code, 3) << file;
    EXPECT_THAT(result.error, HasSubstr(message));
    EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
    EXPECT_FALSE(std::filesystem::exists(In("refused.html"))) << file;
  }
}

TEST_F(Report, NeverWritesOverItsTrial) {
  const std::string before = ReadFile(In("run.trial.h5"));
  for (const std::vector<std::string>& outputs :
       {std::vector<std::string>{"-o", "run.trial.h5"},
        std::vector<std::string>{"-o", "x.html", "--pdf", "run.trial.h5"},
        std::vector<std::string>{"-o", "x.html", "--pdf", "x.html"}}) {
    std::vector<std::string> words = {"report", "run.trial.h5"};
    words.insert(words.end(), outputs.begin(), outputs.end());
    EXPECT_EQ(Type(words).exit_code, 3);
  }
  EXPECT_TRUE(before == ReadFile(In("run.trial.h5")));
}

TEST_F(Report, AReferenceOfAnotherMethodIsRefusedWhereItIsAskedFor) {
  const CommandResult result =
      Type({"report", "run.trial.h5", "-o", "norms.html", "--reference", "published"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.error, HasSubstr("two methods differ by degrees and are not compared"));
  EXPECT_FALSE(std::filesystem::exists(In("norms.html")));
  WriteFile(In("ours.toml"),
            "name = \"ours\"\nmethod = \"medius\"\n[[value]]\nmetric = "
            "\"contralateral_pelvic_drop_relative\"\nunit = \"deg\"\nmean = 4.0\nsd = 1.5\nn = 30\n"
            "who = \"30 club runners\"\ncitation = \"our laboratory, 2025\"\n");
  Run({"report", "run.trial.h5", "-o", "norms.html", "--reference", "ours.toml"});
  const std::string html = ReadFile(In("norms.html"));
  EXPECT_THAT(TextOf(html), HasSubstr("30 club runners (our laboratory, 2025)"));
  EXPECT_THAT(html, HasSubstr("class=\"reference\""));
}

TEST_F(Report, NotesAreKeptListedAndTakenAwayAndNothingElseChanges) {
  std::filesystem::copy_file(In("run.trial.h5"), In("noted.trial.h5"));
  Run({"note", "noted.trial.h5", "--exercise", "clamshell, 3 x 15", "--date", "2026-11-03"});
  Run({"note", "noted.trial.h5", "--cue", "level pelvis", "--note", "new shoes"});
  const auto listed = [] {
    return nlohmann::json::parse(Type({"note", "noted.trial.h5", "--json"}).output)["notes"];
  };
  ASSERT_EQ(listed().size(), 3U);
  EXPECT_EQ(listed()[0]["date"], "2026-11-03");
  EXPECT_EQ(listed()[1]["kind"], "cue");
  EXPECT_EQ(listed()[1]["date"], "2026-01-01");  // of the virtual recording
  Run({"analyze", "noted.trial.h5", "--static", "static.trial.h5", "--markers", kSet, "-o",
       "noted.trial.h5"});
  EXPECT_EQ(listed().size(), 3U);
  for (int i = 0; i < 3; ++i) Run({"note", "noted.trial.h5", "--remove", "1"});
  EXPECT_EQ(listed().size(), 0U);
  Run({"report", "noted.trial.h5", "-o", "noted.html"});
  Run({"export", "noted.trial.h5", "--table", "strides", "-o", "noted.csv"});
  Run({"export", "run.trial.h5", "--table", "strides", "-o", "run.csv"});
  EXPECT_TRUE(ReadFile(In("noted.csv")) == ReadFile(In("run.csv")));
}

TEST_F(Report, ANoteThatIsNoneIsRefused) {
  const struct {
    std::vector<std::string> words;
    int code;
    const char* message;
  } refused[] = {{{"--date", "3rd of May", "--note", "x"}, 2, "is no day such as 2026-11-03"},
                 {{"--note", ""}, 2, "the text is empty"},
                 {{"--note", "two\nlines"}, 2, "one line"},
                 {{"--remove", "7"}, 3, "there is no number 7 to remove"}};
  for (const auto& [words, code, message] : refused) {
    std::vector<std::string> all = {"note", "run.trial.h5"};
    all.insert(all.end(), words.begin(), words.end());
    const CommandResult result = Type(all);
    EXPECT_EQ(result.exit_code, code) << message;
    EXPECT_THAT(result.error, HasSubstr(message));
  }
}

TEST_F(Report, ThePageOfTwoSessionsHasTheirCurvesAndNotesAndOnlyText) {
  std::filesystem::copy_file(In("run.trial.h5"), In("first.trial.h5"));
  Run({"note", "first.trial.h5", "--exercise", "<b>clamshell</b>"});
  Run({"progress", "first.trial.h5", "truth.trial.h5", "-o", "progress.html"});
  const std::string html = ReadFile(In("progress.html"));
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_EQ(OutsideOf(html), "");
  EXPECT_THAT(html, HasSubstr("exercise: &lt;b&gt;clamshell&lt;/b&gt;"));
  const std::string text = TextOf(html);
  for (const char* said : {"Has it changed?", "not beyond what re-placing the markers does",
                           "The strides of the sessions", "first.trial.h5", "truth.trial.h5"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
  const CommandResult refused =
      Type({"progress", "first.trial.h5", "seen.trial.h5", "-o", "refused.html"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(In("refused.html")));
}

// A subject, a reason, a command and a warning that are HTML.
TEST_F(Report, NamesInTheFileAreTextInThePage) {
  const std::string evil = "<img src=x onerror=alert(1)>";
  {
    const storage::TrialReader trial(In("run.trial.h5"));
    storage::TrialWriter writer(In("evil.trial.h5"));
    TrialHeader header = trial.header();
    header.subject = header.session = header.trial = evil;
    writer.WriteHeader(header);
    StrideTable strides = trial.ReadStrides();
    strides.accepted[0] = 0;
    strides.rejection_reason[0] = evil;
    writer.WriteStrides(strides);
    for (StageProvenance stage : trial.ReadProvenance()) {
      stage.command = evil;
      stage.warnings.push_back(evil);
      writer.WriteProvenance(stage);
    }
    writer.CopyFrom(trial, {storage::TrialPart::kTrajectories, storage::TrialPart::kSummary,
                            storage::TrialPart::kEvents});
    writer.Commit();
  }
  Run({"report", "evil.trial.h5", "-o", "evil.html"});
  const std::string html = ReadFile(In("evil.html"));
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, HasSubstr("&lt;img src=x onerror=alert(1)&gt;"));
}

}  // namespace
}  // namespace medius::testing
