// A trial file survives what machines do: flipped bits, a process killed at any moment, a disk that
// is full at any byte, two writers at once.

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core/error.hpp"
#include "tests/storage/trial_samples.hpp"

// Opening a damaged file leaks inside the HDF5 library; a leak of ours is still reported.
extern "C" const char* __lsan_default_suppressions();  // NOLINT: the name that LeakSanitizer calls
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libhdf5";
}  // NOLINT

namespace medius::storage::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// How often to try, from the environment for a long run.
int Repeats(const char* variable, int usual) {
  const char* text = std::getenv(variable);
  return text == nullptr ? usual : std::max(1, std::atoi(text));
}

TEST(TrialFile, NeverGivesAWrongNumberAfterABitFlipped) {
  const ScratchFolder folder;
  const auto path = folder / "a.trial.h5";
  const Trial trial = MakeTrial(30, 2, 3);
  WriteTrial(path, trial);
  const std::string bytes = FileBytes(path);
  std::mt19937_64 random(7);
  int refused = 0;
  int unused = 0;
  for (int i = 0; i < Repeats("MEDIUS_TEST_FLIPS", 1000); ++i) {
    const std::uint64_t bit = random() % (8 * bytes.size());
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    WriteFileBytes(path, flipped);
    try {
      TrialReader(path).VerifyAll();
      EXPECT_TRUE(AreSame(ReadTrial(path), trial)) << "bit " << bit;
      ++unused;
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 4 * unused);
  RecordProperty("refused", refused);
  RecordProperty("in_unused_bytes", unused);
}

// Rewrites the trial for ever, each time with its number as its name, and says each number once it
// is published.
[[noreturn]] void RewriteForEver(const std::filesystem::path& path, Trial trial, int told) {
  for (int number = 1;; ++number) {
    try {
      const TrialReader source(path);
      TrialWriter writer(path);
      trial.header.trial = std::to_string(number);
      writer.WriteHeader(trial.header);
      writer.CopyFrom(source, {TrialPart::kRig, TrialPart::kObservations, TrialPart::kEvents,
                               TrialPart::kStrides, TrialPart::kSummary});
      writer.BeginTrajectories(trial.labels);
      writer.AppendTrajectories(trial.trajectories);
      writer.WriteKinematics(trial.kinematics);
      writer.Commit();
    } catch (const std::exception&) {
      _exit(1);
    }
    if (write(told, &number, sizeof number) != sizeof number) _exit(1);
  }
}

int LastNumber(int told) {
  int last = 0;
  for (int number = 0; read(told, &number, sizeof number) == sizeof number;) last = number;
  return last;
}

TEST(TrialFile, IsWholeWhateverMomentItsWriterIsKilled) {
  const ScratchFolder folder;
  const auto path = folder / "a.trial.h5";
  Trial trial = MakeTrial(300, 2, 5);
  std::mt19937 random(11);
  int litter = 0;
  for (int i = 0; i < Repeats("MEDIUS_TEST_KILLS", 20); ++i) {
    trial.header.trial = "0";
    WriteTrial(path, trial);
    ASSERT_THAT(FilesIn(folder.path()), ElementsAre("a.trial.h5")) << "litter was not removed";
    int told[2] = {};
    ASSERT_EQ(pipe(told), 0);
    const pid_t child = fork();
    if (child == 0) RewriteForEver(path, trial, told[1]);
    close(told[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60000));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
    const int claimed = LastNumber(told[0]);
    close(told[0]);
    const Trial found = ReadTrial(path);
    trial.header = found.header;
    EXPECT_TRUE(AreSame(found, trial));
    // What was claimed is there; one more may have been published before the word got out.
    EXPECT_GE(std::stoi(found.header.trial), claimed);
    EXPECT_LE(std::stoi(found.header.trial), claimed + 1);
    litter += FilesIn(folder.path()).size() > 1 ? 1 : 0;
  }
  RecordProperty("killed_while_writing", litter);
  EXPECT_GT(litter, 0) << "no kill met a writer at work: the test shows nothing";
}

// Rewrites with more in it, on a disk that ends somewhere; true where success was claimed.
bool TryRewrite(const std::filesystem::path& path, const Trial& trial) {
  try {
    WriteTrial(path, trial);
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no space left")) << path;
    return false;
  }
  return true;
}

void ExpectWhole(const std::filesystem::path& path, const Trial& expected) {
  TrialReader(path).VerifyAll();
  EXPECT_TRUE(AreSame(ReadTrial(path), expected));
}

// Stops files from growing beyond a size while it lives: the write fails as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    old_action_ = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, old_action_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  FileSizeLimit(FileSizeLimit&&) = delete;
  FileSizeLimit& operator=(FileSizeLimit&&) = delete;

 private:
  rlimit old_ = {};
  sighandler_t old_action_ = nullptr;
};

