#include "calibration/view_normal.hpp"

#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

// Standardized residual and Jacobian of a sighting, at a compile-time number of intrinsics K.
template <int K>
bool Linearize(CameraModelKind kind, const double* intrinsics, const RigidTransform& pose,
               const Sighting& sighting, Eigen::Vector2d* residual,
               Eigen::Matrix<double, 2, K + 6>* jacobian) {
  const Eigen::Vector3d turned = pose.rotation * sighting.x_in_target;
  PixelDerivatives pixel;
  if (!ProjectWithDerivatives(kind, intrinsics, turned + pose.translation, &pixel)) return false;
  const double w = sighting.inverse_sigma;
  *residual = w * (sighting.xy - pixel.xy);
  const Eigen::Matrix<double, 2, 3> by_point = w * pixel.by_point;
  jacobian->template leftCols<K>() = w * pixel.by_intrinsics.template leftCols<K>();
  // d(exp(a) R x) = a x (R x).
  for (int row = 0; row < 2; ++row) {
    const Eigen::Vector3d gradient = by_point.row(row).transpose();
    jacobian->template block<1, 3>(row, K) = turned.cross(gradient).transpose();
  }
  jacobian->template rightCols<3>() = by_point;
  return true;
}

template <int K>
bool LinearizeAll(CameraModelKind kind, const double* intrinsics, const RigidTransform& pose,
                  std::span<const Sighting> sightings, const std::uint8_t* use, RobustLoss loss,
                  ViewNormal* normal) {
  constexpr int kSize = K + 6;
  Eigen::Matrix<double, kSize, kSize> H = Eigen::Matrix<double, kSize, kSize>::Zero();
  Eigen::Matrix<double, kSize, 1> g = Eigen::Matrix<double, kSize, 1>::Zero();
  Eigen::Matrix<double, 2, kSize> jacobian;
  Eigen::Vector2d residual;
  double cost = 0.0;
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    if (use[i] == 0) continue;
    if (!Linearize<K>(kind, intrinsics, pose, sightings[i], &residual, &jacobian)) return false;
    const double s = residual.squaredNorm();
    const double weight = loss.Weight(s);
    cost += 0.5 * loss.Value(s);
    const Eigen::Matrix<double, 2, kSize> weighted = weight * jacobian;
    g.noalias() -= weighted.transpose() * residual;
    // The upper triangle, column by column.
    for (int c = 0; c < kSize; ++c) {
      H.col(c).head(c + 1) += weighted(0, c) * jacobian.row(0).head(c + 1).transpose() +
                              weighted(1, c) * jacobian.row(1).head(c + 1).transpose();
    }
  }
  H.template triangularView<Eigen::StrictlyLower>() = H.transpose();
  normal->H = H;
  normal->g = g;
  normal->cost = cost;
  return true;
}

template <int K>
bool LinearizeOne(CameraModelKind kind, const double* intrinsics, const RigidTransform& pose,
                  const Sighting& sighting, Eigen::Vector2d* residual, LocalJacobian* jacobian) {
  Eigen::Matrix<double, 2, K + 6> fixed;
  if (!Linearize<K>(kind, intrinsics, pose, sighting, residual, &fixed)) return false;
  *jacobian = fixed;
  return true;
}

}  // namespace

bool LinearizeView(CameraModelKind kind, const double* intrinsics,
                   const RigidTransform& camera_from_target, std::span<const Sighting> sightings,
                   const std::uint8_t* use, RobustLoss loss, ViewNormal* normal) {
  switch (kind) {
    case CameraModelKind::kBrownConrady5:
      return LinearizeAll<9>(kind, intrinsics, camera_from_target, sightings, use, loss, normal);
    case CameraModelKind::kBrownConrady8:
      return LinearizeAll<12>(kind, intrinsics, camera_from_target, sightings, use, loss, normal);
    case CameraModelKind::kKannalaBrandt4:
      return LinearizeAll<8>(kind, intrinsics, camera_from_target, sightings, use, loss, normal);
  }
  return false;
}

bool CostOfView(CameraModelKind kind, const double* intrinsics,
                const RigidTransform& camera_from_target, std::span<const Sighting> sightings,
                const std::uint8_t* use, RobustLoss loss, double* cost) {
  double sum = 0.0;
  Eigen::Vector2d xy;
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    if (use[i] == 0) continue;
    const Sighting& sighting = sightings[i];
    if (!ProjectPixel(kind, intrinsics, camera_from_target * sighting.x_in_target, &xy)) {
      return false;
    }
    sum += loss.Value((sighting.inverse_sigma * (sighting.xy - xy)).squaredNorm());
  }
  *cost = 0.5 * sum;
  return true;
}

bool LinearizeSighting(CameraModelKind kind, const double* intrinsics,
                       const RigidTransform& camera_from_target, const Sighting& sighting,
                       Eigen::Vector2d* residual, LocalJacobian* jacobian) {
  switch (kind) {
    case CameraModelKind::kBrownConrady5:
      return LinearizeOne<9>(kind, intrinsics, camera_from_target, sighting, residual, jacobian);
    case CameraModelKind::kBrownConrady8:
      return LinearizeOne<12>(kind, intrinsics, camera_from_target, sighting, residual, jacobian);
    case CameraModelKind::kKannalaBrandt4:
      return LinearizeOne<8>(kind, intrinsics, camera_from_target, sighting, residual, jacobian);
  }
  return false;
}

Matrix6 ByCameraPose(const RigidTransform& camera_from_lab, const RigidTransform& lab_from_target) {
  // exp(a) R_c (R_t x + t_t) + t_c + b: the turn of the camera also moves the target's origin.
  Matrix6 by = Matrix6::Identity();
  by.bottomLeftCorner<3, 3>() = -Skew(camera_from_lab.rotation * lab_from_target.translation);
  return by;
}

Matrix6 ByTargetPose(const RigidTransform& camera_from_lab) {
  // R_c exp(a) R_t = exp(R_c a) R_c R_t.
  Matrix6 by = Matrix6::Zero();
  by.topLeftCorner<3, 3>() = camera_from_lab.rotation;
  by.bottomRightCorner<3, 3>() = camera_from_lab.rotation;
  return by;
}

}  // namespace medius::calibration
