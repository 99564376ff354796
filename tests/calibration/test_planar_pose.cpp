#include <cmath>
#include <random>
#include <vector>

#include <Eigen/LU>
#include <gtest/gtest.h>

#include "calibration/homography.hpp"
#include "calibration/intrinsics_start.hpp"
#include "calibration/planar_pose.hpp"
#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

const Intrinsics kLens = {1350, 1345, 950, 545, -0.1, 0.05, 1e-3, -5e-4, 0.0};
const Intrinsics kPlainLens = {1350, 1350, 959.5, 539.5};
constexpr auto kKind = CameraModelKind::kBrownConrady5;

std::vector<Sighting> SeeBoard(const Intrinsics& lens, const RigidTransform& pose) {
  std::vector<Sighting> sightings;
  for (int row = 0; row < 7; ++row) {
    for (int column = 0; column < 10; ++column) {
      const Eigen::Vector3d x(0.08 * column, 0.08 * row, 0.0);
      Eigen::Vector2d xy;
      EXPECT_TRUE(ProjectPixel(kKind, lens.data(), pose * x, &xy));
      sightings.push_back({x, xy, 1.0});
    }
  }
  return sightings;
}

RigidTransform TiltedPose(double tilt, double distance) {
  return {RotationFromVector({tilt, 0.3 * tilt, 0.2}), {-0.4, -0.2, distance}};
}

TEST(FitHomography, ExactPointsAreMetExactly) {
  Eigen::Matrix3d H;
  H << 900.0, 50.0, 700.0, -40.0, 880.0, 300.0, 0.1, -0.05, 1.0;
  std::vector<Eigen::Vector2d> plane;
  std::vector<Eigen::Vector2d> image;
  for (int i = 0; i < 20; ++i) {
    plane.emplace_back(0.1 * (i % 5), 0.13 * (i / 5));
    const Eigen::Vector3d p = H * Eigen::Vector3d(plane.back().x(), plane.back().y(), 1.0);
    image.emplace_back(p.head<2>() / p.z());
  }
  const PlaneHomography fit = FitHomography(plane, image, 2.0);
  ASSERT_TRUE(fit.valid);
  EXPECT_LT((fit.image_from_plane - H).norm() / H.norm(), 1e-9);
}

TEST(FitHomography, NamesOutliersAmongATwentyPercentShare) {
  std::mt19937_64 random(3);
  const RigidTransform pose = TiltedPose(0.6, 3.0);
  std::vector<Eigen::Vector2d> plane;
  std::vector<Eigen::Vector2d> image;
  std::vector<std::uint8_t> bad;
  for (const Sighting& sighting : SeeBoard(kPlainLens, pose)) {
    plane.emplace_back(sighting.x_in_target.head<2>());
    bad.push_back(random() % 5 == 0 ? 1 : 0);
    const double angle = static_cast<double>(random() % 628) / 100.0;
    const Eigen::Vector2d off = 25.0 * Eigen::Vector2d(std::cos(angle), std::sin(angle));
    image.emplace_back(sighting.xy + (bad.back() != 0 ? off : Eigen::Vector2d::Zero()));
  }
  const PlaneHomography fit = FitHomography(plane, image, 2.0);
  ASSERT_TRUE(fit.valid);
  for (std::size_t i = 0; i < bad.size(); ++i) EXPECT_EQ(fit.is_near[i], bad[i] != 0 ? 0 : 1);
}

TEST(FitHomography, PointsOnALineOrTooFewFixNothing) {
  std::vector<Eigen::Vector2d> line;
  for (int i = 0; i < 10; ++i) line.emplace_back(i, 2.0 * i);
  EXPECT_FALSE(FitHomography(line, line, 1.0).valid);
  const std::vector<Eigen::Vector2d> three(line.begin(), line.begin() + 3);
  EXPECT_FALSE(FitHomography(three, three, 1.0).valid);
}

