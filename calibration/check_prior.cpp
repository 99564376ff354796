#include "calibration/check_prior.hpp"

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

// An error e of the calibrated parameters becomes (1 - F (F^T A F)^-1 F^T A) e where the directions
// F were fitted to sightings of normal matrix A, and their noise adds F (F^T A F)^-1 F^T.
Eigen::MatrixXd MendedCovariance(const Eigen::MatrixXd& old, const Eigen::MatrixXd& F,
                                 const Eigen::MatrixXd& information) {
  const Eigen::MatrixXd noise = F * (F.transpose() * information * F).ldlt().solve(F.transpose());
  const Eigen::MatrixXd by =
      Eigen::MatrixXd::Identity(old.rows(), old.cols()) - noise * information;
  const Eigen::MatrixXd covariance = by * old * by.transpose() + noise;
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

CameraRig WithMended(CameraRig rig, const CameraRig& mended, const FreeParts& free,
                     const Eigen::MatrixXd& information) {
  const CameraLayout layout = LayoutOf(rig, IntrinsicColumns::kAll);
  const auto is_moved = [&](std::size_t c) { return free.pose[c] != PoseFreedom::kHeld; };
  const Eigen::MatrixXd old = rig.joint_covariance ? *rig.joint_covariance : BlocksOf(rig, layout);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    if (is_moved(c)) rig.cameras[c].camera_from_lab = mended.cameras[c].camera_from_lab;
  }
  Eigen::MatrixXd covariance =
      MendedCovariance(old, FreeDirections(rig, free, IntrinsicColumns::kAll), information);
  if (rig.joint_covariance) {
    const Eigen::MatrixXd P = GaugeProjection(layout, PlacesOf(rig), RigGauge::kCameraCentres);
    covariance = P * covariance * P.transpose();
    rig.joint_covariance = 0.5 * (covariance + covariance.transpose());
  }
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    if (!rig.cameras[c].covariance || (!is_moved(c) && !rig.joint_covariance)) continue;
    const int first = layout.intrinsics_offset[c];
    const int count = layout.intrinsics_count[c] + 6;
    rig.cameras[c].covariance = covariance.block(first, first, count, count);
  }
  return rig;
}

}  // namespace medius::calibration
