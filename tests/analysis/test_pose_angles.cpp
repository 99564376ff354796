// Angles of feet, trunk and 2-D projections from poses that were turned by hand.

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "analysis/anatomy.hpp"
#include "analysis/pose_angles.hpp"
#include "tests/analysis/synthetic_body.hpp"

namespace medius::analysis {
namespace {

using testing::kDegree;
using testing::Turn;

constexpr double kExact = 1e-12;

// Somebody upright who faces forward: columns anterior, superior, right in the lab.
Eigen::Matrix3d Upright() {
  Eigen::Matrix3d m;
  m << 1, 0, 0, 0, 0, -1, 0, 1, 0;
  return m;
}

SegmentModel SomeMarkers() {
  SegmentModel model;
  model.local = {Eigen::Vector3d::Zero(), Eigen::Vector3d::UnitX(), Eigen::Vector3d::UnitY()};
  return model;
}

class PoseAnglesTest : public ::testing::Test {
 protected:
  PoseAnglesTest() {
    for (const Segment segment : kSegments) {
      body_.segments[IndexOf(segment)] = SomeMarkers();
      Place(segment, Upright());
    }
    body_.mid_psis = Eigen::Vector3d::Zero();
    poses_[IndexOf(Segment::kTrunk)].lab_from_segment.translation = {0.0, 0.0, 0.5};
  }

  void Place(Segment segment, const Eigen::Matrix3d& rotation) {
    Pose& pose = poses_[IndexOf(segment)];
    pose.known = true;
    pose.lab_from_segment = {rotation, Eigen::Vector3d::Zero()};
    pose.rotation_covariance = Eigen::Matrix3d::Zero();
    pose.centroid = Eigen::Vector3d::Zero();
    pose.centroid_covariance = Eigen::Matrix3d::Zero();
  }
  // Value and variance by index; NaN where the angle is not given.
  std::map<std::size_t, std::pair<double, double>> All(double view_direction = 0.0) const {
    std::map<std::size_t, std::pair<double, double>> angles;
    PoseAngles(body_, view_direction).Write(poses_, [&](std::size_t i, double v, double variance) {
      angles[i] = {v, variance};
    });
    return angles;
  }
  double Value(std::size_t index, double view_direction = 0.0) const {
    return All(view_direction).at(index).first;
  }

