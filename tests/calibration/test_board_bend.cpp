// Boards that are not quite flat.

#include <cmath>

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <gtest/gtest.h>

#include "calibration/board_bend.hpp"
#include "calibration/calibrate.hpp"
#include "calibration/view_normal.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

// A board of 0.72 x 0.48 m.
BoardSceneOptions SmallRing(const Eigen::Vector2d& bend, double sigma, std::uint64_t seed) {
  BoardSceneOptions options;
  options.cameras = 4;
  options.frames = 40;
  options.bend = bend;
  options.sigma = sigma;
  options.seed = seed;
  return options;
}

CalibrationOptions WithBend() {
  CalibrationOptions options;
  options.estimate_bend = true;
  return options;
}

TEST(BoardShape, IsZeroAtTheCornersAndTheBendInTheMiddle) {
  CalibrationTarget target{"board",
                           {{1.0, 0.0, 0.0},
                            {3.0, 0.0, 0.0},
                            {1.0, 1.0, 0.0},
                            {3.0, 1.0, 0.0},
                            {2.0, 0.5, 0.0},
                            {2.0, 0.0, 0.0}}};
  const CalibrationTarget bent = Bent(target, {0.003, -0.001});
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(bent.points[i].z(), 0.0, 1e-15);
  EXPECT_NEAR(bent.points[4].z(), 0.002, 1e-15);
  EXPECT_NEAR(bent.points[5].z(), 0.003, 1e-15);
}

TEST(BoardShape, ALineOfPointsBendsAlongItselfOnly) {
  const CalibrationTarget line{"line", {{0.0, 0.0, 0.0}, {0.5, 0.0, 0.0}, {1.0, 0.0, 0.0}}};
  const CalibrationTarget bent = Bent(line, {0.01, 0.02});
  EXPECT_NEAR(bent.points[1].z(), 0.01, 1e-15);
  EXPECT_NEAR(bent.points[0].z(), 0.0, 1e-15);
}

TEST(LinearizeSighting, DerivativeByTheBendAgreesWithDifferences) {
  const Intrinsics intrinsics = {1300.0, 1310.0, 950.0, 530.0, -0.1, 0.05, 1e-3, -5e-4, 0.0};
  RigidTransform pose;
  pose.rotation = Eigen::AngleAxisd(0.6, Eigen::Vector3d(1.0, 0.5, 0.2).normalized()).matrix();
  pose.translation = {0.1, -0.1, 1.5};
  const BoardShape shape{{0.36, 0.24}, {0.36, 0.24}};
  Sighting sighting{{0.2, 0.4, 0.001}, {900.0, 500.0}, 2.0};
  const auto kind = CameraModelKind::kBrownConrady5;
  Eigen::Vector2d residual;
  LocalJacobian jacobian;
  ASSERT_TRUE(
      LinearizeSighting(kind, intrinsics.data(), pose, sighting, &residual, &jacobian, &shape));
  ASSERT_EQ(jacobian.cols(), 9 + 2 + 6);
  constexpr double kStep = 1e-6;
  for (int i = 0; i < kBendCount; ++i) {
    Sighting moved = sighting;
    moved.x_in_target.z() += kStep * shape.By(sighting.x_in_target)[i];
    Eigen::Vector2d after;
    LocalJacobian unused;
    ASSERT_TRUE(LinearizeSighting(kind, intrinsics.data(), pose, moved, &after, &unused, &shape));
    // The residual is seen minus predicted, the Jacobian that of the prediction.
    const Eigen::Vector2d difference = (residual - after) / kStep;
    EXPECT_LT((difference - jacobian.col(9 + i)).norm(), 1e-4 * jacobian.col(9 + i).norm());
  }
}

TEST(Calibrate, RecoversTheBendOfABoardFromExactObservations) {
  const BoardScene scene = MakeBoardScene(SmallRing({0.003, -0.001}, 0.0, 5501));
  const CalibrationResult result = Calibrate(scene.observations, WithBend());
  ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
  ASSERT_EQ(result.bends.size(), 1U);
  EXPECT_NEAR(result.bends[0].height[0], 0.003, 1e-7);
  EXPECT_NEAR(result.bends[0].height[1], -0.001, 1e-7);
  EXPECT_LT(result.sigma, 1e-3);
  ASSERT_EQ(result.targets.size(), 1U);
  EXPECT_NEAR(
      result.targets[0].points[34].z(),
      result.bends[0].height.dot(
          ShapeOf(scene.observations.targets[0]).By(scene.observations.targets[0].points[34])),
      1e-15);
}

