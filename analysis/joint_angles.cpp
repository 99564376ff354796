#include "analysis/joint_angles.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>
#include <Eigen/LU>

namespace medius::analysis {
namespace {

const Eigen::Vector3d kForward = Eigen::Vector3d::UnitX();
const Eigen::Vector3d kLeft = Eigen::Vector3d::UnitY();
const Eigen::Vector3d kUp = Eigen::Vector3d::UnitZ();

double SafeAsin(double x) {
  return std::isnan(x) ? x : std::asin(std::clamp(x, -1.0, 1.0));
}

// The part of a segment's axis along a lab direction, and how a small turn d of the segment changes
// it: d moves an axis v by d x v, its part along e then by d . (v x e).
struct Part {
  Part(const Eigen::Vector3d& axis, const Eigen::Vector3d& direction)
      : value(axis.dot(direction)), gradient(axis.cross(direction)) {}
  double value;
  Eigen::Vector3d gradient;
};

// atan2(y, x) and its gradient.
void SetAtan2(const Part& y, const Part& x, Eigen::Index i, AngleTriple& angles,
              Eigen::Matrix3d& jacobian) {
  angles.value[i] = std::atan2(y.value, x.value);
  jacobian.row(i) =
      (x.value * y.gradient - y.value * x.gradient) / (x.value * x.value + y.value * y.value);
}

void SetAsin(const Part& y, Eigen::Index i, AngleTriple& angles, Eigen::Matrix3d& jacobian) {
  angles.value[i] = SafeAsin(y.value);
  jacobian.row(i) = y.gradient / std::sqrt(1.0 - y.value * y.value);
}

}  // namespace

AngleTriple PelvisAngles(const Eigen::Matrix3d& lab_from_pelvis, const Eigen::Matrix3d& covariance,
                         PelvisOrder order) {
  constexpr Eigen::Index kObliquity = 0, kTilt = 1, kRotation = 2;
  const Eigen::Vector3d front = lab_from_pelvis.col(0);
  const Eigen::Vector3d top = lab_from_pelvis.col(1);
  const Eigen::Vector3d right = lab_from_pelvis.col(2);
  AngleTriple angles;
  Eigen::Matrix3d jacobian;
  switch (order) {
    case PelvisOrder::kRotationObliquityTilt:
      SetAsin({right, kUp}, kObliquity, angles, jacobian);
      SetAtan2({front, kUp}, {top, kUp}, kTilt, angles, jacobian);
      SetAtan2({right, kForward}, {right, -kLeft}, kRotation, angles, jacobian);
      break;
    case PelvisOrder::kTiltObliquityRotation:
      SetAsin({top, kLeft}, kObliquity, angles, jacobian);
      SetAtan2({top, -kForward}, {top, kUp}, kTilt, angles, jacobian);
      SetAtan2({front, kLeft}, {right, -kLeft}, kRotation, angles, jacobian);
      break;
    case PelvisOrder::kProjections:
      SetAtan2({right, kUp}, {right, -kLeft}, kObliquity, angles, jacobian);
      // atan, not atan2: somebody who faces backwards has the obliquity of the same line.
      angles.value[kObliquity] = std::atan(std::tan(angles.value[kObliquity]));
      SetAtan2({front, kUp}, {front, kForward}, kTilt, angles, jacobian);
      SetAtan2({right, kForward}, {right, -kLeft}, kRotation, angles, jacobian);
      break;
  }
  angles.covariance = jacobian * covariance * jacobian.transpose();
  return angles;
}

AngleTriple JointAngles(const Eigen::Matrix3d& lab_from_proximal,
                        const Eigen::Matrix3d& lab_from_distal, const Eigen::Matrix3d& covariance,
                        Side side, JointOrder order) {
  const Eigen::Matrix3d r = lab_from_proximal.transpose() * lab_from_distal;
  // Columns: the axes that a small change of flexion, frontal and axial angle turns about,
  // proximal; their inverse takes a small turn to the changes of the angles.
  Eigen::Matrix3d turn_of_angles;
  Eigen::Vector3d value;
  if (order == JointOrder::kFlexionAdductionRotation) {  // R = Rz(a) Rx(b) Ry(c)
    value << std::atan2(-r(0, 1), r(1, 1)), SafeAsin(r(2, 1)), std::atan2(-r(2, 0), r(2, 2));
    const double ca = std::cos(value[0]), sa = std::sin(value[0]);
    turn_of_angles << Eigen::Vector3d::UnitZ(), Eigen::Vector3d(ca, sa, 0.0), r.col(1);
  } else {  // R = Ry(c) Rx(b) Rz(a)
    value << std::atan2(r(1, 0), r(1, 1)), std::atan2(-r(1, 2), std::hypot(r(0, 2), r(2, 2))),
        std::atan2(r(0, 2), r(2, 2));
    const double cc = std::cos(value[2]), sc = std::sin(value[2]);
    turn_of_angles << r.col(2), Eigen::Vector3d(cc, 0.0, -sc), Eigen::Vector3d::UnitY();
  }
  // Towards the right side's middle is to the left: there adduction and internal rotation are
  // positive as they stand; on the left side both are mirrored.
  const double mirror = side == Side::kRight ? 1.0 : -1.0;
  AngleTriple angles;
  angles.value << value[0], mirror * value[1], mirror * value[2];
  Eigen::Matrix3d jacobian = turn_of_angles.inverse() * lab_from_proximal.transpose();
  jacobian.bottomRows<2>() *= mirror;
  angles.covariance = jacobian * covariance * jacobian.transpose();
  return angles;
}

}  // namespace medius::analysis
