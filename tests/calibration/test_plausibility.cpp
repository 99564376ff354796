#include <string>

#include <gtest/gtest.h>

#include "calibration/plausibility.hpp"
#include "calibration/so3.hpp"
#include "core/error.hpp"
#include "tests/calibration/floor_board_scene.hpp"

namespace medius::calibration {
namespace {

constexpr double kPi = 3.14159265358979;

bool Says(const std::vector<Finding>& findings, const std::string& words) {
  for (const Finding& finding : findings) {
    if (finding.sentence.find(words) != std::string::npos) return true;
  }
  return false;
}

CameraRig Turned(const CameraRig& rig, const Eigen::Vector3d& rotation) {
  return InLabFrame(rig, {RotationFromVector(rotation), Eigen::Vector3d::Zero()});
}

TEST(CheckCamerasAbove, IsSilentOverAGoodFloor) {
  EXPECT_TRUE(CheckCamerasAbove(RingRig(6), "cause", {}).empty());
  EXPECT_TRUE(CheckImagesUpright(RingRig(6), {}).empty());
}

TEST(CheckCamerasAbove, RefusesAFlippedFloorWithItsCause) {
  const auto findings = CheckCamerasAbove(Turned(RingRig(6), {kPi, 0.0, 0.0}), "the cause", {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::kFlippedFloor);
  EXPECT_TRUE(findings[0].refuses);
  EXPECT_EQ(findings[0].cameras.size(), 6U);
  EXPECT_TRUE(Says(findings, "6 of 6 cameras lie below this floor (lowest cam"));
  EXPECT_TRUE(Says(findings, "-2.40 m): the cause"));
}

TEST(CheckCamerasAbove, NamesTheOneCameraBelowUnlessItMayBeThere) {
  CameraRig rig = RingRig(6);
  rig.cameras[2] = CameraLookingAt({3.0, 0.0, -0.4}, {0.0, 0.0, 0.5}, 0.0);
  rig.cameras[2].name = "pit";
  const auto findings = CheckCamerasAbove(rig, "cause", {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].kind, FindingKind::kCameraBelowFloor);
  EXPECT_TRUE(Says(findings, "1 of 6 cameras (pit) below this floor"));
  PlausibilityOptions options;
  options.may_be_below = {"pit"};
  EXPECT_TRUE(CheckCamerasAbove(rig, "cause", options).empty());
  options.may_be_below = {"pot"};
  EXPECT_THROW(static_cast<void>(CheckCamerasAbove(rig, "cause", options)), InputError);
}

TEST(CheckImagesUpright, WarnsOfAFloorThatImagesShowUpsideDown) {
  const auto findings = CheckImagesUpright(Turned(RingRig(6), {kPi, 0.0, 0.0}), {});
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kDownwardImages);
  EXPECT_FALSE(findings[0].refuses);
}

TEST(CheckImagesUpright, WarnsOfASlopeAgainstTheLevelOfTheImages) {
  const double slope = 15.0 * kPi / 180.0;
  const auto findings = CheckImagesUpright(Turned(RingRig(6), {slope, 0.0, 0.0}), {});
  EXPECT_TRUE(Says(findings, "slopes by 15.0 deg"));
  // Cameras held by hand say nothing of the level.
  CameraRig by_hand = RingRig(6);
  SceneRandom random(1);
  for (Camera& camera : by_hand.cameras) {
    camera = CameraLookingAt(camera.CentreInLab(), {0, 0, 0.5}, random.Uniform(-0.7, 0.7));
    camera.name = "c" + std::to_string(random.Below(1000000));
  }
  EXPECT_TRUE(CheckImagesUpright(Turned(by_hand, {slope, 0.0, 0.0}), {}).empty());
}

TEST(CheckBoardsFaceCameras, NamesTheCameraThatSeesThePrintFromBehind) {
  SceneRandom random(2);
  const CameraRig rig = RingRig(5);
  TargetObservations observations = EmptyBoardObservations(rig);
  AddBoardViews(rig, BoardOnFloor(0.0), 0, 3, 0.0, &random, &observations);
  std::vector<TargetPose> poses;
  for (std::size_t frame = 0; frame < 3; ++frame) {
    poses.push_back({frame, 0, BoardOnFloor(0.0), 5});
  }
  EXPECT_TRUE(CheckBoardsFaceCameras(rig, observations, poses).empty());
  CameraRig wrong = rig;
  wrong.cameras[3] = CameraLookingAt({3.0, 1.0, -1.0}, {0.0, 0.0, 0.0}, 0.0);
  wrong.cameras[3].name = "cam4";
  const auto findings = CheckBoardsFaceCameras(wrong, observations, poses);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(Says(findings, "1 of 5 cameras (cam4) see the boards' print from behind (3 views)"))
      << findings[0].sentence;
  for (TargetPose& pose : poses) {
    pose.lab_from_target.rotation =
        pose.lab_from_target.rotation * RotationFromVector({kPi, 0.0, 0.0});
  }
  EXPECT_TRUE(Says(CheckBoardsFaceCameras(rig, observations, poses), "the world is mirrored"));
}

TEST(CheckPointsInFront, NamesThePointAndTheCamera) {
  const CameraRig rig = RingRig(4);
  const Eigen::Vector3d behind = 2.0 * rig.cameras[1].CentreInLab();
  const std::vector<SeenPoint> points = {{"heel", {0.0, 0.0, 0.5}, {CameraId(0), CameraId(1)}},
                                         {"toe", behind, {CameraId(1)}}};
  const auto findings = CheckPointsInFront(rig, points);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(Says(findings, "toe lies behind camera cam2"));
}

TEST(CheckScale, WarnsThenRefusesBeyondItsOwnUncertainty) {
  EXPECT_TRUE(CheckScale({"lengths", 1.004, 0.0}, {}).empty());
  const auto warning = CheckScale({"lengths", 1.01, 0.0001}, {});
  ASSERT_EQ(warning.size(), 1U);
  EXPECT_FALSE(warning[0].refuses);
  const auto refusal = CheckScale({"lengths", 0.9, 0.001}, {});
  ASSERT_EQ(refusal.size(), 1U);
  EXPECT_TRUE(refusal[0].refuses);
  EXPECT_TRUE(Says(refusal, "10.0 % too short"));
  EXPECT_TRUE(CheckScale({"lengths", 1.05, 0.02}, {}).empty());
}

TEST(CompareScales, RefusesABoardAndAWandThatDisagree) {
  EXPECT_TRUE(CompareScales({"board", 1.0, 1e-4}, {"wand", 1.001, 1e-4}, {}).empty());
  const auto findings = CompareScales({"the board", 1.0, 1e-4}, {"the wand", 1.05, 1e-4}, {});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(findings[0].refuses);
  EXPECT_TRUE(Says(findings, "the board and the wand disagree"));
}

}  // namespace
}  // namespace medius::calibration
