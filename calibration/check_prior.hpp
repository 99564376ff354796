#pragma once

#include <Eigen/Core>

#include "calibration/rig_check.hpp"
#include "core/camera_rig.hpp"

namespace medius::calibration {

/// [P,P] covariance of a rig's parameters as a check takes it, in the columns of
/// LayoutOf(IntrinsicColumns::kAll): the joint one, else those of the single cameras, else what the
/// options assume; and the mounts' own in every case.
[[nodiscard]] Eigen::MatrixXd CheckPrior(const CameraRig& rig, const RigCheckOptions& options);

/// The rig with the poses of `mended` for the cameras named, and their covariance where the rig has
/// one: the pose of such a camera is a function of the others' parameters, of its intrinsics and of
/// the noise of the sightings, all other parameters standing as they were.
/// @param information  [P,P] normal matrix of the sightings about the mended rig.
[[nodiscard]] CameraRig WithMended(CameraRig rig, const CameraRig& mended,
                                   const std::vector<std::size_t>& moved,
                                   const Eigen::MatrixXd& information);

}  // namespace medius::calibration
