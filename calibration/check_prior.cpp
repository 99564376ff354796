#include "calibration/check_prior.hpp"

#include <algorithm>

#include <Eigen/Cholesky>

#include "calibration/free_points.hpp"
#include "calibration/rig_covariance.hpp"

namespace medius::calibration {
namespace {

void AddToPose(double rotation_sd, double translation_sd, Eigen::Index pose,
               Eigen::MatrixXd* covariance) {
  covariance->diagonal().segment<3>(pose).array() += rotation_sd * rotation_sd;
  covariance->diagonal().segment<3>(pose + 3).array() += translation_sd * translation_sd;
}

// The blocks of the single cameras; zero for one that has none.
Eigen::MatrixXd BlocksOf(const CameraRig& rig, const CameraLayout& layout) {
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(layout.size, layout.size);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    if (!rig.cameras[c].covariance) continue;
    const int first = layout.intrinsics_offset[c];
    const int count = layout.intrinsics_count[c] + 6;
    covariance.block(first, first, count, count) = *rig.cameras[c].covariance;
  }
  return covariance;
}

std::vector<RigidTransform> PlacesOf(const CameraRig& rig) {
  std::vector<RigidTransform> places;
  for (const Camera& camera : rig.cameras) places.push_back(camera.camera_from_lab);
  return places;
}

// [P,P] how the parameters of the mended rig follow from those of the calibrated one: the poses
// S of the moved cameras by -A_SS^-1 A_S*, the others as they are.
Eigen::MatrixXd MendedByOld(const std::vector<int>& moved, const Eigen::MatrixXd& information) {
  Eigen::MatrixXd by = Eigen::MatrixXd::Identity(information.rows(), information.cols());
  const Eigen::MatrixXd own = information(moved, moved);
  Eigen::MatrixXd others = information(moved, Eigen::all);
  for (const int column : moved) others.col(column).setZero();
  const Eigen::MatrixXd follow = -own.ldlt().solve(others);
  by(moved, Eigen::all) = follow;
  return by;
}

Eigen::MatrixXd MendedCovariance(const Eigen::MatrixXd& old, const std::vector<int>& moved,
                                 const Eigen::MatrixXd& information) {
  const Eigen::MatrixXd by = MendedByOld(moved, information);
  Eigen::MatrixXd covariance = by * old * by.transpose();
  const Eigen::MatrixXd own = information(moved, moved);
  const Eigen::MatrixXd noise = own.ldlt().solve(Eigen::MatrixXd::Identity(own.rows(), own.cols()));
  covariance(moved, moved) += noise;
  return 0.5 * (covariance + covariance.transpose());
}

}  // namespace

Eigen::MatrixXd CheckPrior(const CameraRig& rig, const RigCheckOptions& options) {
  const CameraLayout layout = LayoutOf(rig, IntrinsicColumns::kAll);
  Eigen::MatrixXd covariance = rig.joint_covariance ? *rig.joint_covariance : BlocksOf(rig, layout);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const Eigen::Index pose = layout.pose_offset[c];
    AddToPose(options.mount_rotation_sd, options.mount_translation_sd, pose, &covariance);
    if (rig.joint_covariance || rig.cameras[c].covariance) continue;
    AddToPose(options.assumed_rotation_sd, options.assumed_translation_sd, pose, &covariance);
  }
  return covariance;
}

CameraRig WithMended(CameraRig rig, const CameraRig& mended, const std::vector<std::size_t>& moved,
                     const Eigen::MatrixXd& information) {
  if (moved.empty()) return rig;
  const CameraLayout layout = LayoutOf(rig, IntrinsicColumns::kAll);
  std::vector<int> columns;
  for (const std::size_t c : moved) {
    rig.cameras[c].camera_from_lab = mended.cameras[c].camera_from_lab;
    for (int i = 0; i < 6; ++i) columns.push_back(layout.pose_offset[c] + i);
  }
  const Eigen::MatrixXd old = rig.joint_covariance ? *rig.joint_covariance : BlocksOf(rig, layout);
  Eigen::MatrixXd covariance = MendedCovariance(old, columns, information);
  if (rig.joint_covariance) {
    const Eigen::MatrixXd P = GaugeProjection(layout, PlacesOf(rig), RigGauge::kCameraCentres);
    covariance = P * covariance * P.transpose();
    rig.joint_covariance = 0.5 * (covariance + covariance.transpose());
  }
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const bool is_moved = std::find(moved.begin(), moved.end(), c) != moved.end();
    if (!rig.cameras[c].covariance || (!is_moved && !rig.joint_covariance)) continue;
    const int first = layout.intrinsics_offset[c];
    const int count = layout.intrinsics_count[c] + 6;
    rig.cameras[c].covariance = covariance.block(first, first, count, count);
  }
  return rig;
}

}  // namespace medius::calibration
