#include "calibration/temporal_motion.hpp"

#include <cmath>

#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;

// Columns of a pair of knots.
constexpr int kRotation = 0;
constexpr int kTranslation = 3;
constexpr int kAngular = 6;
constexpr int kVelocity = 9;
constexpr int kNext = kKnotSize;

// Inverse of LeftJacobian.
// Source: Barfoot, State Estimation for Robotics, 2017, eq. 7.76.
Matrix3d InverseLeftJacobian(const Vector3d& w) {
  const double angle2 = w.squaredNorm();
  const double angle = std::sqrt(angle2);
  const bool small = angle < 1e-3;
  const double b = small ? 1.0 / 12.0 + angle2 / 720.0
                         : (1.0 - 0.5 * angle * std::cos(0.5 * angle) / std::sin(0.5 * angle)) /
                               angle2;
  const Matrix3d W = Skew(w);
  return Matrix3d::Identity() - 0.5 * W + b * W * W;
}

// d(InverseLeftJacobian(w) v) / dw, to second order in w.
Matrix3d InverseJacobianTimesBy(const Vector3d& w, const Vector3d& v) {
  return 0.5 * Skew(v) - (Skew(w.cross(v)) + Skew(w) * Skew(v)) / 12.0;
}

// d(LeftJacobian(w) v) / dw, to second order in w.
Matrix3d JacobianTimesBy(const Vector3d& w, const Vector3d& v) {
  return -0.5 * Skew(v) - (Skew(w.cross(v)) + Skew(w) * Skew(v)) / 6.0;
}

// Weights of a cubic by its ends: value and slope (times the interval) at each.
struct Hermite {
  double first, first_slope, second, second_slope;
};
Hermite HermiteValue(double u) {
  const double u2 = u * u;
  const double u3 = u2 * u;
  return {1.0 - 3.0 * u2 + 2.0 * u3, u - 2.0 * u2 + u3, 3.0 * u2 - 2.0 * u3, u3 - u2};
}
Hermite HermiteSlope(double u) {
  return {6.0 * (u * u - u), 1.0 - 4.0 * u + 3.0 * u * u, 6.0 * (u - u * u), 3.0 * u * u - 2.0 * u};
}
Hermite HermiteBend(double u) {
  return {12.0 * u - 6.0, 6.0 * u - 4.0, 6.0 - 12.0 * u, 6.0 * u - 2.0};
}

// The turn from the first knot to the second, its rate at the second, and how both move.
struct Turn {
  Vector3d value;
  Vector3d rate;
  Eigen::Matrix<double, 3, 24> value_by = Eigen::Matrix<double, 3, 24>::Zero();
  Eigen::Matrix<double, 3, 24> rate_by = Eigen::Matrix<double, 3, 24>::Zero();
};

Turn TurnBetween(const MotionKnot& first, const MotionKnot& second) {
  Turn turn;
  turn.value = VectorFromRotation(second.lab_from_target.rotation *
                                  first.lab_from_target.rotation.transpose());
  const Matrix3d inverse = InverseLeftJacobian(turn.value);
  const Vector3d angular = second.twist.head<3>();
  turn.rate = inverse * angular;
  turn.value_by.middleCols<3>(kRotation) = -inverse.transpose();  // the right Jacobian's inverse
  turn.value_by.middleCols<3>(kNext + kRotation) = inverse;
  turn.rate_by = InverseJacobianTimesBy(turn.value, angular) * turn.value_by;
  turn.rate_by.middleCols<3>(kNext + kAngular) = inverse;
  return turn;
}

MotionSample Extrapolate(const MotionKnot& knot, double time, int column) {
  MotionSample sample;
  const Vector3d angular = knot.twist.head<3>();
  const Matrix3d turn = RotationFromVector(time * angular);
  sample.lab_from_target.rotation = turn * knot.lab_from_target.rotation;
  sample.lab_from_target.translation =
      knot.lab_from_target.translation + time * knot.twist.tail<3>();
  sample.twist = knot.twist;
  sample.rate_of_twist.setZero();
  sample.pose_by.setZero();
  sample.pose_by.block<3, 3>(0, column + kRotation) = turn;
  sample.pose_by.block<3, 3>(0, column + kAngular) = time * LeftJacobian(time * angular);
  sample.pose_by.block<3, 3>(3, column + kTranslation).setIdentity();
  sample.pose_by.block<3, 3>(3, column + kVelocity) = time * Matrix3d::Identity();
  sample.twist_by.setZero();
  sample.twist_by.block<6, 6>(0, column + kAngular).setIdentity();
  return sample;
}

void SampleTranslation(const MotionKnot& first, const MotionKnot& second, double interval, double u,
                       MotionSample* sample) {
  const auto mix = [&](const Hermite& h) -> Vector3d {
    return h.first * first.lab_from_target.translation +
           h.second * second.lab_from_target.translation +
           interval * (h.first_slope * first.twist.tail<3>() +
                       h.second_slope * second.twist.tail<3>());
  };
  const auto fill = [&](const Hermite& h, double scale, auto rows) {
    const Matrix3d I = Matrix3d::Identity();
    rows.template middleCols<3>(kTranslation) = scale * h.first * I;
    rows.template middleCols<3>(kVelocity) = scale * interval * h.first_slope * I;
    rows.template middleCols<3>(kNext + kTranslation) = scale * h.second * I;
    rows.template middleCols<3>(kNext + kVelocity) = scale * interval * h.second_slope * I;
  };
  sample->lab_from_target.translation = mix(HermiteValue(u));
  sample->twist.tail<3>() = mix(HermiteSlope(u)) / interval;
  sample->rate_of_twist.tail<3>() = mix(HermiteBend(u)) / (interval * interval);
  fill(HermiteValue(u), 1.0, sample->pose_by.bottomRows<3>());
  fill(HermiteSlope(u), 1.0 / interval, sample->twist_by.bottomRows<3>());
}

