#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "calibration/board_floor.hpp"
#include "calibration/calibrate.hpp"
#include "calibration/l_frame.hpp"
#include "calibration/plausibility.hpp"
#include "calibration/so3.hpp"
#include "tests/calibration/board_scene.hpp"
#include "tests/calibration/floor_board_scene.hpp"

namespace medius::calibration {
namespace {

constexpr double kSigma = 0.3;
// A flipped or turned world is off by a right angle and more; noise by far less than these. The
// worst geometry: 0.3 px at 7 m and 1350 px are 1.6 mm a ray, on an L of 0.4 m.
constexpr double kAngle = 0.02;
constexpr double kPlace = 0.01;
// A camera of few and poor views knows its principal point, and so its direction, to tens of pixels
// of 1350.
constexpr double kCalibratedAngle = 0.1;

LFrame RandomL(SceneRandom* random) {
  LFrame frame;
  frame.name = "L";
  frame.markers = {"a", "b", "c", "d"};
  const double height = random->Uniform(0.0, 0.03);
  const double longest = random->Uniform(0.5, 0.9);
  frame.position = {{0.0, 0.0, height},
                    {0.0, 0.62 * longest, height},
                    {0.4 * longest, 0.0, height},
                    {longest, 0.0, height}};
  // As any maker counts: X along the short or the long arm.
  frame.origin = 0;
  frame.x_arm = random->Below(2) == 0 ? 1 : 3;
  return frame;
}

void ExpectTrueWorld(const CameraRig& true_rig, const CameraRig& rig, double angle,
                     const std::string& what) {
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const RigidTransform error =
        rig.cameras[c].camera_from_lab.Inverse() * true_rig.cameras[c].camera_from_lab;
    EXPECT_LT(RotationAngle(error.rotation), angle) << what << ", camera " << c;
    EXPECT_GT(rig.cameras[c].CentreInLab().z(), 0.0) << what << ", camera " << c;
    EXPECT_GT(rig.cameras[c].camera_from_lab.rotation.determinant(), 0.0) << what;
  }
}

TEST(FloorOfRandomRigs, NeverFlipsTheWorldOf100LFrames) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SceneRandom random(seed);
    const CameraRig true_rig = RandomRig(&random);
    const LFrame frame = RandomL(&random);
    const RigidTransform old_from_lab = AnyFrame(&random);
    const CameraRig rig = InLabFrame(true_rig, old_from_lab);
    const ObservationBlock block = StillBlock(true_rig, PlacesInLab(frame), 3, kSigma, &random);
    const auto points = FindStaticPoints(rig, block, {});
    const FloorResult floor = FloorFromLFrame(rig, frame, points, {}, {});
    const std::string what = "seed " + std::to_string(seed) + " " + floor.sentence;
    // Not found is allowed (a marker out of view), wrong is not.
    if (floor.status == FloorStatus::kNotFound) continue;
    ASSERT_EQ(floor.status, FloorStatus::kFound) << what;
    ++found;
    ExpectTrueWorld(true_rig, OnFloor(rig, floor), kAngle, what);
    EXPECT_LT((floor.lab_from_old * old_from_lab).translation.norm(), kPlace) << what;
  }
  EXPECT_GE(found, 95);
}

TEST(FloorOfRandomRigs, NeverFlipsTheWorldOf100Boards) {
  int found = 0;
  for (std::uint64_t seed = 101; seed <= 200; ++seed) {
    SceneRandom random(seed);
    const CameraRig true_rig = RandomRig(&random);
    const RigidTransform old_from_lab = AnyFrame(&random);
    const CameraRig rig = InLabFrame(true_rig, old_from_lab);
    TargetObservations observations = EmptyBoardObservations(rig);
    AddBoardViews(true_rig, BoardOnFloor(0.0), 0, 2, kSigma, &random, &observations);
    const FloorResult floor = FloorFromBoard(rig, observations, 0, {}, {});
    const std::string what = "seed " + std::to_string(seed) + " " + floor.sentence;
    if (floor.status == FloorStatus::kNotFound) continue;
    ASSERT_EQ(floor.status, FloorStatus::kFound) << what;
    ++found;
    ExpectTrueWorld(true_rig, OnFloor(rig, floor), kAngle, what);
    EXPECT_LT((floor.lab_from_old * old_from_lab).translation.norm(), kPlace) << what;
  }
  EXPECT_GE(found, 95);
}

// Whole calibrations from nothing, 30 small ones: the world of the result is that of the truth.
TEST(FloorOfRandomRigs, CalibrateNeverFlipsTheWorldOf30Rigs) {
  int converged = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    BoardSceneOptions options;
    options.seed = 9000 + seed;
    options.cameras = 3 + seed % 5;
    options.radius = 2.5 + 0.1 * static_cast<double>(seed % 20);
    options.frames = 40;
    options.columns = 7;
    options.rows = 5;
    options.square = 0.12;
    options.sigma = kSigma;
    const BoardScene scene = MakeBoardScene(options);
    const CalibrationResult result = Calibrate(scene.observations, {});
    const std::string what = "seed " + std::to_string(seed) + " " + result.degeneracy.sentence;
    if (result.status != CalibrationStatus::kConverged) continue;
    ++converged;
    EXPECT_TRUE(CheckCalibration(result, scene.observations).empty()) << what;
    // A board that lies on the floor of the true lab, through the calibrated rig.
    SceneRandom random(seed);
    TargetObservations lying = EmptyBoardObservations(scene.rig);
    AddBoardViews(scene.rig, BoardOnFloor(0.0), 0, 1, kSigma, &random, &lying);
    const FloorResult floor = FloorFromBoard(result.rig, lying, 0, {}, {});
    ASSERT_EQ(floor.status, FloorStatus::kFound) << what << floor.sentence;
    ExpectTrueWorld(scene.rig, OnFloor(result.rig, floor), kCalibratedAngle, what);
  }
  EXPECT_GE(converged, 28);
}

}  // namespace
}  // namespace medius::calibration
