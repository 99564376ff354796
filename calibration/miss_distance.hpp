#pragma once

#include <vector>

#include "calibration/free_points.hpp"
#include "core/camera_rig.hpp"
#include "core/parallel.hpp"

namespace medius::calibration {

/// [cameras] median distance, pixels, of a camera's sightings from where at least two others,
/// without those distrusted, say that the point is; NaN where there are none. Of some thousand
/// points, sightings of weight 0 left out.
std::vector<double> MissDistances(const CameraRig& rig, const FreePoints& points,
                                  const std::vector<bool>& distrusted, Parallelism parallelism);

/// Root of the mean squared length of the residuals of the sightings used, pixels, the points being
/// where they are; NaN where there are none.
double ResidualRmsPx(const CameraRig& rig, const FreePoints& points);

}  // namespace medius::calibration
