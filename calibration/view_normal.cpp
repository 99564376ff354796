#include "calibration/view_normal.hpp"

#include <Eigen/Geometry>

#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

// Standardized residual and Jacobian of a sighting, at compile-time numbers of intrinsics K and of
// terms of the bend B.
template <int K, int B>
bool Linearize(CameraModelKind kind, const double* intrinsics, const RigidTransform& pose,
               const BoardShape* shape, const Sighting& sighting, Eigen::Vector2d* residual,
               Eigen::Matrix<double, 2, K + B + 6>* jacobian) {
  const Eigen::Vector3d turned = pose.rotation * sighting.x_in_target;
  PixelDerivatives pixel;
  if (!ProjectWithDerivatives(kind, intrinsics, turned + pose.translation, &pixel)) return false;
  const double w = sighting.inverse_sigma;
  *residual = w * (sighting.xy - pixel.xy);
  const Eigen::Matrix<double, 2, 3> by_point = w * pixel.by_point;
  jacobian->template leftCols<K>() = w * pixel.by_intrinsics.template leftCols<K>();
  if constexpr (B > 0) {
    jacobian->template middleCols<B>(K) =
        (by_point * pose.rotation.col(2)) * shape->By(sighting.x_in_target).transpose();
  }
  // d(exp(a) R x) = a x (R x).
  for (int row = 0; row < 2; ++row) {
    const Eigen::Vector3d gradient = by_point.row(row).transpose();
    jacobian->template block<1, 3>(row, K + B) = turned.cross(gradient).transpose();
  }
  jacobian->template rightCols<3>() = by_point;
  return true;
}

// Upper triangle of H += w (j0 j0^T + j1 j1^T), columns padded to an even number of rows and in
// lengths known at compile time, so that they are added two at a time.
template <int K, int B>
bool LinearizeAll(CameraModelKind kind, const double* intrinsics, const RigidTransform& pose,
                  const BoardShape* shape, std::span<const Sighting> sightings,
                  const std::uint8_t* use, RobustLoss loss, ViewNormal* normal) {
  constexpr int kSize = K + B + 6;
  constexpr int kRows = (kSize + 1) / 2 * 2;
  constexpr int kHalf = kRows / 4 * 2;
  Eigen::Matrix<double, kRows, kSize> H = Eigen::Matrix<double, kRows, kSize>::Zero();
  Eigen::Matrix<double, kRows, 1> g = Eigen::Matrix<double, kRows, 1>::Zero();
  Eigen::Matrix<double, kRows, 1> j0 = Eigen::Matrix<double, kRows, 1>::Zero();
  Eigen::Matrix<double, kRows, 1> j1 = Eigen::Matrix<double, kRows, 1>::Zero();
  Eigen::Matrix<double, 2, kSize> jacobian;
  Eigen::Vector2d residual;
  LossSum cost(loss);
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    if (use[i] == 0) continue;
    if (!Linearize<K, B>(kind, intrinsics, pose, shape, sightings[i], &residual, &jacobian)) {
      return false;
    }
    const double s = residual.squaredNorm();
    const double weight = loss.Weight(s);
    cost.Add(s);
    j0.template head<kSize>() = jacobian.row(0).transpose();
    j1.template head<kSize>() = jacobian.row(1).transpose();
    g -= (weight * residual.x()) * j0 + (weight * residual.y()) * j1;
    for (int c = 0; c < kHalf; ++c) {
      H.col(c).template head<kHalf>() += (weight * jacobian(0, c)) * j0.template head<kHalf>() +
                                         (weight * jacobian(1, c)) * j1.template head<kHalf>();
    }
    for (int c = kHalf; c < kSize; ++c) {
      H.col(c) += (weight * jacobian(0, c)) * j0 + (weight * jacobian(1, c)) * j1;
    }
  }
  normal->H = H.template topRows<kSize>();
  normal->H.template triangularView<Eigen::StrictlyLower>() = normal->H.transpose();
  normal->g = g.template head<kSize>();
  normal->cost = 0.5 * cost.Value();
  return true;
}

template <int K>
bool LinearizeEither(CameraModelKind kind, const double* intrinsics, const RigidTransform& pose,
                     const BoardShape* shape, std::span<const Sighting> sightings,
                     const std::uint8_t* use, RobustLoss loss, ViewNormal* normal) {
  return shape == nullptr
             ? LinearizeAll<K, 0>(kind, intrinsics, pose, shape, sightings, use, loss, normal)
             : LinearizeAll<K, kBendCount>(kind, intrinsics, pose, shape, sightings, use, loss,
                                           normal);
}

