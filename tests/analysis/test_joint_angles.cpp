#include <cmath>

#include <Eigen/Geometry>
#include <gtest/gtest.h>

#include "analysis/anatomy.hpp"
#include "analysis/joint_angles.hpp"
#include "tests/analysis/synthetic_body.hpp"

namespace medius::analysis {
namespace {

using testing::BodyAngles;
using testing::kDegree;
using testing::PelvisInLab;

constexpr double kExact = 1e-12;
const Eigen::Matrix3d kNoError = Eigen::Matrix3d::Zero();

// lab_from_segment of somebody upright who faces +X: anterior +X, superior +Z, right -Y.
Eigen::Matrix3d Upright() {
  Eigen::Matrix3d m;
  m.col(0) = Eigen::Vector3d::UnitX();
  m.col(1) = Eigen::Vector3d::UnitZ();
  m.col(2) = -Eigen::Vector3d::UnitY();
  return m;
}

TEST(PelvisAngles, AreZeroForSomebodyUprightWhoFacesForward) {
  EXPECT_LT(PelvisAngles(Upright(), kNoError).value.norm(), kExact);
}

TEST(PelvisAngles, ObliquityIsPositiveWithTheRightSideUp) {
  // ASIS 0.24 m apart, the right one 20 mm higher.
  const RigidTransform frame =
      PelvisFrame({Eigen::Vector3d(0, -0.12, 1.02), Eigen::Vector3d(0, 0.12, 1.00),
                   Eigen::Vector3d(-0.14, 0.0, 1.01)});
  const Eigen::Vector3d angles = PelvisAngles(frame.rotation, kNoError).value;
  EXPECT_NEAR(angles[0], std::asin(0.02 / std::hypot(0.02, 0.24)), kExact);
  EXPECT_NEAR(angles[1], 0.0, kExact);
  EXPECT_NEAR(angles[2], 0.0, kExact);
}

TEST(PelvisAngles, TiltIsPositiveWithTheFrontUp) {
  // The PSIS 40 mm higher than the ASIS: front down, anterior tilt.
  const RigidTransform frame =
      PelvisFrame({Eigen::Vector3d(0, -0.12, 1.0), Eigen::Vector3d(0, 0.12, 1.0),
                   Eigen::Vector3d(-0.15, 0.0, 1.04)});
  EXPECT_NEAR(PelvisAngles(frame.rotation, kNoError).value[1], -std::atan2(0.04, 0.15), kExact);
}

TEST(PelvisAngles, RotationIsPositiveWithTheRightSideForward) {
  const RigidTransform frame =
      PelvisFrame({Eigen::Vector3d(0.03, -0.12, 1.0), Eigen::Vector3d(-0.03, 0.12, 1.0),
                   Eigen::Vector3d(-0.15, -0.0375, 1.0)});
  EXPECT_NEAR(PelvisAngles(frame.rotation, kNoError).value[2], std::atan2(0.06, 0.24), kExact);
}

TEST(PelvisAngles, UndoTheTurnsInTheirOrder) {
  for (const double o : {-9.0, 0.0, 6.0}) {
    for (const double t : {-25.0, 3.0}) {
      for (const double r : {-40.0, 5.0, 120.0}) {
        BodyAngles body;
        body.obliquity = o * kDegree;
        body.tilt = t * kDegree;
        body.rotation = r * kDegree;
        const Eigen::Vector3d angles = PelvisAngles(PelvisInLab(body), kNoError).value;
        EXPECT_NEAR(angles[0], o * kDegree, kExact);
        EXPECT_NEAR(angles[1], t * kDegree, kExact);
        EXPECT_NEAR(angles[2], r * kDegree, kExact);
      }
    }
  }
}

// A thigh (or shank) whose distal end points to `down` and whose front stays as near to `front` as
// that allows.
Eigen::Matrix3d LimbPointing(const Eigen::Vector3d& down, const Eigen::Vector3d& front) {
  Eigen::Matrix3d m;
  m.col(1) = -down.normalized();
  m.col(2) = front.cross(m.col(1)).normalized();
  m.col(0) = m.col(1).cross(m.col(2));
  return m;
}

TEST(JointAngles, FlexionIsPositiveWithTheThighForwardOnBothSides) {
  const Eigen::Matrix3d thigh =
      LimbPointing({std::sin(0.5), 0, -std::cos(0.5)}, Eigen::Vector3d::UnitX());
  for (const Side side : kSides) {
    const Eigen::Vector3d angles = JointAngles(Upright(), thigh, kNoError, side).value;
    EXPECT_NEAR(angles[0], 0.5, kExact);
    EXPECT_NEAR(angles[1], 0.0, kExact);
    EXPECT_NEAR(angles[2], 0.0, kExact);
  }
}

TEST(JointAngles, AdductionIsPositiveTowardsTheMiddleOnBothSides) {
  // Lab Y is to the left: the right thigh goes to +Y, the left one to -Y.
  const Eigen::Matrix3d right =
      LimbPointing({0, std::sin(0.2), -std::cos(0.2)}, Eigen::Vector3d::UnitX());
  const Eigen::Matrix3d left =
      LimbPointing({0, -std::sin(0.2), -std::cos(0.2)}, Eigen::Vector3d::UnitX());
  EXPECT_NEAR(JointAngles(Upright(), right, kNoError, Side::kRight).value[1], 0.2, kExact);
  EXPECT_NEAR(JointAngles(Upright(), left, kNoError, Side::kLeft).value[1], 0.2, kExact);
  EXPECT_NEAR(JointAngles(Upright(), right, kNoError, Side::kLeft).value[1], -0.2, kExact);
}

TEST(JointAngles, InternalRotationIsPositiveWithTheFrontTowardsTheMiddle) {
  const Eigen::Vector3d down(0, 0, -1);
  const Eigen::Matrix3d to_left = LimbPointing(down, {std::cos(0.3), std::sin(0.3), 0});
  const Eigen::Matrix3d to_right = LimbPointing(down, {std::cos(0.3), -std::sin(0.3), 0});
  EXPECT_NEAR(JointAngles(Upright(), to_left, kNoError, Side::kRight).value[2], 0.3, kExact);
  EXPECT_NEAR(JointAngles(Upright(), to_right, kNoError, Side::kLeft).value[2], 0.3, kExact);
}

TEST(JointAngles, ADroppedPelvisAdductsTheStanceHip) {
  // Right leg upright, left side of the pelvis 5 degrees down: right side up.
  BodyAngles body;
  body.obliquity = 5.0 * kDegree;
  const Eigen::Vector3d angles =
      JointAngles(PelvisInLab(body), Upright(), kNoError, Side::kRight).value;
  EXPECT_NEAR(angles[1], 5.0 * kDegree, kExact);
}

// Covariance by differences: every angle at R turned by a small rotation about each lab axis.
template <typename Angles>
Eigen::Matrix3d JacobianByDifferences(const Angles& angles_of) {
  constexpr double kStep = 1e-6;
  Eigen::Matrix3d jacobian;
  for (int axis = 0; axis < 3; ++axis) {
    const Eigen::Vector3d d = kStep * Eigen::Vector3d::Unit(axis);
    const Eigen::AngleAxisd plus(kStep, d.normalized());
    const Eigen::AngleAxisd minus(-kStep, d.normalized());
    jacobian.col(axis) =
        (angles_of(plus.toRotationMatrix()) - angles_of(minus.toRotationMatrix())) / (2.0 * kStep);
  }
  return jacobian;
}

TEST(AngleCovariance, AgreesWithDifferencesForPelvisAndJoints) {
  BodyAngles body;
  body.obliquity = 0.15;
  body.tilt = -0.3;
  body.rotation = 0.2;
  const Eigen::Matrix3d pelvis = PelvisInLab(body);
  const Eigen::Matrix3d thigh =
      pelvis * testing::Turn(2, 0.7) * testing::Turn(0, 0.25) * testing::Turn(1, -0.2);
  Eigen::Matrix3d covariance;
  covariance << 4e-6, 1e-6, -5e-7, 1e-6, 2e-6, 3e-7, -5e-7, 3e-7, 1e-6;

  const Eigen::Matrix3d of_pelvis = JacobianByDifferences(
      [&](const Eigen::Matrix3d& d) { return PelvisAngles(d * pelvis, kNoError).value; });
  EXPECT_LT(
      (PelvisAngles(pelvis, covariance).covariance - of_pelvis * covariance * of_pelvis.transpose())
          .norm(),
      1e-9 * covariance.norm());
  for (const Side side : kSides) {
    const Eigen::Matrix3d of_hip = JacobianByDifferences([&](const Eigen::Matrix3d& d) {
      return JointAngles(pelvis, d * thigh, kNoError, side).value;
    });
    EXPECT_LT((JointAngles(pelvis, thigh, covariance, side).covariance -
               of_hip * covariance * of_hip.transpose())
                  .norm(),
              1e-8 * covariance.norm());
  }
}

// Known turns in each order, undone by it.
TEST(PelvisAngles, UndoTheTurnsOfOpenSimsOrder) {
  // OpenSim: tilt about z, then list about x, then rotation about y; list > 0 right side down.
  const Eigen::Matrix3d pelvis = Upright() * testing::Turn(2, -12.0 * kDegree) *
                                 testing::Turn(0, 5.0 * kDegree) * testing::Turn(1, 9.0 * kDegree);
  const Eigen::Vector3d angles =
      PelvisAngles(pelvis, kNoError, PelvisOrder::kTiltObliquityRotation).value;
  EXPECT_NEAR(angles[0], -5.0 * kDegree, kExact);
  EXPECT_NEAR(angles[1], -12.0 * kDegree, kExact);
  EXPECT_NEAR(angles[2], 9.0 * kDegree, kExact);
}

TEST(PelvisAngles, OfALevelPelvisDifferByOrderOnceItIsTiltedAndTurned) {
  // Baker 2001: level ASIS, tilt and rotation large: Plug-in Gait's order shows obliquity.
  BodyAngles body;
  body.tilt = -40.0 * kDegree;
  body.rotation = 15.0 * kDegree;
  const Eigen::Matrix3d pelvis = PelvisInLab(body);
  EXPECT_NEAR(PelvisAngles(pelvis, kNoError).value[0], 0.0, kExact);
  const double other = PelvisAngles(pelvis, kNoError, PelvisOrder::kTiltObliquityRotation).value[0];
  // Its top leans to the side by sin(40) sin(15).
  EXPECT_NEAR(std::abs(std::sin(other)), std::sin(40.0 * kDegree) * std::sin(15.0 * kDegree),
              kExact);
}

TEST(PelvisAngles, ByProjectionAreTheSlopesOfTheAxes) {
  BodyAngles body;
  body.obliquity = 3.0 * kDegree;
  body.rotation = 20.0 * kDegree;
  const Eigen::Vector3d angles =
      PelvisAngles(PelvisInLab(body), kNoError, PelvisOrder::kProjections).value;
  EXPECT_NEAR(std::tan(angles[0]), std::tan(3.0 * kDegree) / std::cos(20.0 * kDegree), kExact);
  EXPECT_NEAR(angles[2], 20.0 * kDegree, kExact);
}

TEST(JointAngles, UndoTheTurnsOfEitherOrder) {
  const Eigen::Vector3d turned(35.0 * kDegree, 8.0 * kDegree, -6.0 * kDegree);
  for (const Side side : kSides) {
    const double mirror = side == Side::kRight ? 1.0 : -1.0;
    const Eigen::Matrix3d flexion = testing::Turn(2, turned[0]);
    const Eigen::Matrix3d adduction = testing::Turn(0, mirror * turned[1]);
    const Eigen::Matrix3d rotation = testing::Turn(1, mirror * turned[2]);
    const auto angles = [&](const Eigen::Matrix3d& m, JointOrder order) {
      return JointAngles(Upright(), Upright() * m, kNoError, side, order).value;
    };
    EXPECT_LT(
        (angles(flexion * adduction * rotation, JointOrder::kFlexionAdductionRotation) - turned)
            .norm(),
        kExact);
    EXPECT_LT(
        (angles(rotation * adduction * flexion, JointOrder::kRotationAdductionFlexion) - turned)
            .norm(),
        kExact);
  }
}

TEST(AngleCovariance, AgreesWithDifferencesInTheOtherOrders) {
  BodyAngles body;
  body.obliquity = 0.15;
  body.tilt = -0.3;
  body.rotation = 0.2;
  const Eigen::Matrix3d pelvis = PelvisInLab(body);
  const Eigen::Matrix3d thigh =
      pelvis * testing::Turn(2, 0.7) * testing::Turn(0, 0.25) * testing::Turn(1, -0.2);
  Eigen::Matrix3d covariance;
  covariance << 4e-6, 1e-6, -5e-7, 1e-6, 2e-6, 3e-7, -5e-7, 3e-7, 1e-6;
  for (const PelvisOrder order : {PelvisOrder::kTiltObliquityRotation, PelvisOrder::kProjections}) {
    const Eigen::Matrix3d j = JacobianByDifferences(
        [&](const Eigen::Matrix3d& d) { return PelvisAngles(d * pelvis, kNoError, order).value; });
    EXPECT_LT((PelvisAngles(pelvis, covariance, order).covariance - j * covariance * j.transpose())
                  .norm(),
              1e-8 * covariance.norm());
  }
  const JointOrder order = JointOrder::kRotationAdductionFlexion;
  const Eigen::Matrix3d j = JacobianByDifferences([&](const Eigen::Matrix3d& d) {
    return JointAngles(pelvis, d * thigh, kNoError, Side::kLeft, order).value;
  });
  EXPECT_LT((JointAngles(pelvis, thigh, covariance, Side::kLeft, order).covariance -
             j * covariance * j.transpose())
                .norm(),
            1e-8 * covariance.norm());
}

TEST(Angles, OfAPoseThatIsNotKnownAreNaN) {
  const Eigen::Matrix3d nan = Eigen::Matrix3d::Constant(std::nan(""));
  EXPECT_TRUE(PelvisAngles(nan, kNoError).value.array().isNaN().all());
  EXPECT_TRUE(JointAngles(Upright(), nan, kNoError, Side::kLeft).value.array().isNaN().all());
}

}  // namespace
}  // namespace medius::analysis
