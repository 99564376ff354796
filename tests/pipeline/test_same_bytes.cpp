// The same bytes at any thread count, file by file. SOURCE_DATE_EPOCH stands in for the clock: it
// is the only thing in a trial file that may differ between two runs.

#include <string>

#include <gtest/gtest.h>

#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

class SameBytes : public ::testing::Test {
 protected:
  void Type(std::vector<std::string> words, const std::string& threads) {
    words.insert(words.end(), {"--threads", threads});
    const CommandResult result = Medius(words, {folder_.path(), {"SOURCE_DATE_EPOCH=1767225600"}});
    ASSERT_EQ(result.exit_code, 0) << words[0] << ": " << result.error;
  }

  // The whole path with a number of threads, into a folder named for it.
  void Walk(const std::string& threads) {
    const std::string out = "lab" + threads;
    Type({"simulate", "scenario.toml", "-o", out}, threads);
    for (const std::string trial : {"/static.trial.h5", "/run.trial.h5"}) {
      Type({"reconstruct", out + trial, "--rig", out + "/rig.toml", "-o", out + trial}, threads);
    }
    Type({"analyze", out + "/run.trial.h5", "--static", out + "/static.trial.h5", "--markers",
          MEDIUS_SOURCE_DIR "/datasets/marker_sets/virtual_lab.toml", "-o", out + "/run.trial.h5"},
         threads);
    Type({"project", out + "/truth/run.trial.h5", "--rig", out + "/rig.toml", "-o",
          out + "/projected.trial.h5", "--noise-px", "0.3", "--seed", "4"},
         threads);
    Type({"project", out + "/truth/run.trial.h5", "--rig", out + "/rig.toml", "-o",
          out + "/hard.trial.h5", "--limbs", "--markers", "virtual_lab", "--static",
          out + "/truth/static.trial.h5", "--reflections", "2", "--drop-rate", "0.01",
          "--lost-share", "0.2", "--no-labels"},
         threads);
  }

  TemporaryFolder folder_;
};

TEST_F(SameBytes, EveryFileIsIdenticalWithOneTwoAndSevenThreads) {
  WriteSmallScenario(folder_ / "scenario.toml", 12.0);
  for (const std::string threads : {"1", "2", "7"}) Walk(threads);
  for (const std::string file :
       {"rig.toml", "wand.trial.h5", "floor.trial.h5", "static.trial.h5", "run.trial.h5",
        "projected.trial.h5", "hard.trial.h5", "truth/run.trial.h5", "truth/static.trial.h5"}) {
    const std::string one = ReadFile(folder_.path() / "lab1" / file);
    ASSERT_FALSE(one.empty()) << file;
    EXPECT_TRUE(one == ReadFile(folder_.path() / "lab2" / file)) << file << " with 2 threads";
    EXPECT_TRUE(one == ReadFile(folder_.path() / "lab7" / file)) << file << " with 7 threads";
  }
}

TEST_F(SameBytes, TheSameSeedSimulatesTheSameBytesAndAnotherSeedDoesNot) {
  WriteSmallScenario(folder_ / "scenario.toml", 3.0);
  // Without SOURCE_DATE_EPOCH: a virtual lab has no clock.
  for (const std::string out : {"a", "b"}) {
    ASSERT_EQ(Medius({"simulate", "scenario.toml", "-o", out}, {folder_.path(), {}}).exit_code, 0);
  }
  ASSERT_EQ(Medius({"simulate", "scenario.toml", "-o", "c", "--seed", "99"}, {folder_.path(), {}})
                .exit_code,
            0);
  const std::string a = ReadFile(folder_ / "a/run.trial.h5");
  EXPECT_TRUE(a == ReadFile(folder_ / "b/run.trial.h5"));
  EXPECT_FALSE(a == ReadFile(folder_ / "c/run.trial.h5"));
}

}  // namespace
}  // namespace medius::testing
