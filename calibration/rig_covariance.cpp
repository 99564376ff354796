#include "calibration/rig_covariance.hpp"

#include <cmath>
#include <numeric>

#include <Eigen/LU>

#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

// Directions count as points this fraction of the rig's size before the cameras.
constexpr double kDirectionLever = 1.0 / 3.0;

Eigen::Vector3d CentreOf(const RigidTransform& camera_from_lab) {
  return -(camera_from_lab.rotation.transpose() * camera_from_lab.translation);
}

// [6, size] conditions that hold the reference camera.
Eigen::MatrixXd ReferenceConditions(const CameraLayout& layout, std::size_t reference) {
  Eigen::MatrixXd C = Eigen::MatrixXd::Zero(6, layout.size);
  C.middleCols<6>(layout.pose_offset[reference]).setIdentity();
  return C;
}

// [6, size] normal equations of the motion that best fits the change of the cameras: the gradient
// of sum |dC|^2 + lever^2 |dphi|^2 along the motions, which must vanish.
Eigen::MatrixXd CentreConditions(const CameraLayout& layout,
                                 const std::vector<RigidTransform>& camera_from_lab,
                                 const Eigen::MatrixXd& motions) {
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  const auto count = static_cast<double>(camera_from_lab.size());
  for (const auto& pose : camera_from_lab) mean += CentreOf(pose) / count;
  double spread = 0.0;
  for (const auto& pose : camera_from_lab) spread += (CentreOf(pose) - mean).squaredNorm() / count;
  const double lever2 = spread > 0.0 ? spread * kDirectionLever * kDirectionLever : 1.0;

  Eigen::MatrixXd C = Eigen::MatrixXd::Zero(6, layout.size);
  for (std::size_t c = 0; c < camera_from_lab.size(); ++c) {
    const Eigen::Matrix3d Rt = camera_from_lab[c].rotation.transpose();
    // Centre -R^T t with R <- exp(w) R: dC = -R^T (dt + t x w); direction: R^T w in the lab.
    Eigen::Matrix<double, 6, 6> change = Eigen::Matrix<double, 6, 6>::Zero();
    change.block<3, 3>(0, 0) = -Rt * Skew(camera_from_lab[c].translation);
    change.block<3, 3>(0, 3) = -Rt;
    change.block<3, 3>(3, 0) = std::sqrt(lever2) * Rt;
    const auto rows = motions.middleRows<6>(layout.pose_offset[c]);
    C.middleCols<6>(layout.pose_offset[c]) = (change * rows).transpose() * change;
  }
  return C;
}

}  // namespace

std::vector<int> CameraLayout::ColumnsOf(std::size_t camera) const {
  std::vector<int> columns(static_cast<std::size_t>(intrinsics_count[camera]) + 6);
  const auto pose = columns.end() - 6;
  std::iota(columns.begin(), pose, intrinsics_offset[camera]);
  std::iota(pose, columns.end(), pose_offset[camera]);
  return columns;
}

std::vector<int> CameraLayout::ColumnsOf(std::size_t camera, std::size_t target) const {
  std::vector<int> columns = ColumnsOf(camera);
  if (bend_offset.empty()) return columns;
  columns.insert(columns.end() - 6, {bend_offset[target], bend_offset[target] + 1});
  return columns;
}

Eigen::MatrixXd LabMotions(const CameraLayout& layout,
                           const std::vector<RigidTransform>& camera_from_lab) {
  // x_lab' = exp(a) x_lab + b; camera_from_lab' = camera_from_lab (exp(a), b)^-1.
  Eigen::MatrixXd N = Eigen::MatrixXd::Zero(layout.size, 6);
  for (std::size_t c = 0; c < camera_from_lab.size(); ++c) {
    N.block<3, 3>(layout.pose_offset[c], 0) = -camera_from_lab[c].rotation;
    N.block<3, 3>(layout.pose_offset[c] + 3, 3) = -camera_from_lab[c].rotation;
  }
  return N;
}

Eigen::MatrixXd GaugeProjection(const CameraLayout& layout,
                                const std::vector<RigidTransform>& camera_from_lab, RigGauge gauge,
                                std::size_t reference_camera) {
  const Eigen::MatrixXd N = LabMotions(layout, camera_from_lab);
  const Eigen::MatrixXd C = gauge == RigGauge::kReferenceCamera
                                ? ReferenceConditions(layout, reference_camera)
                                : CentreConditions(layout, camera_from_lab, N);
  const Eigen::MatrixXd correction = (C * N).partialPivLu().solve(C);
  return Eigen::MatrixXd::Identity(layout.size, layout.size) - N * correction;
}

RigCovariance InGauge(const RigCovariance& covariance,
                      const std::vector<RigidTransform>& camera_from_lab, RigGauge gauge,
                      std::size_t reference_camera) {
  const Eigen::MatrixXd P =
      GaugeProjection(covariance.layout, camera_from_lab, gauge, reference_camera);
  const Eigen::MatrixXd moved = P * covariance.matrix * P.transpose();
  return {covariance.layout, 0.5 * (moved + moved.transpose()), gauge, reference_camera};
}

void AttachCovariance(const RigCovariance& covariance, CameraRig* rig) {
  std::vector<RigidTransform> places;
  std::vector<int> columns;
  for (std::size_t c = 0; c < rig->cameras.size(); ++c) {
    places.push_back(rig->cameras[c].camera_from_lab);
    const std::vector<int> own = covariance.layout.ColumnsOf(c);
    columns.insert(columns.end(), own.begin(), own.end());
  }
  const RigCovariance centres = InGauge(covariance, places, RigGauge::kCameraCentres);
  rig->joint_covariance = Eigen::MatrixXd(centres.matrix(columns, columns));
  Eigen::Index first = 0;
  for (std::size_t c = 0; c < rig->cameras.size(); ++c) {
    const Eigen::Index count = covariance.layout.intrinsics_count[c] + 6;
    rig->cameras[c].covariance =
        Eigen::MatrixXd(rig->joint_covariance->block(first, first, count, count));
    first += count;
  }
}

CameraLayout LayoutOf(const CameraRig& rig) {
  CameraLayout layout;
  for (const Camera& camera : rig.cameras) {
    const int count = IntrinsicCount(camera.model.kind());
    layout.intrinsics_offset.push_back(layout.size);
    layout.intrinsics_count.push_back(count);
    layout.pose_offset.push_back(layout.size + count);
    layout.size += count + 6;
  }
  return layout;
}

std::optional<RigCovariance> CovarianceOf(const CameraRig& rig) {
  if (!rig.joint_covariance) return std::nullopt;
  return RigCovariance{LayoutOf(rig), *rig.joint_covariance, RigGauge::kCameraCentres, 0};
}

}  // namespace medius::calibration