TEST(TrialFile, KeepsTheOldOneWhereverTheDiskEnds) {
  const ScratchFolder folder;
  const auto path = folder / "a.trial.h5";
  const Trial old_trial = MakeTrial(20, 1, 2);
  const Trial new_trial = MakeTrial(300, 3, 5);
  WriteTrial(folder / "whole.trial.h5", new_trial);
  const std::size_t size = FileBytes(folder / "whole.trial.h5").size();
  WriteTrial(path, old_trial);
  const std::string old_bytes = FileBytes(path);
  const int steps = Repeats("MEDIUS_TEST_DISK_SIZES", 120);
  for (int i = 0; i <= steps; ++i) {
    const std::size_t limit = size * static_cast<std::size_t>(i) / static_cast<std::size_t>(steps);
    bool claimed = false;
    {
      const FileSizeLimit full(limit);
      claimed = TryRewrite(path, new_trial);
    }
    EXPECT_EQ(claimed, limit >= size) << limit;
    if (claimed) continue;
    EXPECT_TRUE(FileBytes(path) == old_bytes) << limit;
    ASSERT_THAT(FilesIn(folder.path()), ElementsAre("a.trial.h5", "whole.trial.h5")) << limit;
  }
  ExpectWhole(path, new_trial);
}

TEST(TrialFile, KeepsTheOldOneWhereverTheCopyOfItMeetsTheEndOfTheDisk) {
  const ScratchFolder folder;
  const auto path = folder / "a.trial.h5";
  const Trial trial = MakeTrial(300, 3, 5);
  WriteTrial(path, trial);
  const std::string bytes = FileBytes(path);
  const int steps = Repeats("MEDIUS_TEST_DISK_SIZES", 60);
  const TrialReader source(path);
  for (int i = 0; i < steps; ++i) {
    const FileSizeLimit full(bytes.size() * static_cast<std::size_t>(i) /
                             static_cast<std::size_t>(steps));
    const std::string message = MessageOf([&] {
      TrialWriter writer(path);
      writer.CopyFrom(source, {TrialPart::kRig, TrialPart::kObservations, TrialPart::kTrajectories,
                               TrialPart::kEvents, TrialPart::kKinematics, TrialPart::kStrides,
                               TrialPart::kSummary});
      writer.Commit();
    });
    EXPECT_THAT(message, HasSubstr("no space left"));
  }
  EXPECT_TRUE(FileBytes(path) == bytes);
  EXPECT_THAT(FilesIn(folder.path()), ElementsAre("a.trial.h5"));
}

