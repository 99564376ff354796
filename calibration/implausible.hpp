#pragma once

#include <optional>
#include <vector>

#include "calibration/result.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// A camera whose sightings lie outside the image it is said to have.
std::optional<Degeneracy> FindSightingsOutside(const TargetObservations& observations);

/// What of an adjusted rig cannot be, however small its residuals: a lens that no camera has, an
/// image size that is not that of the sightings, a camera inside the boards it sees, sightings far
/// from where the rig predicts them.
/// @param result  with its rig, target poses and residuals filled in.
/// @param is_held_lens  [cameras] whether the intrinsics were given and held: then they are not
///                      judged.
std::optional<Degeneracy> FindImplausible(const TargetObservations& observations,
                                          const CalibrationResult& result,
                                          const std::vector<bool>& is_held_lens);

/// A camera that contradicts the others at many of the instants at which it sees a board together
/// with them: half of the sightings of one of the views are outliers there.
std::optional<Degeneracy> FindContradictingCamera(const TargetObservations& observations,
                                                  const CalibrationResult& result);

}  // namespace medius::calibration
