// Bad input, each tried as a user would: one line on standard error that names what is wrong, the
// documented exit code, and nothing overwritten.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kBadInput = 3;
constexpr int kUsage = 2;
const std::string kPrecious = "what stood here before";

// A small lab, simulated and reconstructed once for all tests.
class BadInput : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    lab_ = new TemporaryFolder();
    WriteSmallScenario(*lab_ / "scenario.toml", 4.0);
    Require({"simulate", "scenario.toml", "-o", "."});
    for (const std::string trial : {"static.trial.h5", "run.trial.h5"}) {
      Require({"reconstruct", trial, "--rig", "rig.toml", "-o", trial});
    }
  }
  static void TearDownTestSuite() {
    delete lab_;
    lab_ = nullptr;
  }
  void SetUp() override { WriteFile(*lab_ / "out", kPrecious); }

  static void Require(const std::vector<std::string>& words) {
    const CommandResult result = Medius(words, {lab_->path(), {}});
    ASSERT_EQ(result.exit_code, 0) << words[0] << ": " << result.error;
  }

  // The command fails as documented, says so in one line that holds every word, and leaves `out`.
  static void ExpectRefused(const std::vector<std::string>& command,
                            const std::vector<std::string>& words, int exit_code = kBadInput) {
    const CommandResult result = Medius(command, {lab_->path(), {}});
    EXPECT_EQ(result.exit_code, exit_code) << result.error;
    EXPECT_TRUE(result.output.empty()) << result.output;
    EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
    for (const std::string& word : words) EXPECT_THAT(result.error, HasSubstr(word));
    EXPECT_EQ(ReadFile(*lab_ / "out"), kPrecious);
  }

  static TemporaryFolder* lab_;
};

TemporaryFolder* BadInput::lab_ = nullptr;

TEST_F(BadInput, ATrialThatIsNotThere) {
  ExpectRefused({"info", "absent.trial.h5"}, {"absent.trial.h5", "no such file"});
  ExpectRefused({"reconstruct", "absent.trial.h5", "--rig", "rig.toml", "-o", "out"},
                {"absent.trial.h5", "no such file"});
  ExpectRefused({"reconstruct", "run.trial.h5", "--rig", "absent.toml", "-o", "out"},
                {"absent.toml", "no such file"});
  ExpectRefused({"analyze", "run.trial.h5", "--markers", "absent.toml", "-o", "out"},
                {"absent.toml"});
  ExpectRefused({"simulate", "absent.toml", "-o", "new"}, {"absent.toml", "no such file"});
  ExpectRefused({"import", "absent.c3d", "--forward", "+x", "--up", "+y", "-o", "out"},
                {"absent.c3d", "no such file"});
}

TEST_F(BadInput, ADirectoryInPlaceOfAFile) {
  std::filesystem::create_directories(*lab_ / "folder");
  ExpectRefused({"info", "folder"}, {"folder", "directory"});
  ExpectRefused({"reconstruct", "run.trial.h5", "--rig", "folder", "-o", "out"},
                {"folder", "directory"});
  ExpectRefused({"import", "folder", "--forward", "+x", "--up", "+y", "-o", "out"},
                {"folder", "directory"});
  ExpectRefused({"reconstruct", "run.trial.h5", "--rig", "rig.toml", "-o", "folder"},
                {"folder", "directory"});
}

TEST_F(BadInput, AnEmptyFile) {
  WriteFile(*lab_ / "empty", "");
  ExpectRefused({"info", "empty"}, {"empty"});
  ExpectRefused({"reconstruct", "empty", "--rig", "rig.toml", "-o", "out"}, {"empty"});
  ExpectRefused({"reconstruct", "run.trial.h5", "--rig", "empty", "-o", "out"}, {"empty"});
  ExpectRefused({"import", "empty", "--forward", "+x", "--up", "+y", "-o", "out"}, {"empty"});
}

TEST_F(BadInput, ATruncatedTrial) {
  const std::string whole = ReadFile(*lab_ / "run.trial.h5");
  for (const double share : {0.1, 0.5, 0.99}) {
    WriteFile(*lab_ / "cut.trial.h5",
              whole.substr(0, static_cast<std::size_t>(share * static_cast<double>(whole.size()))));
    ExpectRefused({"info", "cut.trial.h5"}, {"cut.trial.h5"});
    ExpectRefused({"analyze", "cut.trial.h5", "--markers", "virtual_lab", "-o", "out"},
                  {"cut.trial.h5"});
  }
}

TEST_F(BadInput, AMarkerSetThatNamesAMarkerTheTrialLacks) {
  std::string set = ReadFile(MEDIUS_SOURCE_DIR "/datasets/marker_sets/virtual_lab.toml");
  const std::size_t line = set.find("right_asis");
  ASSERT_NE(line, std::string::npos);
  const std::size_t begin = set.find('"', line) + 1;
  const std::string label = set.substr(begin, set.find('"', begin) - begin);
  for (std::size_t at = set.find('"' + label + '"'); at != std::string::npos;
       at = set.find('"' + label + '"')) {
    set.replace(at, label.size() + 2, "\"NOSUCH\"");
  }
  WriteFile(*lab_ / "set.toml", set);
  // Which one is missing, and which are there.
  ExpectRefused({"analyze", "run.trial.h5", "--static", "static.trial.h5", "--markers", "set.toml",
                 "-o", "out"},
                {"NOSUCH", label});
}