TEST(Calibrate, ErrorsOfBendsAndFocalLengthsAreThoseTheyState) {
  double square = 0.0;
  double focal_square = 0.0;
  double focals = 0.0;
  constexpr int kSeeds = 6;
  for (int i = 0; i < kSeeds; ++i) {
    // Three bent boards, three flat ones.
    const Eigen::Vector2d bend =
        i % 2 == 0 ? Eigen::Vector2d(0.001 * (i + 1), -0.0015) : Eigen::Vector2d(0.0, 0.0);
    const BoardScene scene =
        MakeBoardScene(SmallRing(bend, 0.3, 5510 + static_cast<std::uint64_t>(i)));
    const CalibrationResult result = Calibrate(scene.observations, WithBend());
    ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
    const TargetBend& found = result.bends[0];
    EXPECT_LT(found.sd.maxCoeff(), 0.0005);
    const int at = result.covariance.layout.bend_offset[0];
    const Eigen::Matrix2d covariance = result.covariance.matrix.block<2, 2>(at, at);
    const Eigen::Vector2d error = found.height - bend;
    square += error.dot(covariance.inverse() * error);
    for (std::size_t c = 0; c < 4; ++c) {
      const double focal_error =
          result.rig.cameras[c].model.intrinsics()[0] - scene.rig.cameras[c].model.intrinsics()[0];
      focal_square += std::pow(focal_error / result.cameras[c].focal_sd, 2);
      focals += 1.0;
    }
  }
  // Sums of n squared unit normal numbers: mean n, sd sqrt(2 n). Four sd; the focal lengths of one
  // rig hang together, at worst as if they were one.
  EXPECT_NEAR(square, 2.0 * kSeeds, 4.0 * std::sqrt(2.0 * 2.0 * kSeeds));
  EXPECT_NEAR(focal_square / focals, 1.0, 4.0 * std::sqrt(2.0 / kSeeds));
}

TEST(Calibrate, ABendThatIsNotEstimatedSpoilsTheRig) {
  const BoardScene scene = MakeBoardScene(SmallRing({0.003, 0.002}, 0.3, 5530));
  const CalibrationResult flat = Calibrate(scene.observations, {});
  const CalibrationResult bent = Calibrate(scene.observations, WithBend());
  EXPECT_TRUE(flat.bends.empty());
  EXPECT_EQ(flat.targets[0].points[34], scene.observations.targets[0].points[34]);
  EXPECT_GT(flat.sigma, 1.15 * bent.sigma);
  EXPECT_NEAR(bent.sigma, 0.3, 5.0 * 0.3 / std::sqrt(2.0 * bent.degrees_of_freedom));
}

TEST(Calibrate, WithBendsGivesTheSameBytesForAnyNumberOfThreads) {
  const BoardScene scene = MakeBoardScene(SmallRing({0.002, 0.0}, 0.3, 5531));
  CalibrationOptions options = WithBend();
  const CalibrationResult one = Calibrate(scene.observations, options);
  for (const int threads : {2, 7}) {
    options.parallelism = Parallelism(threads);
    const CalibrationResult many = Calibrate(scene.observations, options);
    EXPECT_EQ(one.covariance.matrix, many.covariance.matrix);
    EXPECT_EQ(one.bends[0].height, many.bends[0].height);
  }
}

TEST(Calibrate, ABoardThatNobodySawKeepsFlat) {
  BoardScene scene = MakeBoardScene(SmallRing({0.002, 0.0}, 0.3, 5532));
  scene.observations.targets.push_back(scene.observations.targets[0]);
  scene.observations.targets[1].name = "other";
  const CalibrationResult result = Calibrate(scene.observations, WithBend());
  ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
  ASSERT_EQ(result.bends.size(), 2U);
  EXPECT_EQ(result.bends[1].height, Eigen::Vector2d(0.0, 0.0));
  EXPECT_GT(result.bends[1].sd[0], 0.005);  // as little known as before
}

}  // namespace
}  // namespace medius::calibration
