#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "calibration/image_quality.hpp"
#include "calibration/result.hpp"
#include "core/ids.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// What the lens model of a camera leaves unexplained.
///
/// The mean residual by place hides most of it, since the poses of the targets and the intrinsics
/// give way. Here smooth displacements of the image (u is the pixel from the image's middle over
/// half the diagonal) are put beside them: u |u|^2, u |u|^4, u |u|^6 (radial), and those with all
/// quadratic and cubic terms of each coordinate (smooth). Of the residuals and of the displacements
/// is taken what the pose of each view, free for every view alone, and the camera's free intrinsics
/// cannot take over; what the displacements explain of the rest is the misfit (a score test whose
/// distribution comes from sign changes of groups of views, as in ResidualFieldOf).
struct LensMisfit {
  /// `rms`: of the residuals that radial terms explain, pixels per axis over the sightings.
  PlacePattern radial;
  PlacePattern smooth;  ///< of those that any smooth displacement explains
};

/// @pre the result has a rig.
LensMisfit LensMisfitOf(const TargetObservations& observations, const CalibrationResult& result,
                        CameraId camera);

}  // namespace medius::calibration
