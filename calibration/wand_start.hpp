#pragma once

#include <cstddef>
#include <vector>

#include "calibration/options.hpp"
#include "calibration/rig_start.hpp"
#include "calibration/wand_dots.hpp"
#include "core/progress.hpp"

namespace medius::calibration {

/// Everything that the adjustment of a wand wave starts from.
struct WandStart {
  RigStart rig;                     ///< kConverged where a start was found
  TargetObservations observations;  ///< the dots that are markers, labelled; one target: the wand
  std::size_t frames = 0;           ///< instants with a wand that two or more cameras place
  std::size_t dots = 0;             ///< sightings in all views
};

/// Finds a start for cameras of which nothing but the dots is known (or what `options.initial` and
/// `options.focal_guess` say).
///
/// Steps: labellings that each view allows; the pair of cameras whose epipolar geometry says most,
/// with the focal lengths under which the wand is equally long everywhere; each further camera by
/// resection from the wand's places so far, an adjustment after each; then all views are labelled
/// anew from the cameras as they are, in turns with adjustments that free one lens term after the
/// other.
///
/// @param dots  validated; see ValidateDots.
WandStart StartWand(const DotObservations& dots, const CalibrationTarget& wand,
                    const CalibrationOptions& options, const WorkControl& control);

}  // namespace medius::calibration