  BodyModel body_;
  Poses poses_;
};

TEST_F(PoseAnglesTest, AreAllZeroForSomebodyUprightOnFlatFeet) {
  const auto all = All();
  EXPECT_EQ(all.size(), kAngleCount - 2);  // nothing relative to a standing that there is not
  for (const auto& [index, angle] : all) EXPECT_NEAR(angle.first, 0.0, kExact) << index;
}

TEST_F(PoseAnglesTest, ToesUpIsDorsiflexionAndToesOutIsProgressionOnBothSides) {
  for (const Side side : kSides) {
    const double out = side == Side::kRight ? -1.0 : 1.0;  // turn about the upward axis
    Place(FootOf(side), Upright() * Turn(2, 10.0 * kDegree));
    EXPECT_NEAR(Value(AnkleIndex(side)), 10.0 * kDegree, kExact);
    Place(FootOf(side), Upright() * Turn(1, out * 7.0 * kDegree));
    EXPECT_NEAR(Value(FootProgressionIndex(side)), 7.0 * kDegree, kExact);
    EXPECT_NEAR(Value(AnkleIndex(side) + 2), -7.0 * kDegree, kExact);  // out is external
    // The sole towards the middle: the foot's upward axis leans outwards.
    const Eigen::Matrix3d inverted = Upright() * Turn(0, -out * 5.0 * kDegree);
    Place(FootOf(side), inverted);
    EXPECT_GT(inverted.col(1).y() * out, 0.0);
    EXPECT_NEAR(Value(AnkleIndex(side) + 1), 5.0 * kDegree, kExact);
  }
}

TEST_F(PoseAnglesTest, TrunkLeansToTheRightAndForward) {
  poses_[IndexOf(Segment::kTrunk)].lab_from_segment.translation =
      0.5 * Eigen::Vector3d(std::tan(8.0 * kDegree), -std::tan(3.0 * kDegree), 1.0);
  EXPECT_NEAR(Value(kTrunkLateralLean), 3.0 * kDegree, kExact);
  EXPECT_NEAR(Value(kTrunkForwardLean), 8.0 * kDegree, kExact);
}

TEST_F(PoseAnglesTest, TrunkLeanHasTheVarianceOfItsTwoPoints) {
  // 1 mm and 2 mm across, over half a metre.
  poses_[IndexOf(Segment::kPelvis)].centroid_covariance = Eigen::Matrix3d::Identity() * 1e-6;
  Pose& trunk = poses_[IndexOf(Segment::kTrunk)];
  trunk.centroid = trunk.lab_from_segment.translation;
  trunk.centroid_covariance = Eigen::Matrix3d::Identity() * 4e-6;
  EXPECT_NEAR(All().at(kTrunkLateralLean).second, 5e-6 / 0.25, 1e-12);
}

TEST_F(PoseAnglesTest, TwoDimensionalAnglesHaveTheSignsOfTheThreeDimensionalOnes) {
  Place(Segment::kPelvis, Upright() * Turn(0, -4.0 * kDegree));  // right side up
  EXPECT_NEAR(Value(kObliquity2d), 4.0 * kDegree, kExact);
  EXPECT_NEAR(Value(HipAdduction2dIndex(Side::kRight)), 4.0 * kDegree, kExact);
  EXPECT_NEAR(Value(HipAdduction2dIndex(Side::kLeft)), -4.0 * kDegree, kExact);
  Place(Segment::kPelvis, Upright());
  for (const Side side : kSides) {
    const double mirror = side == Side::kRight ? 1.0 : -1.0;
    // Knee inwards by 6, ankle below it again: valgus.
    Place(ThighOf(side), Upright() * Turn(0, mirror * 6.0 * kDegree));
    const auto all = All();
    EXPECT_NEAR(all.at(HipAdduction2dIndex(side)).first, 6.0 * kDegree, kExact);
    EXPECT_NEAR(all.at(HipAdduction2dIndex(side)).first, all.at(HipIndex(side) + 1).first, kExact);
    EXPECT_NEAR(all.at(KneeProjection2dIndex(side)).first, -6.0 * kDegree, kExact);
    EXPECT_NEAR(all.at(KneeProjection2dIndex(side)).first, all.at(KneeIndex(side) + 1).first,
                kExact);
  }
}

TEST_F(PoseAnglesTest, FromTheFrontAreThoseFromBehindAndAskewAreNot) {
  Place(Segment::kRightThigh, Upright() * Turn(2, 30.0 * kDegree) * Turn(0, 6.0 * kDegree));
  const std::size_t index = HipAdduction2dIndex(Side::kRight);
  EXPECT_NEAR(Value(index, 180.0 * kDegree), Value(index), 1e-9);
  // Seen from 20 degrees aside a flexed thigh looks adducted by about tan(30) sin(20).
  EXPECT_GT(std::abs(Value(index, 20.0 * kDegree) - Value(index)), 8.0 * kDegree);
}

TEST_F(PoseAnglesTest, VarianceOfAxesAgreesWithDifferences) {
  Eigen::Matrix3d covariance;
  covariance << 4e-6, 1e-6, -5e-7, 1e-6, 2e-6, 3e-7, -5e-7, 3e-7, 1e-6;
  const Eigen::Matrix3d thigh = Upright() * Turn(2, 0.5) * Turn(0, 0.2) * Turn(1, 0.1);
  Place(Segment::kLeftThigh, thigh);
  poses_[IndexOf(Segment::kLeftThigh)].rotation_covariance = covariance;
  const std::size_t index = HipAdduction2dIndex(Side::kLeft);
  const double stated = All().at(index).second;
  constexpr double kStep = 1e-6;
  Eigen::Vector3d gradient;
  for (int axis = 0; axis < 3; ++axis) {
    Place(Segment::kLeftThigh, Turn(axis, kStep) * thigh);
    gradient[axis] = Value(index);
    Place(Segment::kLeftThigh, Turn(axis, -kStep) * thigh);
    gradient[axis] = (gradient[axis] - Value(index)) / (2.0 * kStep);
  }
  EXPECT_NEAR(stated, gradient.dot(covariance * gradient), 1e-6 * stated);
}

TEST_F(PoseAnglesTest, AreAbsentWhereTheBodyLacksTheSegment) {
  body_.segments[IndexOf(Segment::kLeftFoot)] = {};
  body_.segments[IndexOf(Segment::kTrunk)] = {};
  const auto available = PoseAngles(body_, 0.0).Available();
  EXPECT_FALSE(available[AnkleIndex(Side::kLeft)]);
  EXPECT_TRUE(available[AnkleIndex(Side::kRight)]);
  EXPECT_FALSE(available[FootProgressionIndex(Side::kLeft)]);
  EXPECT_FALSE(available[kTrunkLateralLean]);
  EXPECT_TRUE(available[KneeProjection2dIndex(Side::kLeft)]);
}

TEST(FootFrame, LiesFlatWhateverTheHeightsOfItsMarkers) {
  const RigidTransform foot = FootFrame({0.0, -0.1, 0.05}, {0.2, -0.1, 0.02}, {0.0, 0.0, 1.0});
  EXPECT_LT((foot.rotation - Upright()).norm(), kExact);
}

TEST(ShoeFrame, TakesTheVerticalPairOfEitherShoe) {
  // Right shoe: two markers above each other at the heel, the third to the outside.
  const Eigen::Vector3d forward = Eigen::Vector3d::UnitX(), up = Eigen::Vector3d::UnitZ();
  const double lean = std::tan(4.0 * kDegree);
  for (const Side side : kSides) {
    const double right = side == Side::kRight ? -1.0 : 1.0;  // lab Y of outwards
    const RigidTransform shoe =
        ShoeFrame({Eigen::Vector3d(0.0, right * 0.04, 0.05), Eigen::Vector3d(-0.03, 0.001, 0.04),
                   Eigen::Vector3d(-0.03, 0.001 + 0.05 * lean, 0.09)},
                  side, forward, up);
    EXPECT_LT((shoe.rotation.col(0) - forward).norm(), kExact);
    EXPECT_NEAR(std::atan2(shoe.rotation(1, 1), shoe.rotation(2, 1)), 4.0 * kDegree, 1e-9);
  }
}

}  // namespace
}  // namespace medius::analysis
