#pragma once

#include <vector>

#include <Eigen/Core>

#include "calibration/bundle.hpp"

namespace medius::calibration {

/// Tells views that are displaced as a whole from bad sightings. Cameras that do not expose at one
/// time see a moving board at different places: all sightings of such a view lie off together, by
/// some pixels, and no sighting is bad. To leave those views out bends the rig towards the rest.
///
/// A view is displaced where the middle of its residuals lies beyond 2 sigma. In order of their
/// displacement, views belong to the recording's scatter as long as each is less than 16 times the
/// rms of those before it; beyond such a jump they are wrong (a board taken for another). Sightings
/// of displaced views that belong to the scatter are judged against the middle of their own view
/// and its own spread; all others stay as they were judged.
///
/// @param residuals  [sightings] standardized by their stated sigma; not finite where none.
/// @param sigma      of a standardized residual.
/// @param squares    [sightings] squares by which the outlier rule judges, changed in place.
void JudgeDisplacedViews(const BundleData& data, const std::vector<Eigen::Vector2d>& residuals,
                         double sigma, std::vector<double>* squares);

}  // namespace medius::calibration