template <int K, int B>
bool LinearizeFixed(CameraModelKind kind, const double* intrinsics, const RigidTransform& pose,
                    const BoardShape* shape, const Sighting& sighting, Eigen::Vector2d* residual,
                    LocalJacobian* jacobian) {
  Eigen::Matrix<double, 2, K + B + 6> fixed;
  if (!Linearize<K, B>(kind, intrinsics, pose, shape, sighting, residual, &fixed)) return false;
  *jacobian = fixed;
  return true;
}

template <int K>
bool LinearizeOne(CameraModelKind kind, const double* intrinsics, const RigidTransform& pose,
                  const BoardShape* shape, const Sighting& sighting, Eigen::Vector2d* residual,
                  LocalJacobian* jacobian) {
  return shape == nullptr
             ? LinearizeFixed<K, 0>(kind, intrinsics, pose, shape, sighting, residual, jacobian)
             : LinearizeFixed<K, kBendCount>(kind, intrinsics, pose, shape, sighting, residual,
                                             jacobian);
}

}  // namespace

bool LinearizeView(CameraModelKind kind, const double* intrinsics,
                   const RigidTransform& camera_from_target, std::span<const Sighting> sightings,
                   const std::uint8_t* use, RobustLoss loss, ViewNormal* normal,
                   const BoardShape* shape) {
  switch (kind) {
    case CameraModelKind::kBrownConrady5:
      return LinearizeEither<9>(kind, intrinsics, camera_from_target, shape, sightings, use, loss,
                                normal);
    case CameraModelKind::kBrownConrady8:
      return LinearizeEither<12>(kind, intrinsics, camera_from_target, shape, sightings, use, loss,
                                 normal);
    case CameraModelKind::kKannalaBrandt4:
      return LinearizeEither<8>(kind, intrinsics, camera_from_target, shape, sightings, use, loss,
                                normal);
  }
  return false;
}

bool LinearizePose(CameraModelKind kind, const double* intrinsics,
                   const RigidTransform& camera_from_target, std::span<const Sighting> sightings,
                   RobustLoss loss, PoseNormal* normal) {
  normal->H.setZero();
  normal->g.setZero();
  LossSum cost(loss);
  PixelDerivatives pixel;
  Vector6 j0;
  Vector6 j1;
  for (const Sighting& sighting : sightings) {
    const Eigen::Vector3d turned = camera_from_target.rotation * sighting.x_in_target;
    if (!ProjectWithDerivatives(kind, intrinsics, turned + camera_from_target.translation,
                                &pixel)) {
      return false;
    }
    const double w = sighting.inverse_sigma;
    const Eigen::Vector2d residual = w * (sighting.xy - pixel.xy);
    const Eigen::Matrix<double, 3, 2> by_point = w * pixel.by_point.transpose();
    j0 << turned.cross(by_point.col(0)), by_point.col(0);
    j1 << turned.cross(by_point.col(1)), by_point.col(1);
    const double s = residual.squaredNorm();
    const double weight = loss.Weight(s);
    cost.Add(s);
    normal->g -= (weight * residual.x()) * j0 + (weight * residual.y()) * j1;
    for (int c = 0; c < 6; ++c) normal->H.col(c) += (weight * j0[c]) * j0 + (weight * j1[c]) * j1;
  }
  normal->cost = 0.5 * cost.Value();
  return true;
}

bool CostOfView(CameraModelKind kind, const double* intrinsics,
                const RigidTransform& camera_from_target, std::span<const Sighting> sightings,
                const std::uint8_t* use, RobustLoss loss, double* cost) {
  LossSum sum(loss);
  Eigen::Vector2d xy;
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    if (use[i] == 0) continue;
    const Sighting& sighting = sightings[i];
    if (!ProjectPixel(kind, intrinsics, camera_from_target * sighting.x_in_target, &xy)) {
      return false;
    }
    sum.Add((sighting.inverse_sigma * (sighting.xy - xy)).squaredNorm());
  }
  *cost = 0.5 * sum.Value();
  return true;
}

bool LinearizeSighting(CameraModelKind kind, const double* intrinsics,
                       const RigidTransform& camera_from_target, const Sighting& sighting,
                       Eigen::Vector2d* residual, LocalJacobian* jacobian,
                       const BoardShape* shape) {
  switch (kind) {
    case CameraModelKind::kBrownConrady5:
      return LinearizeOne<9>(kind, intrinsics, camera_from_target, shape, sighting, residual,
                             jacobian);
    case CameraModelKind::kBrownConrady8:
      return LinearizeOne<12>(kind, intrinsics, camera_from_target, shape, sighting, residual,
                              jacobian);
    case CameraModelKind::kKannalaBrandt4:
      return LinearizeOne<8>(kind, intrinsics, camera_from_target, shape, sighting, residual,
                             jacobian);
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
