// Passive markers: sightings without a name -> named trajectories, reviewed and corrected, as typed
// commands in the virtual lab.

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "storage/trial_file.hpp"
#include "tests/pipeline/trial_comparison.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

const std::string kSet = MEDIUS_SOURCE_DIR "/datasets/marker_sets/virtual_lab.toml";

class Anonymous : public ::testing::Test {
 protected:
  void SetUp() override { MakeLab(12.0); }

  CommandResult Run(const std::vector<std::string>& words) {
    return Medius(words, {folder_.path(), {"SOURCE_DATE_EPOCH=1767225600"}});
  }

  CommandResult Type(const std::vector<std::string>& words) {
    CommandResult result = Run(words);
    EXPECT_EQ(result.exit_code, 0) << words[0] << ": " << result.error;
    return result;
  }

  // A lab whose run is projected anew without labels, a twentieth of it hidden.
  void MakeLab(double seconds) {
    WriteSmallScenario(folder_ / "scenario.toml", seconds);
    Type({"simulate", "scenario.toml", "-o", "lab"});
    Type({"project", "lab/truth/run.trial.h5", "--rig", "lab/rig.toml", "-o", "seen.trial.h5",
          "--noise-px", "0.2", "--reflections", "2", "--drop-rate", "0.01", "--lost-share", "0.05",
          "--no-labels"});
  }

