// Stated covariance of rigs whose sightings do not err independently.

#include <cmath>
#include <cstddef>
#include <cstdint>

#include <Eigen/LU>
#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "tests/calibration/moving_scene.hpp"

namespace medius::calibration {
namespace {

constexpr double kRate = 5.0;  // Hz
constexpr std::size_t kFrames = 100;

MovingScene SceneOf(std::uint64_t seed, double frame_jitter, std::size_t frames = kFrames) {
  MovingSceneOptions options;
  options.seed = seed;
  options.frames = frames;
  options.rate_hz = kRate;
  options.largest_offset = 0.0;
  options.frame_jitter = frame_jitter;
  return MakeMovingScene(options);
}

CalibrationResult CalibrationOf(const MovingScene& scene, int threads = 1) {
  CalibrationOptions options;
  options.refuse_contradictions = false;
  options.parallelism = Parallelism(threads);
  return Calibrate(scene.observations, options);
}

// Mean normalized squared error of a coordinate of the cameras' places, 1 where the covariance is
// right.
double NormalizedSquare(const CalibrationResult& result, const CameraRig& truth) {
  const RigidTransform lab_from_reference = truth.cameras[0].camera_from_lab.Inverse();
  double sum = 0.0;
  for (std::size_t c = 1; c < truth.cameras.size(); ++c) {
    const RigidTransform expected = truth.cameras[c].camera_from_lab * lab_from_reference;
    const Eigen::Vector3d error =
        result.rig.cameras[c].camera_from_lab.translation - expected.translation;
    const int at = result.covariance.layout.pose_offset[c] + 3;
    const Eigen::Matrix3d stated = result.covariance.matrix.block<3, 3>(at, at);
    sum += error.dot(stated.inverse() * error) / 3.0;
  }
  return sum / static_cast<double>(truth.cameras.size() - 1);
}

TEST(ClusteredCovariance, IsHonestWhereFramesOfCamerasComeAtOtherTimes) {
  constexpr int kSeeds = 4;
  double square = 0.0;
  for (std::uint64_t seed = 100; seed < 100 + kSeeds; ++seed) {
    const MovingScene scene = SceneOf(seed, 0.006);
    const CalibrationResult result = CalibrationOf(scene);
    ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
    // 6 ms at 1 m/s are 3 px, ten times the noise, and 35 corners share them.
    EXPECT_GT(result.covariance_inflation, 10.0);
    square += NormalizedSquare(result, scene.rig) / kSeeds;
  }
  // 36 coordinates of three to a camera that hang together by the reference camera: as good as 15
  // independent ones, whose mean square is within 3 sqrt(2 / 15) of 1. 100 instants for 54
  // parameters leave the sandwich up to a factor 2 too small. Independent corners: 40 and more.
  EXPECT_LT(square, 2.0 * (1.0 + 3.0 * std::sqrt(2.0 / 15.0)));
  EXPECT_GT(square, 0.3);
}

TEST(ClusteredCovariance, IsThatOfIndependentErrorsWhereTheyAre) {
  const CalibrationResult result = CalibrationOf(SceneOf(100, 0.0));
  ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
  EXPECT_EQ(result.covariance_inflation, 1.0);
}

TEST(ClusteredCovariance, IsTheSameForAnyNumberOfThreads) {
  const MovingScene scene = SceneOf(100, 0.006, 40);
  const CalibrationResult one = CalibrationOf(scene);
  for (const int threads : {2, 7}) {
    EXPECT_EQ(CalibrationOf(scene, threads).covariance.matrix, one.covariance.matrix) << threads;
  }
}

}  // namespace
}  // namespace medius::calibration
