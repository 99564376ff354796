#pragma once

#include <limits>

#include <Eigen/Core>
#include <Eigen/LU>

namespace medius {

/// A proper rotation and a translation, named target_from_source:
/// x_in_target = target_from_source * x_in_source. Metres.
struct RigidTransform {
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();

  /// source_from_target.
  [[nodiscard]] RigidTransform Inverse() const {
    return {rotation.transpose(), -(rotation.transpose() * translation)};
  }

  /// The homogeneous 4x4 matrix, as the trial file stores it.
  [[nodiscard]] Eigen::Matrix4d ToMatrix() const {
    Eigen::Matrix4d matrix = Eigen::Matrix4d::Identity();
    matrix.topLeftCorner<3, 3>() = rotation;
    matrix.topRightCorner<3, 1>() = translation;
    return matrix;
  }

  /// Takes the upper three rows as they are; the caller answers for the rotation being one.
  [[nodiscard]] static RigidTransform FromMatrix(const Eigen::Matrix4d& matrix) {
    return {matrix.topLeftCorner<3, 3>(), matrix.topRightCorner<3, 1>()};
  }
};

inline Eigen::Vector3d operator*(const RigidTransform& target_from_source,
                                 const Eigen::Vector3d& x_in_source) {
  return target_from_source.rotation * x_in_source + target_from_source.translation;
}

inline RigidTransform operator*(const RigidTransform& c_from_b, const RigidTransform& b_from_a) {
  return {c_from_b.rotation * b_from_a.rotation, c_from_b * b_from_a.translation};
}

/// Largest absolute entry of R R^T - I, or infinity where R has a non-finite entry or is a
/// reflection: how far a matrix is from a proper rotation.
inline double RotationError(const Eigen::Matrix3d& R) {
  if (!R.allFinite() || R.determinant() <= 0.0) return std::numeric_limits<double>::infinity();
  return (R * R.transpose() - Eigen::Matrix3d::Identity()).cwiseAbs().maxCoeff();
}

}  // namespace medius