TEST(TrialFile, KeepsTheOldOneOnAFullDiskOfAnySize) {
  const ScratchFolder folder;
  const auto disk = folder / "disk";
  std::filesystem::create_directory(disk);
  const Trial old_trial = MakeTrial(20, 1, 2);
  const Trial new_trial = MakeTrial(300, 3, 5);
  int failed = 0;
  int succeeded = 0;
  for (int pages = 10; succeeded < 3; ++pages) {
    const std::string size = fmt::format("size={}k", 4 * pages);
    if (mount("tmpfs", disk.c_str(), "tmpfs", 0, size.c_str()) != 0) {
      GTEST_SKIP() << "a small disk cannot be mounted here (that needs root)";
    }
    const auto path = disk / "a.trial.h5";
    const bool has_old = MessageOf([&] { WriteTrial(path, old_trial); }) == "(no error)";
    const bool claimed = TryRewrite(path, new_trial);
    if (claimed || has_old) ExpectWhole(path, claimed ? new_trial : old_trial);
    EXPECT_EQ(FilesIn(disk).size(), claimed || has_old ? 1U : 0U);
    ++(claimed ? succeeded : failed);
    ASSERT_EQ(umount2(disk.c_str(), MNT_DETACH), 0);
  }
  EXPECT_GT(failed, 10);
}

TEST(TrialWriter, RemovesWhatAKilledWriterLeftButNotWhatAnotherIsAt) {
  const ScratchFolder folder;
  const auto path = folder / "a.trial.h5";
  WriteFileBytes(folder / ".a.trial.h5.999999-0.partial", "left behind");
  WriteFileBytes(folder / ".b.trial.h5.999999-0.partial", "of another target");
  WriteFileBytes(folder / ".a.trial.h5.notes.partial", "somebody's own");
  const Trial trial = MakeTrial(20, 1, 2);
  TrialWriter first(path);
  TrialWriter second(path);
  EXPECT_EQ(FilesIn(folder.path()).size(), 4U);  // two at work, two that are not ours
  Trial other = trial;
  other.header.trial = "second";
  WriteParts(first, trial);
  WriteParts(second, other);
  first.Commit();
  ExpectWhole(path, trial);
  second.Commit();
  ExpectWhole(path, other);
  EXPECT_THAT(FilesIn(folder.path()), ElementsAre(".a.trial.h5.notes.partial",
                                                  ".b.trial.h5.999999-0.partial", "a.trial.h5"));
}

TEST(TrialFile, IsWholeAfterManyProcessesWroteItAtOnce) {
  const ScratchFolder folder;
  const auto path = folder / "a.trial.h5";
  const Trial trial = MakeTrial(100, 2, 3);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      try {
        for (int round = 0; round < 5; ++round) WriteTrial(path, trial);
      } catch (const std::exception&) {
        _exit(1);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  ExpectWhole(path, trial);
  EXPECT_THAT(FilesIn(folder.path()), ElementsAre("a.trial.h5"));
}

TEST(TrialWriter, RefusesToPublishADamagedCopy) {
  const ScratchFolder folder;
  const auto path = folder / "a.trial.h5";
  const Trial trial = MakeTrial(300, 2, 5);
  WriteTrial(path, trial);
  // A byte in the middle of the packed sightings, which lie before the tables.
  std::string bytes = FileBytes(path);
  bool found = false;
  for (std::size_t at = bytes.size() / 4; at < bytes.size() && !found; at += 997) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    WriteFileBytes(path, damaged);
    found = MessageOf([&] { TrialReader(path).VerifyAll(); }).find("fails its checksum") !=
                std::string::npos &&
            MessageOf([&] { const TrialReader reader(path); }) == "(no error)";
  }
  ASSERT_TRUE(found);
  const std::string message = MessageOf([&] {
    const TrialReader source(path);
    TrialWriter writer(folder / "b.trial.h5");
    writer.CopyFrom(source, {TrialPart::kRig, TrialPart::kObservations, TrialPart::kTrajectories,
                             TrialPart::kEvents, TrialPart::kKinematics, TrialPart::kStrides,
                             TrialPart::kSummary});
    writer.Commit();
  });
  EXPECT_THAT(message, HasSubstr("fails its checksum"));
  EXPECT_THAT(FilesIn(folder.path()), ElementsAre("a.trial.h5"));
}

}  // namespace
}  // namespace medius::storage::test