void SampleRotation(const MotionKnot& first, const MotionKnot& second, double interval, double u,
                    MotionSample* sample) {
  const Turn turn = TurnBetween(first, second);
  const Vector3d angular = first.twist.head<3>();
  const auto mix = [&](const Hermite& h) -> Vector3d {
    return h.second * turn.value + interval * (h.first_slope * angular + h.second_slope * turn.rate);
  };
  const auto mix_by = [&](const Hermite& h) {
    Eigen::Matrix<double, 3, 24> by =
        h.second * turn.value_by + interval * h.second_slope * turn.rate_by;
    by.middleCols<3>(kAngular) += interval * h.first_slope * Matrix3d::Identity();
    return by;
  };
  const Vector3d vector = mix(HermiteValue(u));
  const Vector3d rate = mix(HermiteSlope(u)) / interval;
  const Vector3d bend = mix(HermiteBend(u)) / (interval * interval);
  const Matrix3d rotation = RotationFromVector(vector);
  const Matrix3d J = LeftJacobian(vector);
  sample->lab_from_target.rotation = rotation * first.lab_from_target.rotation;
  sample->twist.head<3>() = J * rate;
  sample->rate_of_twist.head<3>() = J * bend + JacobianTimesBy(vector, rate) * rate;
  const Eigen::Matrix<double, 3, 24> vector_by = mix_by(HermiteValue(u));
  const Eigen::Matrix<double, 3, 24> rate_by = mix_by(HermiteSlope(u)) / interval;
  sample->pose_by.topRows<3>() = J * vector_by;
  sample->pose_by.block<3, 3>(0, kRotation) += rotation;
  sample->twist_by.topRows<3>() = J * rate_by + JacobianTimesBy(vector, rate) * vector_by;
}

}  // namespace

MotionKnot Moved(const MotionKnot& knot, const KnotVector& step) {
  MotionKnot moved = knot;
  moved.lab_from_target.rotation =
      RotationFromVector(step.head<3>()) * knot.lab_from_target.rotation;
  moved.lab_from_target.translation += step.segment<3>(3);
  moved.twist += step.tail<6>();
  return moved;
}

MotionSample SampleMotion(const MotionKnot& first, const MotionKnot& second, double interval,
                          double time) {
  if (time <= 0.0 || interval <= 0.0) return Extrapolate(first, time, 0);
  if (time >= interval) return Extrapolate(second, time - interval, kNext);
  MotionSample sample;
  sample.pose_by.setZero();
  sample.twist_by.setZero();
  SampleTranslation(first, second, interval, time / interval, &sample);
  SampleRotation(first, second, interval, time / interval, &sample);
  return sample;
}

MotionResidual ResidualOfMotion(const MotionKnot& first, const MotionKnot& second,
                                double interval) {
  const Turn turn = TurnBetween(first, second);
  const Matrix3d I = Matrix3d::Identity();
  MotionResidual residual;
  residual.value.segment<3>(0) = turn.value - interval * first.twist.head<3>();
  residual.value.segment<3>(3) = turn.rate - first.twist.head<3>();
  residual.value.segment<3>(6) = second.lab_from_target.translation -
                                 first.lab_from_target.translation -
                                 interval * first.twist.tail<3>();
  residual.value.segment<3>(9) = second.twist.tail<3>() - first.twist.tail<3>();
  TwelveByTwoKnots by = TwelveByTwoKnots::Zero();
  by.middleRows<3>(0) = turn.value_by;
  by.block<3, 3>(0, kAngular) -= interval * I;
  by.middleRows<3>(3) = turn.rate_by;
  by.block<3, 3>(3, kAngular) -= I;
  by.block<3, 3>(6, kTranslation) = -I;
  by.block<3, 3>(6, kNext + kTranslation) = I;
  by.block<3, 3>(6, kVelocity) = -interval * I;
  by.block<3, 3>(9, kVelocity) = -I;
  by.block<3, 3>(9, kNext + kVelocity) = I;
  // Unit white noise on the acceleration leaves [h^3/3 h^2/2; h^2/2 h], whose inverse is U^T U with
  // U = [a, -a h/2; 0, 1/sqrt(h)], a = sqrt(12 / h^3).
  const double a = std::sqrt(12.0 / (interval * interval * interval));
  const double b = 1.0 / std::sqrt(interval);
  for (const int row : {0, 6}) {
    residual.value.segment<3>(row) =
        a * (residual.value.segment<3>(row) - 0.5 * interval * residual.value.segment<3>(row + 3));
    residual.value.segment<3>(row + 3) *= b;
    by.middleRows<3>(row) =
        (a * (by.middleRows<3>(row) - 0.5 * interval * by.middleRows<3>(row + 3))).eval();
    by.middleRows<3>(row + 3) *= b;
  }
  residual.by = by;
  return residual;
}

}  // namespace medius::calibration
