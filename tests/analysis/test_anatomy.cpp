#include <cmath>

#include <gtest/gtest.h>

#include "analysis/anatomy.hpp"

namespace medius::analysis {
namespace {

TEST(PelvisFrame, HasItsOriginBetweenTheAsisAndItsAxesAlongThem) {
  const RigidTransform frame =
      PelvisFrame({Eigen::Vector3d(0.1, -0.12, 1.0), Eigen::Vector3d(0.1, 0.12, 1.0),
                   Eigen::Vector3d(-0.05, 0.03, 1.0)});
  EXPECT_LT((frame.translation - Eigen::Vector3d(0.1, 0.0, 1.0)).norm(), 1e-12);
  EXPECT_LT((frame.rotation.col(0) - Eigen::Vector3d::UnitX()).norm(), 1e-12);
  EXPECT_LT((frame.rotation.col(1) - Eigen::Vector3d::UnitZ()).norm(), 1e-12);
  EXPECT_LT((frame.rotation.col(2) + Eigen::Vector3d::UnitY()).norm(), 1e-12);
}

TEST(LongBoneFrame, PointsRightOnBothSides) {
  for (const Side side : kSides) {
    const double out = side == Side::kRight ? -1.0 : 1.0;  // lab Y of outwards
    const RigidTransform frame =
        LongBoneFrame({0.0, 0.1 * out, 0.9}, {0.0, (0.1 + 0.05) * out, 0.5},
                      {0.0, (0.1 - 0.05) * out, 0.5}, side);
    EXPECT_LT((frame.rotation.col(0) - Eigen::Vector3d::UnitX()).norm(), 1e-12);
    EXPECT_LT((frame.rotation.col(1) - Eigen::Vector3d::UnitZ()).norm(), 1e-12);
    EXPECT_LT((frame.rotation.col(2) + Eigen::Vector3d::UnitY()).norm(), 1e-12);
    EXPECT_LT(RotationError(frame.rotation), 1e-12);
  }
}

TEST(Frames, OfLandmarksThatCoincideOrAreMissingAreNaN) {
  const Eigen::Vector3d point(0.0, 0.0, 1.0);
  EXPECT_TRUE(PelvisFrame({point, point, Eigen::Vector3d(-1, 0, 1)}).rotation.hasNaN());
  EXPECT_TRUE(LongBoneFrame(point, point, point, Side::kLeft).rotation.hasNaN());
  const Eigen::Vector3d nan = Eigen::Vector3d::Constant(std::nan(""));
  EXPECT_TRUE(PelvisFrame({point, -point, nan}).rotation.hasNaN());
}

}  // namespace
}  // namespace medius::analysis
