// `medius rig convert` as typed: there and back through every format, and what is refused.

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/rig_toml.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Brown-Conrady without k3, so that Kalibr holds it too; rotations of 1, a quarter and half a turn.
constexpr const char* kRig = R"(format = "medius-rig"
version = 1

[[camera]]
name = "left"
model = "brown_conrady_5"
width = 1280
height = 720
intrinsics = [901.25, 899.5, 639.5, 361.75, -0.1, 0.02, 1e-4, -2e-4, 0.0]
camera_from_lab = [[0.0, -1.0, 0.0, 0.1], [0.0, 0.0, -1.0, 1.3], [1.0, 0.0, 0.0, 4.2], [0.0, 0.0, 0.0, 1.0]]

[[camera]]
name = "right side"
model = "brown_conrady_5"
width = 1920
height = 1080
intrinsics = [1401.25, 1399.5, 959.5, 541.75, -0.2, 0.1, -1e-4, 2e-4, 0.0]
camera_from_lab = [[0.0, 1.0, 0.0, -0.3], [0.0, 0.0, -1.0, 1.1], [-1.0, 0.0, 0.0, 3.9], [0.0, 0.0, 0.0, 1.0]]
)";

class RigConvert : public ::testing::Test {
 protected:
  RigConvert() { WriteFile(folder_ / "rig.toml", kRig); }

  const TemporaryFolder folder_;
  const CommandSettings here_{folder_.path()};
};

TEST_F(RigConvert, GoesThroughEveryFormatAndBack) {
  const CameraRig rig = storage::ReadRig(folder_ / "rig.toml");
  for (const std::string format : {"anipose", "qualisys", "opencv", "mrcal", "kalibr"}) {
    const CommandResult there =
        Medius({"rig", "convert", "rig.toml", "--to", format, "-o", "out_" + format}, here_);
    EXPECT_EQ(there.exit_code, 0) << there.error;
    EXPECT_EQ(there.error, "") << format;
    EXPECT_THAT(there.output, HasSubstr("2 cameras, medius to " + format));
    const CommandResult back =
        Medius({"rig", "convert", "out_" + format, "-o", format + ".toml"}, here_);
    ASSERT_EQ(back.exit_code, 0) << back.error;
    const CameraRig read = storage::ReadRig(folder_ / (format + ".toml"));
    ASSERT_EQ(read.cameras.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(read.cameras[i].name, rig.cameras[i].name) << format;
      for (const double x : {-0.5, 0.0, 0.4}) {
        const auto expected = rig.cameras[i].Project({0.1, x, 0.9});
        const auto projected = read.cameras[i].Project({0.1, x, 0.9});
        ASSERT_TRUE(expected && projected);
        EXPECT_LE((*expected - *projected).norm(), 1e-9) << format;
      }
    }
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out_mrcal/right side.cameramodel"));
}

TEST_F(RigConvert, RefusesWhatAFormatCannotExpressAndWritesNothing) {
  std::string fisheye = kRig;
  fisheye.replace(fisheye.find("brown_conrady_5"), 15, "kannala_brandt_4");
  fisheye.replace(fisheye.find(", 0.0]\ncamera"), 5, "");
  WriteFile(folder_ / "fisheye.toml", fisheye);
  const CommandResult result =
      Medius({"rig", "convert", "fisheye.toml", "--to", "qualisys", "-o", "lab.qca.txt"}, here_);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.error, AllOf(StartsWith("medius: "), EndsWith("\n"),
                                  HasSubstr("camera left is kannala_brandt_4"),
                                  HasSubstr("write anipose or opencv")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "lab.qca.txt"));
}

TEST_F(RigConvert, TellsCommandsThatNeedARigHowToConvertIt) {
  ASSERT_EQ(
      Medius({"rig", "convert", "rig.toml", "--to", "kalibr", "-o", "chain.yaml"}, here_).exit_code,
      0);
  WriteFile(folder_ / "x.trial.h5", "x");
  const CommandResult result =
      Medius({"project", "x.trial.h5", "--rig", "chain.yaml", "-o", "y.h5"}, here_);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.error, AllOf(HasSubstr("is a rig of Kalibr"),
                                  HasSubstr("medius rig convert chain.yaml -o RIG.toml")));
}

TEST_F(RigConvert, WantsAFolderForTheFilesOfMrcal) {
  const CommandResult result =
      Medius({"rig", "convert", "rig.toml", "--to", "mrcal", "-o", "one.cameramodel"}, here_);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.error, AllOf(HasSubstr("one.cameramodel"), HasSubstr("name a folder")));
}

TEST_F(RigConvert, RefusesOptionsThatWouldChangeNothing) {
  const auto expect = [&](std::vector<std::string> words, const std::string& option) {
    words.insert(words.begin(), {"rig", "convert", "rig.toml"});
    words.insert(words.end(), {"-o", "none"});
    const CommandResult result = Medius(words, here_);
    EXPECT_EQ(result.exit_code, 2) << result.error;
    EXPECT_THAT(result.error, HasSubstr(option));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
  };
  expect({"--to", "qualisys", "--unit", "mm"}, "--unit");
  expect({"--to", "anipose", "--image-size", "640x480"}, "--image-size");
  expect({"--to", "medius", "--pixel-origin", "corner"}, "--pixel-origin");
}

TEST_F(RigConvert, DoesNotMixTwoRigsOfMrcalInOneFolder) {
  const std::vector<std::string> words = {"rig",   "convert", "rig.toml", "--to",
                                          "mrcal", "-o",      "cameras"};
  ASSERT_EQ(Medius(words, here_).exit_code, 0);
  EXPECT_EQ(Medius(words, here_).exit_code, 0) << "the same cameras are written anew";
  const std::string before = ReadFile(folder_ / "cameras/left.cameramodel");
  WriteFile(folder_ / "cameras/old.cameramodel", before);
  std::string other = kRig;
  other.replace(other.find("901.25"), 6, "1801.5");
  WriteFile(folder_ / "rig.toml", other);
  const CommandResult result = Medius(words, here_);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.error,
              AllOf(HasSubstr("cameras of another rig (old.cameramodel)"), HasSubstr("cameras")));
  EXPECT_EQ(ReadFile(folder_ / "cameras/left.cameramodel"), before);
}

TEST_F(RigConvert, SaysInTheRigWhereItCameFrom) {
  ASSERT_EQ(
      Medius({"rig", "convert", "rig.toml", "--to", "opencv", "-o", "rig.yml"}, here_).exit_code,
      0);
  ASSERT_EQ(
      Medius({"rig", "convert", "rig.yml", "--unit", "mm", "-o", "back.toml"}, here_).exit_code, 0);
  const auto stages = storage::ReadRigProvenance(folder_ / "back.toml");
  ASSERT_EQ(stages.size(), 1U);
  EXPECT_EQ(stages[0].stage, "rig convert");
  EXPECT_EQ(stages[0].command, "medius rig convert rig.yml --unit mm");
  EXPECT_THAT(stages[0].options_json,
              AllOf(HasSubstr("\"from\":\"opencv\""), HasSubstr("\"unit\":\"mm\"")));
  ASSERT_EQ(stages[0].inputs.size(), 1U);
  EXPECT_EQ(stages[0].inputs[0].name, "rig.yml");
}

}  // namespace
}  // namespace medius::testing
