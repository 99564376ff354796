#pragma once

#include <cstdint>
#include <vector>

#include "calibration/bundle.hpp"
#include "calibration/bundle_adjustment.hpp"
#include "calibration/options.hpp"
#include "calibration/planar_pose.hpp"
#include "calibration/result.hpp"
#include "core/progress.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// Everything that the adjustment starts from.
struct RigStart {
  CalibrationStatus status = CalibrationStatus::kNotConverged;
  Degeneracy degeneracy;
  BundleData data;  ///< the views that could be tied to the rest
  RigState state;
  HeldParameters held;
  /// [views] poses that each view alone allows.
  std::vector<std::vector<PoseCandidate>> candidates;
  std::vector<double> largest_tilt;  ///< [cameras] radians
  /// [cameras] median length of the residuals of each camera alone, pixels; 0 where it was not
  /// looked at alone.
  std::vector<double> error_alone;
};

/// Finds a start for a rig of which nothing but the sightings is known (or what `options.initial`
/// says): intrinsics camera by camera, planar poses, votes of camera pairs, places, target poses.
/// status is kConverged where a start was found.
RigStart StartRig(const TargetObservations& observations, const CalibrationOptions& options,
                  const WorkControl& control);

/// The unknowns of a rig of which nothing is known but `options`: kinds, groups, and what
/// `options.initial` says.
RigState EmptyState(const std::vector<UncalibratedCamera>& cameras,
                    const CalibrationOptions& options);

/// What `options` hold, the reference camera's place being the gauge.
HeldParameters HeldBy(const CalibrationOptions& options, const RigState& state);

}  // namespace medius::calibration
