// `medius calibrate check` as a lab engineer types it, on a short simulated run.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "storage/rig_toml.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

constexpr double kDegree = 3.14159265358979323846 / 180.0;

class CalibrateCheck : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteSmallScenario(folder_ / "scenario.toml", 8.0);
    const CommandResult result = Medius({"simulate", "scenario.toml", "-o", "."}, settings_);
    ASSERT_EQ(result.exit_code, 0) << result.error;
    // The rig as it was calibrated before somebody knocked camera 3 by 0.1 degrees.
    CameraRig rig = storage::ReadRig(folder_ / "rig.toml");
    RigidTransform& pose = rig.cameras[2].camera_from_lab;
    const double angle = -0.1 * kDegree;
    Eigen::Matrix3d turn = Eigen::Matrix3d::Identity();
    turn.topLeftCorner<2, 2>() << std::cos(angle), -std::sin(angle), std::sin(angle),
        std::cos(angle);
    pose = {turn * pose.rotation, turn * pose.translation};
    storage::WriteRig(folder_ / "knocked.toml", rig);
  }

  CommandResult Type(std::vector<std::string> words) {
    words.insert(words.begin(), {"calibrate", "check"});
    words.insert(words.end(), {"--frames", "300"});
    return Medius(words, settings_);
  }

  TemporaryFolder folder_;
  CommandSettings settings_{folder_.path(), {}};
};

TEST_F(CalibrateCheck, SaysThatAnUntouchedRigIsTrue) {
  const CommandResult result = Type({"rig.toml", "run.trial.h5"});
  EXPECT_EQ(result.exit_code, 0) << result.error;
  EXPECT_NE(result.output.find("no camera has moved: 8 of 8 cameras judged"), std::string::npos)
      << result.output;
  EXPECT_NE(result.output.find("cannot be seen this way"), std::string::npos);
}

TEST_F(CalibrateCheck, NamesAndMendsAKnockedCamera) {
  const CommandResult found = Type({"knocked.toml", "run.trial.h5", "--json"});
  EXPECT_EQ(found.exit_code, 4);
  EXPECT_NE(found.error.find("cam3 has moved: turned 0.1"), std::string::npos) << found.error;
  const nlohmann::json json = nlohmann::json::parse(found.output);
  EXPECT_EQ(json["moved"], nlohmann::json({"cam3"}));
  EXPECT_NEAR(json["cameras"][2]["rotation_deg"].get<double>(), 0.1, 0.02);

  const std::string before = ReadFile(folder_.path() / "knocked.toml");
  const CommandResult mended =
      Type({"knocked.toml", "run.trial.h5", "--refine", "-o", "mended.toml"});
  EXPECT_EQ(mended.exit_code, 0) << mended.error;
  EXPECT_EQ(ReadFile(folder_.path() / "knocked.toml"), before);
  const auto stages = storage::ReadRigProvenance(folder_ / "mended.toml");
  ASSERT_EQ(stages.size(), 1U);
  EXPECT_EQ(stages[0].stage, "calibrate check --refine");
  EXPECT_EQ(stages[0].inputs.size(), 2U);
  const CameraRig rig = storage::ReadRig(folder_ / "mended.toml");
  const CameraRig truth = storage::ReadRig(folder_ / "truth/rig.toml");
  const Eigen::Matrix3d error = rig.cameras[2].camera_from_lab.rotation *
                                truth.cameras[2].camera_from_lab.rotation.transpose();
  EXPECT_LT(std::acos(std::min(1.0, 0.5 * (error.trace() - 1.0))), 0.01 * kDegree);
  EXPECT_EQ(Type({"mended.toml", "run.trial.h5"}).exit_code, 0);
}

TEST_F(CalibrateCheck, RefusesWrongWords) {
  EXPECT_EQ(Type({"rig.toml", "run.trial.h5", "--refine"}).exit_code, 2);
  EXPECT_EQ(Type({"rig.toml", "run.trial.h5", "-o", "out.toml"}).exit_code, 2);
  CameraRig rig = storage::ReadRig(folder_ / "rig.toml");
  rig.cameras[0].name = "kitchen";
  storage::WriteRig(folder_ / "other.toml", rig);
  const CommandResult other = Type({"other.toml", "run.trial.h5"});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_NE(other.error.find("use the rig of this recording"), std::string::npos) << other.error;
}

}  // namespace
}  // namespace medius::testing