TEST(PosesFromHomography, OneOfTheTwoIsTheTruth) {
  for (const double tilt : {0.1, 0.5, 1.0, -0.8}) {
    const RigidTransform truth = TiltedPose(tilt, 2.5);
    Eigen::Matrix3d H;
    H << truth.rotation.col(0), truth.rotation.col(1), truth.translation;
    const auto poses = PosesFromHomography(H, {0.3, 0.2});
    ASSERT_TRUE(poses);
    double nearest = 1e9;
    for (const RigidTransform& pose : *poses) {
      EXPECT_LT(RotationError(pose.rotation), 1e-12);
      nearest = std::min(nearest, (pose.ToMatrix() - truth.ToMatrix()).norm());
    }
    EXPECT_LT(nearest, 1e-9) << "tilt " << tilt;
  }
}

TEST(PlanarPoseCandidates, ExactSightingsGiveTheTruthFirst) {
  for (const double tilt : {0.05, 0.3, 0.9}) {
    const RigidTransform truth = TiltedPose(tilt, 3.0);
    const auto candidates = PlanarPoseCandidates(kKind, kLens.data(), SeeBoard(kLens, truth));
    ASSERT_FALSE(candidates.empty());
    const Eigen::Matrix4d error = candidates[0].camera_from_target.ToMatrix() - truth.ToMatrix();
    EXPECT_LT(error.norm(), 1e-6) << "tilt " << tilt;
  }
}

TEST(PlanarPoseCandidates, AFarBoardKeepsBothSolutions) {
  // 0.7 m at 30 m: 30 px wide, the perspective within it is far below the noise.
  const RigidTransform truth{RotationFromVector({0.6, 0.1, 0.2}), {-0.4, -0.2, 30.0}};
  std::mt19937_64 random(5);
  std::vector<Sighting> sightings = SeeBoard(kLens, truth);
  std::normal_distribution<double> noise(0.0, 0.2);
  for (Sighting& sighting : sightings) sighting.xy += Eigen::Vector2d(noise(random), noise(random));
  const auto candidates = PlanarPoseCandidates(kKind, kLens.data(), sightings);
  ASSERT_EQ(candidates.size(), 2U);
  double nearest = 1e9;
  for (const PoseCandidate& candidate : candidates) {
    nearest = std::min(
        nearest, RotationAngle(candidate.camera_from_target.rotation * truth.rotation.transpose()));
  }
  EXPECT_LT(nearest, 0.1);
}

TEST(PlanarPoseCandidates, ANearTiltedBoardHasOneSolution) {
  const auto candidates =
      PlanarPoseCandidates(kKind, kLens.data(), SeeBoard(kLens, TiltedPose(0.7, 1.5)));
  EXPECT_EQ(candidates.size(), 1U);
}

TEST(ClosedFormFocals, ExactHomographiesGiveTheFocalLength) {
  std::vector<Eigen::Matrix3d> homographies;
  Eigen::Matrix3d K;
  K << 1350.0, 0.0, 959.5, 0.0, 1350.0, 539.5, 0.0, 0.0, 1.0;
  for (const double tilt : {0.3, -0.5, 0.8}) {
    const RigidTransform pose = TiltedPose(tilt, 3.0);
    Eigen::Matrix3d H;
    H << pose.rotation.col(0), pose.rotation.col(1), pose.translation;
    homographies.emplace_back(K * H);
  }
  const std::vector<double> focals = ClosedFormFocals(homographies, {959.5, 539.5});
  ASSERT_EQ(focals.size(), 2U);
  EXPECT_NEAR(focals[0], 1350.0, 1e-6);
  EXPECT_NEAR(focals[1], 1350.0, 1e-6);
}

TEST(ClosedFormFocals, ParallelBoardsGiveNoneThatCounts) {
  Eigen::Matrix3d K;
  K << 1350.0, 0.0, 959.5, 0.0, 1350.0, 539.5, 0.0, 0.0, 1.0;
  Eigen::Matrix3d H;
  H << Eigen::Vector3d::UnitX(), Eigen::Vector3d::UnitY(), Eigen::Vector3d(0.1, 0.2, 3.0);
  EXPECT_TRUE(ClosedFormFocals({K * H}, {959.5, 539.5}).empty());
}

}  // namespace
}  // namespace medius::calibration
