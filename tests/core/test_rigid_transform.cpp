#include <cmath>
#include <limits>
#include <numbers>
#include <random>

#include <Eigen/Geometry>
#include <gtest/gtest.h>

#include "core/rigid_transform.hpp"

namespace medius {
namespace {

// Rounding of a few products of numbers of a few metres.
constexpr double kRounding = 1e-14;

RigidTransform RandomTransform(std::mt19937& random) {
  std::normal_distribution<double> normal;
  const Eigen::Quaterniond q(normal(random), normal(random), normal(random), normal(random));
  return {q.normalized().toRotationMatrix(),
          Eigen::Vector3d(normal(random), normal(random), normal(random))};
}

TEST(RigidTransform, TurnsThenMoves) {
  // A quarter turn about z takes x to y; then one metre along x.
  RigidTransform b_from_a;
  b_from_a.rotation << 0, -1, 0, 1, 0, 0, 0, 0, 1;
  b_from_a.translation << 1, 0, 0;
  EXPECT_EQ(b_from_a * Eigen::Vector3d(2, 0, 5), Eigen::Vector3d(1, 2, 5));
}

TEST(RigidTransform, ComesBackThroughItsInverse) {
  std::mt19937 random(3);
  for (int i = 0; i < 100; ++i) {
    const RigidTransform b_from_a = RandomTransform(random);
    const Eigen::Vector3d x = Eigen::Vector3d(1, -2, 3) * (i + 1) / 50.0;
    EXPECT_LT((b_from_a.Inverse() * (b_from_a * x) - x).norm(), 10 * kRounding);
    const RigidTransform identity = b_from_a * b_from_a.Inverse();
    EXPECT_LT((identity.ToMatrix() - Eigen::Matrix4d::Identity()).norm(), 10 * kRounding);
  }
}

TEST(RigidTransform, ComposesAsOneAfterTheOther) {
  std::mt19937 random(4);
  for (int i = 0; i < 100; ++i) {
    const RigidTransform b_from_a = RandomTransform(random);
    const RigidTransform c_from_b = RandomTransform(random);
    const Eigen::Vector3d x_in_a(0.3, -0.7, 1.9);
    const RigidTransform c_from_a = c_from_b * b_from_a;
    EXPECT_LT((c_from_a * x_in_a - c_from_b * (b_from_a * x_in_a)).norm(), 10 * kRounding);
    EXPECT_LT((c_from_a.ToMatrix() - c_from_b.ToMatrix() * b_from_a.ToMatrix()).norm(),
              10 * kRounding);
    EXPECT_LT(RotationError(c_from_a.rotation), 10 * kRounding);
  }
}

TEST(RigidTransform, StandsInAMatrixAndComesOutOfIt) {
  std::mt19937 random(5);
  const RigidTransform b_from_a = RandomTransform(random);
  const Eigen::Matrix4d matrix = b_from_a.ToMatrix();
  EXPECT_EQ(matrix.row(3), Eigen::RowVector4d(0, 0, 0, 1));
  EXPECT_EQ(RigidTransform::FromMatrix(matrix).rotation, b_from_a.rotation);
  EXPECT_EQ(RigidTransform::FromMatrix(matrix).translation, b_from_a.translation);
}

TEST(RotationError, MeasuresHowFarAMatrixIsFromARotation) {
  EXPECT_EQ(RotationError(Eigen::Matrix3d::Identity()), 0.0);
  // (1 + e)^2 - 1 = 2 e + e^2
  EXPECT_NEAR(RotationError(1.001 * Eigen::Matrix3d::Identity()), 0.002001, 1e-12);
  Eigen::Matrix3d mirrored = Eigen::Matrix3d::Identity();
  mirrored(1, 1) = -1.0;
  EXPECT_TRUE(std::isinf(RotationError(mirrored)));
  EXPECT_TRUE(std::isinf(RotationError(Eigen::Matrix3d::Zero())));
  Eigen::Matrix3d unknown = Eigen::Matrix3d::Identity();
  unknown(0, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isinf(RotationError(unknown)));
}

}  // namespace
}  // namespace medius
