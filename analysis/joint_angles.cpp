#include "analysis/joint_angles.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>

namespace medius::analysis {
namespace {

const Eigen::Vector3d kUp = Eigen::Vector3d::UnitZ();

double SafeAsin(double x) {
  return std::asin(std::clamp(x, -1.0, 1.0));
}

}  // namespace

AngleTriple PelvisAngles(const Eigen::Matrix3d& lab_from_pelvis,
                         const Eigen::Matrix3d& covariance) {
  const Eigen::Vector3d front = lab_from_pelvis.col(0);
  const Eigen::Vector3d top = lab_from_pelvis.col(1);
  const Eigen::Vector3d right = lab_from_pelvis.col(2);
  AngleTriple angles;
  // Lab Y is to the left: the rightward part of a vector is -y.
  angles.value << (right.allFinite() ? SafeAsin(right.z()) : right.z()),
      std::atan2(front.z(), top.z()), std::atan2(right.x(), -right.y());

  // A small turn d moves an axis v by d x v; a part of it along e then by d . (v x e).
  const double level = right.x() * right.x() + right.y() * right.y();  // cos^2 of the obliquity
  Eigen::Matrix3d jacobian;
  jacobian.row(0) = right.cross(kUp) / std::sqrt(level);
  jacobian.row(1) = (top.z() * front.cross(kUp) - front.z() * top.cross(kUp)) / level;
  jacobian.row(2) = (right.x() * right.cross(Eigen::Vector3d::UnitY()) -
                     right.y() * right.cross(Eigen::Vector3d::UnitX())) /
                    level;
  angles.covariance = jacobian * covariance * jacobian.transpose();
  return angles;
}

AngleTriple JointAngles(const Eigen::Matrix3d& lab_from_proximal,
                        const Eigen::Matrix3d& lab_from_distal, const Eigen::Matrix3d& covariance,
                        Side side) {
  const Eigen::Matrix3d r = lab_from_proximal.transpose() * lab_from_distal;
  const double flexion = std::atan2(-r(0, 1), r(1, 1));
  const double frontal = r.allFinite() ? SafeAsin(r(2, 1)) : r(2, 1);
  const double axial = std::atan2(-r(2, 0), r(2, 2));
  // Towards the right side's middle is to the left: there adduction and internal rotation are
  // positive as they stand; on the left side both are mirrored.
  const double mirror = side == Side::kRight ? 1.0 : -1.0;
  AngleTriple angles;
  angles.value << flexion, mirror * frontal, mirror * axial;

  // For R = Rz(a) Rx(b) Ry(c) a small turn w (proximal axes) is a' z + b' Rz x + c' Rz Rx y.
  const double ca = std::cos(flexion), sa = std::sin(flexion);
  const double cb = std::cos(frontal), sb = std::sin(frontal);
  Eigen::Matrix3d jacobian;
  jacobian.row(2) << -sa / cb, ca / cb, 0.0;
  jacobian.row(1) << ca, sa, 0.0;
  jacobian.row(0) = Eigen::RowVector3d::UnitZ() - sb * jacobian.row(2);
  jacobian.bottomRows<2>() *= mirror;
  jacobian *= lab_from_proximal.transpose();
  angles.covariance = jacobian * covariance * jacobian.transpose();
  return angles;
}

}  // namespace medius::analysis
