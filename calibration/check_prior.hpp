#pragma once

#include <Eigen/Core>

#include "calibration/rig_adjustment.hpp"
#include "calibration/rig_check.hpp"
#include "core/camera_rig.hpp"

namespace medius::calibration {

/// [P,P] covariance of a rig's parameters as a check takes it, in the columns of
/// LayoutOf(IntrinsicColumns::kAll): the joint one, else those of the single cameras, else what the
/// options assume; and the mounts' own in every case.
[[nodiscard]] Eigen::MatrixXd CheckPrior(const CameraRig& rig, const RigCheckOptions& options);

/// The rig with the poses of `mended` for the cameras that were free to move, and their covariance
/// where the rig has one: what was free follows the errors of all that was not, and the noise of
/// the sightings, by the normal equation; the rest stands as it was.
/// @param free         poses alone.
/// @param information  [P,P] normal matrix of the sightings about the mended rig.
[[nodiscard]] CameraRig WithMended(CameraRig rig, const CameraRig& mended, const FreeParts& free,
                                   const Eigen::MatrixXd& information);

}  // namespace medius::calibration
