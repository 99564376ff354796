#pragma once

#include <vector>

#include "calibration/free_points.hpp"
#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"

namespace medius::calibration {

/// How points are gathered from sightings.
struct GatherOptions {
  double default_sigma_px = 0.3;  ///< of sightings that state no sigma
  double gate_px = 6.0;           ///< of matching
  double speed = 3.0;             ///< see FreePoints; ignored where all cameras expose at once
  std::size_t stride = 1;         ///< of frames: 2 takes every second one
  Parallelism parallelism{1};
};

/// Points by label: sightings of one frame with the same label, from two cameras or more. What a
/// camera saw twice under one label is left out, as are pixels that no direction has.
FreePoints GatherByLabel(const CameraRig& rig, const ObservationBlock& seen,
                         const std::vector<double>& time, const GatherOptions& options);

/// Points by geometry (MatchSightings), from three cameras or more; labels are not looked at.
FreePoints GatherByGeometry(const CameraRig& rig, const ObservationBlock& seen,
                            const std::vector<double>& time, const GatherOptions& options,
                            const WorkControl& control);

/// Turns cameras whose sightings miss the points of the others by a common way of some pixels to
/// where they meet: a start for a camera that turned by up to two degrees or so, which matching
/// within a gate cannot find. The way is the most frequent difference between a sighting and what
/// three or more others predict.
/// @param points  gathered with this rig and fitted.
/// @return whether a camera was turned.
bool TurnMissingCameras(const ObservationBlock& seen, const FreePoints& points,
                        Parallelism parallelism, CameraRig* rig);

}  // namespace medius::calibration
