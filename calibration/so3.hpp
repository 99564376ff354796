#pragma once

#include <cmath>

#include <Eigen/Core>
#include <Eigen/Geometry>

namespace medius::calibration {

/// [v]x, the matrix with [v]x w = v x w.
inline Eigen::Matrix3d Skew(const Eigen::Vector3d& v) {
  Eigen::Matrix3d matrix;
  matrix << 0.0, -v.z(), v.y(), v.z(), 0.0, -v.x(), -v.y(), v.x(), 0.0;
  return matrix;
}

/// exp([w]x): the rotation by |w| radians about w (Rodrigues).
inline Eigen::Matrix3d RotationFromVector(const Eigen::Vector3d& w) {
  const double angle2 = w.squaredNorm();
  const double angle = std::sqrt(angle2);
  // Below 1e-4 the series are exact to rounding, and the quotients are not.
  const bool small = angle < 1e-4;
  const double a = small ? 1.0 - angle2 / 6.0 : std::sin(angle) / angle;
  const double b = small ? 0.5 - angle2 / 24.0 : (1.0 - std::cos(angle)) / angle2;
  const Eigen::Matrix3d W = Skew(w);
  return Eigen::Matrix3d::Identity() + a * W + b * W * W;
}

/// The rotation vector of R, of length in [0, pi].
inline Eigen::Vector3d VectorFromRotation(const Eigen::Matrix3d& R) {
  const Eigen::Quaterniond q(R);
  const double sine = q.vec().norm();
  if (sine < 1e-12) return (q.w() < 0.0 ? -2.0 : 2.0) * q.vec();
  const double angle = 2.0 * std::atan2(sine, std::abs(q.w()));
  return (q.w() < 0.0 ? -angle : angle) / sine * q.vec();
}

/// Angle of R, radians in [0, pi].
inline double RotationAngle(const Eigen::Matrix3d& R) {
  return VectorFromRotation(R).norm();
}

/// J with exp(w + dw) = exp(J dw) exp(w) to first order.
/// Source: Barfoot, State Estimation for Robotics, 2017, eq. 7.77b.
inline Eigen::Matrix3d LeftJacobian(const Eigen::Vector3d& w) {
  const double angle2 = w.squaredNorm();
  const double angle = std::sqrt(angle2);
  const bool small = angle < 1e-4;
  const double a = small ? 0.5 - angle2 / 24.0 : (1.0 - std::cos(angle)) / angle2;
  const double b =
      small ? 1.0 / 6.0 - angle2 / 120.0 : (angle - std::sin(angle)) / (angle2 * angle);
  const Eigen::Matrix3d W = Skew(w);
  return Eigen::Matrix3d::Identity() + a * W + b * W * W;
}

/// The rotation nearest to M (Frobenius), by quaternion renormalization: for matrices that left the
/// rotations by rounding alone.
inline Eigen::Matrix3d Renormalized(const Eigen::Matrix3d& M) {
  return Eigen::Quaterniond(M).normalized().toRotationMatrix();
}

}  // namespace medius::calibration
