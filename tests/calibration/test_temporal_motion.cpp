#include <cmath>

#include <gtest/gtest.h>

#include "calibration/so3.hpp"
#include "calibration/temporal_motion.hpp"

namespace medius::calibration {
namespace {

constexpr double kStep = 1e-6;
// Central differences of numbers of size 10 at a step of 1e-6 are good to 1e-8; the derivatives of
// the turn are series to second order in it, 0.06 rad here: off by 0.06^3 / 24 of a rate of 3.
constexpr double kDifference = 1e-4;

MotionKnot Knot(double turn, double place) {
  MotionKnot knot;
  knot.lab_from_target.rotation = RotationFromVector({0.3 + turn, -0.4, 1.1 - turn});
  knot.lab_from_target.translation = {place, 0.5 - place, 2.0};
  knot.twist << 1.0 + turn, -0.5, 0.8, 0.3, place, -1.2;
  return knot;
}

Vector6 Difference(const RigidTransform& a, const RigidTransform& b) {
  Vector6 difference;
  difference.head<3>() = VectorFromRotation(a.rotation * b.rotation.transpose());
  difference.tail<3>() = a.translation - b.translation;
  return difference;
}

TEST(SampleMotion, PassesThroughBothKnotsWithTheirVelocities) {
  const MotionKnot first = Knot(0.0, 0.1);
  const MotionKnot second = Knot(0.05, 0.2);
  const double interval = 0.05;
  for (const bool at_end : {false, true}) {
    const MotionKnot& knot = at_end ? second : first;
    const double time = at_end ? interval * (1.0 - 1e-9) : 1e-12;
    const MotionSample sample = SampleMotion(first, second, interval, time);
    EXPECT_LT(Difference(sample.lab_from_target, knot.lab_from_target).norm(), 1e-8);
    EXPECT_LT((sample.twist - knot.twist).norm(), 1e-6);
  }
}

TEST(SampleMotion, GoesOnSteadilyOutsideItsKnots) {
  const MotionKnot first = Knot(0.0, 0.1);
  const MotionKnot second = Knot(0.05, 0.2);
  const MotionSample after = SampleMotion(first, second, 0.05, 0.07);
  EXPECT_LT((after.lab_from_target.translation - second.lab_from_target.translation -
             0.02 * second.twist.tail<3>())
                .norm(),
            1e-12);
  const MotionSample alone = SampleMotion(first, first, 0.0, 0.03);
  EXPECT_LT((alone.lab_from_target.rotation -
             RotationFromVector(0.03 * first.twist.head<3>()) * first.lab_from_target.rotation)
                .norm(),
            1e-12);
}

TEST(SampleMotion, TwistsAreTheDerivativesByTime) {
  const MotionKnot first = Knot(0.0, 0.1);
  const MotionKnot second = Knot(0.05, 0.2);
  const double time = 0.02;
  const MotionSample before = SampleMotion(first, second, 0.05, time - kStep);
  const MotionSample sample = SampleMotion(first, second, 0.05, time);
  const MotionSample after = SampleMotion(first, second, 0.05, time + kStep);
  const Vector6 twist = Difference(after.lab_from_target, before.lab_from_target) / (2.0 * kStep);
  EXPECT_LT((twist - sample.twist).norm(), kDifference);
  const Vector6 rate = (after.twist - before.twist) / (2.0 * kStep);
  EXPECT_LT((rate - sample.rate_of_twist).norm(), 1e-3 * rate.norm());
}

TEST(SampleMotion, DerivativesByKnotsAgreeWithDifferences) {
  const MotionKnot knots[2] = {Knot(0.0, 0.1), Knot(0.05, 0.2)};
  for (const double time : {-0.01, 0.013, 0.04, 0.06}) {
    const MotionSample sample = SampleMotion(knots[0], knots[1], 0.05, time);
    for (int i = 0; i < 2 * kKnotSize; ++i) {
      KnotVector step = KnotVector::Zero();
      step[i % kKnotSize] = kStep;
      MotionKnot plus[2] = {knots[0], knots[1]};
      MotionKnot minus[2] = {knots[0], knots[1]};
      plus[i / kKnotSize] = Moved(knots[i / kKnotSize], step);
      minus[i / kKnotSize] = Moved(knots[i / kKnotSize], -step);
      const MotionSample a = SampleMotion(plus[0], plus[1], 0.05, time);
      const MotionSample b = SampleMotion(minus[0], minus[1], 0.05, time);
      const Vector6 by = Difference(a.lab_from_target, b.lab_from_target) / (2.0 * kStep);
      EXPECT_LT((by - sample.pose_by.col(i)).norm(), kDifference) << "time " << time << ", " << i;
      const Vector6 twist_by = (a.twist - b.twist) / (2.0 * kStep);
      EXPECT_LT((twist_by - sample.twist_by.col(i)).norm(), 1e-3 * (1.0 + twist_by.norm()))
          << "time " << time << ", " << i;
    }
  }
}

TEST(ResidualOfMotion, IsNothingForSteadyMotion) {
  MotionKnot first = Knot(0.0, 0.1);
  MotionKnot second = first;
  const double interval = 0.1;
  second.lab_from_target.rotation =
      RotationFromVector(interval * first.twist.head<3>()) * first.lab_from_target.rotation;
  second.lab_from_target.translation += interval * first.twist.tail<3>();
  EXPECT_LT(ResidualOfMotion(first, second, interval).value.norm(), 1e-9);
}

TEST(ResidualOfMotion, HasTheCovarianceOfWhiteAcceleration) {
  // A jump of the velocity by dv in the middle of the interval h moves the end by dv h / 2:
  // [h^3/3 h^2/2; h^2/2 h]^-1 gives (12/4 - 2 * 6/2 + 4) dv^2 / h = dv^2 / h.
  MotionKnot first;
  MotionKnot second;
  const double h = 0.2;
  const double jump = 0.3;
  second.lab_from_target.translation.x() = 0.5 * jump * h;
  second.twist[3] = jump;
  EXPECT_NEAR(ResidualOfMotion(first, second, h).value.squaredNorm(), jump * jump / h, 1e-12);
}

TEST(ResidualOfMotion, DerivativesAgreeWithDifferences) {
  const MotionKnot knots[2] = {Knot(0.0, 0.1), Knot(0.05, 0.2)};
  const MotionResidual residual = ResidualOfMotion(knots[0], knots[1], 0.05);
  for (int i = 0; i < 2 * kKnotSize; ++i) {
    KnotVector step = KnotVector::Zero();
    step[i % kKnotSize] = kStep;
    MotionKnot plus[2] = {knots[0], knots[1]};
    MotionKnot minus[2] = {knots[0], knots[1]};
    plus[i / kKnotSize] = Moved(knots[i / kKnotSize], step);
    minus[i / kKnotSize] = Moved(knots[i / kKnotSize], -step);
    const auto by = ((ResidualOfMotion(plus[0], plus[1], 0.05).value -
                      ResidualOfMotion(minus[0], minus[1], 0.05).value) /
                     (2.0 * kStep))
                        .eval();
    EXPECT_LT((by - residual.by.col(i)).norm(), kDifference * (1.0 + by.norm())) << i;
  }
}

}  // namespace
}  // namespace medius::calibration
