// A command that rewrites a trial is killed, interrupted, or runs out of disk: the old file stays
// whole, and success is never claimed. MEDIUS_KILL_ROUNDS sets the number of kills (default 20 and
// 8).

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

enum class Sightings { kLabelled, kAnonymous };

// Anonymous sightings are tracked and named first: that is more work for fewer seconds of a run.
class Interruption : public ::testing::TestWithParam<Sightings> {
 protected:
  void SetUp() override {
    WriteSmallScenario(folder_ / "scenario.toml", IsAnonymous() ? 6.0 : 20.0);
    Type({"simulate", "scenario.toml", "-o", "."});
    Type({"reconstruct", "static.trial.h5", "--rig", "rig.toml", "-o", "static.trial.h5"});
    if (IsAnonymous()) {
      Type({"project", "truth/run.trial.h5", "--rig", "rig.toml", "--no-labels", "-o",
            "run.trial.h5"});
    }
    Type(RewritingCommand("run.trial.h5"));
    old_ = ReadFile(folder_ / "run.trial.h5");
  }

  void Type(const std::vector<std::string>& words) {
    const CommandResult result = Medius(words, {folder_.path(), {}});
    ASSERT_EQ(result.exit_code, 0) << words[0] << ": " << result.error;
  }

  static bool IsAnonymous() { return GetParam() == Sightings::kAnonymous; }

  [[nodiscard]] std::vector<std::string> RewritingCommand(const std::string& trial) const {
    std::vector<std::string> words = {"reconstruct",        trial, "--rig",
                                      folder_ / "rig.toml", "-o",  trial};
    if (IsAnonymous()) {
      const std::vector<std::string> naming = {
          "--ignore-labels", "--static", folder_ / "static.trial.h5", "--markers", "virtual_lab"};
      words.insert(words.end(), naming.begin(), naming.end());
    }
    return words;
  }

  // Milliseconds that the rewriting command takes when it is left alone.
  double Duration() {
    const auto begin = std::chrono::steady_clock::now();
    Type(RewritingCommand("run.trial.h5"));
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - begin;
    WriteFile(folder_ / "run.trial.h5", old_);
    return elapsed.count();
  }

  // Whole: the program itself reads every checksum.
  void ExpectWhole(const std::string& trial) {
    const CommandResult info = Medius({"info", trial}, {folder_.path(), {}});
    EXPECT_EQ(info.exit_code, 0) << info.error;
  }

  TemporaryFolder folder_;
  std::string old_;
};

std::size_t CountPartials(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    count += entry.path().extension() == ".partial" ? 1 : 0;
  }
  return count;
}

int KillRounds(Sightings sightings) {
  const char* rounds = std::getenv("MEDIUS_KILL_ROUNDS");
  if (rounds != nullptr) return std::atoi(rounds);
  return sightings == Sightings::kLabelled ? 20 : 8;
}

INSTANTIATE_TEST_SUITE_P(Reconstruct, Interruption,
                         ::testing::Values(Sightings::kLabelled, Sightings::kAnonymous),
                         [](const ::testing::TestParamInfo<Sightings>& tested) {
                           return tested.param == Sightings::kLabelled ? "Labelled" : "Anonymous";
                         });

TEST_P(Interruption, KilledAtAnyMomentTheOldFileIsWhole) {
  const double duration = Duration();
  std::mt19937 random(20261121);
  std::uniform_real_distribution<double> moment(0.0, 1.1 * duration);
  int killed = 0;
  for (int round = 0; round < KillRounds(GetParam()); ++round) {
    const pid_t process = StartMedius(RewritingCommand("run.trial.h5"), {folder_.path(), {}});
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(moment(random)));
    kill(process, SIGKILL);
    const int code = WaitFor(process);
    killed += code == 128 + SIGKILL ? 1 : 0;
    // Killed after the rename but before the exit the new file stands there, whole as well.
    if (ReadFile(folder_ / "run.trial.h5") != old_) ExpectWhole("run.trial.h5");
    WriteFile(folder_ / "run.trial.h5", old_);
  }
  // How many depends on what else the machine does meanwhile.
  EXPECT_GT(killed, KillRounds(GetParam()) / 5);
  // What the killed left behind goes with the next success.
  Type(RewritingCommand("run.trial.h5"));
  EXPECT_EQ(CountPartials(folder_.path()), 0U);
}

TEST_P(Interruption, ControlCLeavesTheOldFileAndNothingBeside) {
  const double duration = Duration();
  int interrupted = 0;
  for (const double share : {0.3, 0.5, 0.7}) {
    const pid_t process = StartMedius(RewritingCommand("run.trial.h5"), {folder_.path(), {}});
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(share * duration));
    kill(process, SIGINT);
    const int code = WaitFor(process);
    if (code == 0) continue;  // it was faster
    EXPECT_EQ(code, 130);
    ++interrupted;
    EXPECT_TRUE(ReadFile(folder_ / "run.trial.h5") == old_);
    EXPECT_EQ(CountPartials(folder_.path()), 0U);
  }
  EXPECT_GT(interrupted, 0);
}

// A file system in memory of a size that is too small.
class SmallDisk {
 public:
  SmallDisk(const std::filesystem::path& folder, std::size_t kilobytes) : folder_(folder) {
    std::filesystem::create_directories(folder_);
    mounted_ = mount("medius-test", folder_.c_str(), "tmpfs", 0,
                     fmt::format("size={}k", kilobytes).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount(folder_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  std::filesystem::path folder_;
  bool mounted_ = false;
};

TEST_P(Interruption, OnADiskOfAnySizeSuccessIsNeverClaimedFalsely) {
  const std::size_t old_kilobytes = old_.size() / 1024 + 8;
  int failures = 0;
  // From no room at all to enough for old and new together.
  for (int step = 0; step <= 12; step += IsAnonymous() ? 4 : 1) {
    const std::size_t room = old_kilobytes + old_kilobytes * step * 2 / 12;
    const SmallDisk disk(folder_.path() / "disk", room);
    if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs needs root";
    WriteFile(folder_ / "disk/run.trial.h5", old_);
    const CommandResult result =
        Medius(RewritingCommand("disk/run.trial.h5"), {folder_.path(), {}});
    if (result.exit_code == 0) {
      ExpectWhole("disk/run.trial.h5");
      continue;
    }
    ++failures;
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_NE(result.error.find("space"), std::string::npos) << result.error;
    EXPECT_TRUE(ReadFile(folder_ / "disk/run.trial.h5") == old_) << room << " kB";
    EXPECT_EQ(CountPartials(folder_.path() / "disk"), 0U);
  }
  EXPECT_GT(failures, 0);
}

}  // namespace
}  // namespace medius::testing