TEST_F(BadInput, AMarkerSetWithLeftAndRightSwapped) {
  std::string set = ReadFile(MEDIUS_SOURCE_DIR "/datasets/marker_sets/virtual_lab.toml");
  for (const std::string side : {"right", "left"}) {
    const std::string other = side == "right" ? "LHEE" : "RHEE";
    const std::size_t label = set.find('"', set.find(side + "_heel"));
    set.replace(label + 1, other.size(), other);
  }
  WriteFile(*lab_ / "set.toml", set);
  ExpectRefused({"analyze", "run.trial.h5", "--static", "static.trial.h5", "--markers", "set.toml",
                 "-o", "out"},
                {"\"LHEE\" (right_heel)", "left and right are swapped in the marker set"});
}

TEST_F(BadInput, ARigWithACameraTheTrialLacks) {
  std::string rig = ReadFile(*lab_ / "rig.toml");
  const std::size_t name = rig.find("name = \"") + 8;
  const std::string camera = rig.substr(name, rig.find('"', name) - name);
  rig.replace(name, camera.size(), "stranger");
  WriteFile(*lab_ / "strange.toml", rig);
  ExpectRefused({"reconstruct", "run.trial.h5", "--rig", "strange.toml", "-o", "out"},
                {"stranger"});
}

TEST_F(BadInput, NaNInARig) {
  std::string rig = ReadFile(*lab_ / "rig.toml");
  const std::size_t value = rig.find('[', rig.find("intrinsics")) + 1;
  rig.replace(value, rig.find(',', value) - value, "nan");
  WriteFile(*lab_ / "nan.toml", rig);
  for (const std::string command : {"reconstruct", "project"}) {
    ExpectRefused({command, "run.trial.h5", "--rig", "nan.toml", "-o", "out"}, {"nan.toml"});
  }
}

TEST_F(BadInput, ATrcWithARaggedRow) {
  const std::string head =
      "PathFileType\t4\t(X/Y/Z)\tx.trc\n"
      "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t"
      "OrigNumFrames\n100\t100\t3\t2\tmm\t100\t1\t3\n"
      "Frame#\tTime\tA\t\t\tB\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n\n"
      "1\t0.00\t1\t2\t3\t4\t5\t6\n";
  WriteFile(*lab_ / "ragged.trc",
            head + "2\t0.01\t1\t2\t3\t4\t5\t6\t7\t8\n3\t0.02\t1\t2\t3\t4\t5\t6\n");
  ExpectRefused({"import", "ragged.trc", "--forward", "+x", "--up", "+y", "-o", "out"},
                {"ragged.trc", "line 8"});
}

TEST_F(BadInput, AC3dCutInTheMiddle) {
  const std::string source = MEDIUS_REAL_DATA_DIR "/c3d-samples/pc_int.c3d";
  if (!std::filesystem::exists(source)) GTEST_SKIP() << "not on this machine: " << source;
  const std::string whole = ReadFile(source);
  for (const std::size_t bytes : {std::size_t{100}, std::size_t{700}, whole.size() / 2}) {
    WriteFile(*lab_ / "cut.c3d", whole.substr(0, bytes));
    ExpectRefused({"import", "cut.c3d", "--forward", "+x", "--up", "+y", "-o", "out"}, {"cut.c3d"});
  }
}

TEST_F(BadInput, WrongUsage) {
  ExpectRefused({}, {"--help"}, kUsage);
  ExpectRefused({"recontruct", "run.trial.h5"}, {"recontruct"}, kUsage);
  ExpectRefused({"reconstruct", "run.trial.h5", "--rig"}, {"--rig"}, kUsage);
  ExpectRefused({"info", "run.trial.h5", "--threads", "-3"}, {"--threads"}, kUsage);
  const std::vector<std::vector<std::string>> commands = {
      {"calibrate", "check", "rig.toml", "run.trial.h5", "--default-sigma-px"},
      {"calibrate", "floor", "--rig", "rig.toml", "--belt", "run.trial.h5", "-o", "out", "--speed"},
      {"calibrate", "floor", "--rig", "rig.toml", "--belt", "run.trial.h5", "-o", "out",
       "--turn-deg"},
      {"calibrate", "board", "--board", "b.toml", "--video", "a=a", "-o", "out", "--rate-hz"}};
  for (std::vector<std::string> command : commands) {
    for (const char* number : {"nan", "inf"}) {
      const std::string option = command.back();
      command.emplace_back(number);
      ExpectRefused(command, {option}, kUsage);
      command.pop_back();
    }
  }
  ExpectRefused({"calibrate", "check", "rig.toml", "run.trial.h5", "--default-sigma-px", "nan"},
                {"--default-sigma-px: \"nan\" is not a finite number"}, kUsage);
  ExpectRefused({"calibrate", "wand", "--wand", "virtual_lab_500", "wand.trial.h5", "--cameras",
                 "cam1", "cam99", "-o", "out"},
                {"--cameras", "no camera \"cam99\""}, kUsage);
}

TEST_F(BadInput, ATargetThatIsAnInputOfAnotherKind) {
  const std::string run = ReadFile(*lab_ / "truth/run.trial.h5");
  ExpectRefused({"export", "truth/run.trial.h5", "-o", "truth/run.trial.h5"}, {"the trial itself"});
  ExpectRefused({"analyze", "run.trial.h5", "--static", "static.trial.h5", "--markers",
                 "virtual_lab", "-o", "static.trial.h5"},
                {"static.trial.h5", "would be replaced"});
  EXPECT_TRUE(ReadFile(*lab_ / "truth/run.trial.h5") == run);
}

TEST_F(BadInput, ATargetThatCannotBeWritten) {
  ExpectRefused({"reconstruct", "run.trial.h5", "--rig", "rig.toml", "-o", "no/such/folder/t.h5"},
                {"no/such/folder"});
}

}  // namespace
}  // namespace medius::testing