  std::vector<std::string> Reconstruct(const std::string& output,
                                       const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"reconstruct", "seen.trial.h5",
                                      "--rig",       "lab/rig.toml",
                                      "--static",    "lab/truth/static.trial.h5",
                                      "--markers",   kSet,
                                      "-o",          output,
                                      "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  TemporaryFolder folder_;
};

TEST_F(Anonymous, ARunIsNamedByItsStandingTrialAndItsGapsAreFilled) {
  const nlohmann::json summary =
      nlohmann::json::parse(Type(Reconstruct("run.trial.h5", {"--smooth"})).output);
  EXPECT_GT(summary.at("tracks").at("fragments"), 41);
  const nlohmann::json& gaps = summary.at("gaps");
  EXPECT_GT(gaps.at("filled"), 10);

  const MarkerDifference difference =
      CompareMarkers(folder_ / "run.trial.h5", folder_ / "lab/truth/run.trial.h5");
  // Gaps too: some are filled to 5 mm only, but they are a twentieth.
  EXPECT_LT(difference.rms, 3e-3);
  EXPECT_GT(static_cast<double>(difference.compared),
            0.97 * static_cast<double>(difference.expected));

  const storage::TrialReader trial(folder_ / "run.trial.h5");
  EXPECT_TRUE(trial.HasSmoothed());
  const StageProvenance stage = trial.ReadProvenance().back();
  EXPECT_EQ(stage.stage, "reconstruct");
  EXPECT_FALSE(stage.marker_set_toml.empty());
  EXPECT_FALSE(stage.subject_toml.empty());
  EXPECT_EQ(nlohmann::json::parse(stage.summary_json).at("cameras").size(),
            summary.at("cameras").size());
}

TEST_F(Anonymous, TheSameBytesWithOneTwoAndSevenThreads) {
  for (const std::string threads : {"1", "2", "7"}) {
    Type(Reconstruct("run" + threads + ".trial.h5", {"--threads", threads, "--smooth"}));
  }
  const std::string one = ReadFile(folder_.path() / "run1.trial.h5");
  ASSERT_FALSE(one.empty());
  EXPECT_TRUE(one == ReadFile(folder_.path() / "run2.trial.h5"));
  EXPECT_TRUE(one == ReadFile(folder_.path() / "run7.trial.h5"));
}

TEST_F(Anonymous, TheSameBytesHoweverManyFramesAreReadAtATime) {
  Type(Reconstruct("run0.trial.h5", {"--smooth"}));
  const std::string whole = ReadFile(folder_.path() / "run0.trial.h5");
  for (const std::string frames : {"77", "100000"}) {
    const std::string name = "run" + frames + ".trial.h5";
    Type(Reconstruct(name, {"--block-frames", frames, "--smooth"}));
    EXPECT_TRUE(whole == ReadFile(folder_.path() / name)) << frames;
  }
}

TEST_F(Anonymous, WithoutAModelEveryTrackHasANumber) {
  Type({"reconstruct", "seen.trial.h5", "--rig", "lab/rig.toml", "-o", "numbered.trial.h5"});
  const storage::TrialReader trial(folder_ / "numbered.trial.h5");
  EXPECT_EQ(trial.labels().front(), "unnamed_001");
}

TEST_F(Anonymous, ACorrectionOverrulesAName) {
  Type(Reconstruct("run.trial.h5"));
  const storage::TrialReader before(folder_ / "run.trial.h5");
  // Track 0 loses its name for its first tenth of a second, by hand.
  WriteFile(folder_.path() / "fix.csv",
            "track,from_s,to_s,frames,label,confidence,alternatives,x_m,y_m,z_m,correct_label\n"
            "0,0,0.1,21,,1,,0,0,0,-\n");
  const CommandResult result = Type(
      {"relabel", "run.trial.h5", "--corrections", "fix.csv", "-o", "fixed.trial.h5", "--json"});
  EXPECT_EQ(nlohmann::json::parse(result.output).at("tracks").at("corrections"), 1);
  const storage::TrialReader after(folder_ / "fixed.trial.h5");
  EXPECT_EQ(after.labels(), before.labels());
  const TrajectoryBlock was = before.ReadTrajectories({0, 50});
  const TrajectoryBlock is = after.ReadTrajectories({0, 50});
  std::size_t lost = 0;
  for (std::size_t k = 0; k < 50; ++k) {
    for (std::size_t m = 0; m < was.marker_count(); ++m) {
      const bool measured = was.Source(k, MarkerId(m)) == SampleSource::kMeasured;
      if (measured && is.Source(k, MarkerId(m)) != SampleSource::kMeasured) ++lost;
    }
  }
  EXPECT_EQ(lost, 21U);
}

TEST_F(Anonymous, CorrectionsThatCannotBeAreRefused) {
  Type(Reconstruct("run.trial.h5"));
  const std::string header =
      "track,from_s,to_s,frames,label,confidence,alternatives,x_m,y_m,z_m,correct_label\n";
  const auto refused = [&](const std::string& rows, const std::string& words) {
    WriteFile(folder_.path() / "fix.csv", rows);
    const CommandResult result =
        Run({"relabel", "run.trial.h5", "--corrections", "fix.csv", "-o", "fixed.trial.h5"});
    EXPECT_EQ(result.exit_code, 3) << rows;
    EXPECT_NE(result.error.find(words), std::string::npos) << result.error;
  };
  refused("a,b\n", "its columns are not those of a review");
  refused(header + "0,0,0.1,21,,1,,0,0,0,NOBODY\n", "none of the labels");
  refused(header + "99999,0,0.1,21,,1,,0,0,0,-\n", "is not among");
  refused(header + "0,0,0.1,21,,1,,0,0,0,-\n0,0,0.1,21,,1,,0,0,0,-\n", "contradicts line 2");
  const CommandResult other = Run(
      {"relabel", "lab/truth/run.trial.h5", "--corrections", "fix.csv", "-o", "fixed.trial.h5"});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_NE(other.error.find("was not made by medius reconstruct"), std::string::npos);
}

TEST_F(Anonymous, ACameraThatIsLateIsNamedWithItsDelay) {
  // cam3 exposes three frames later than the rig that reconstructs says.
  std::string rig = ReadFile(folder_.path() / "lab/rig.toml");
  std::size_t at = 0;
  for (int camera = 0; camera < 3; ++camera) at = rig.find("time_offset = ", at) + 1;
  const std::size_t end = rig.find('\n', at);
  rig.replace(at - 1, end - at + 1, "time_offset = 0.015");
  WriteFile(folder_.path() / "late.toml", rig);
  Type({"project", "lab/truth/run.trial.h5", "--rig", "late.toml", "-o", "seen.trial.h5",
        "--noise-px", "0.2", "--no-labels"});
  const CommandResult result = Type(Reconstruct("run.trial.h5"));
  EXPECT_NE(result.error.find("shows the runner 3.0 frames (15.0 ms) later"), std::string::npos)
      << result.error;
}

TEST_F(Anonymous, TheStandingTrialOfAnotherPersonIsRefused) {
  WriteSmallScenario(folder_ / "other.toml", 2.0);
  std::string other = ReadFile(folder_.path() / "other.toml");
  const std::size_t body = other.find("[body]");
  const std::string tall = "stature = 2.1\npelvis_width = 0.32\npelvis_depth = 0.2\n";
  if (body == std::string::npos) {
    other += "\n[body]\n" + tall;
  } else {
    other.insert(body + 7, tall);
  }
  WriteFile(folder_.path() / "other.toml", other);
  Type({"simulate", "other.toml", "-o", "other"});
  const CommandResult result =
      Run({"reconstruct", "seen.trial.h5", "--rig", "lab/rig.toml", "--static",
           "other/truth/static.trial.h5", "--markers", kSet, "-o", "run.trial.h5"});
  EXPECT_EQ(result.exit_code, 4) << result.error;
}

TEST_F(Anonymous, NothingSeenIsSaid) {
  Type({"project", "lab/truth/run.trial.h5", "--rig", "lab/rig.toml", "-o", "seen.trial.h5",
        "--drop-rate", "1", "--no-labels"});
  const CommandResult result = Run(Reconstruct("run.trial.h5"));
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
}

}  // namespace
}  // namespace medius::testing
