#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "calibration/bundle.hpp"

namespace medius::calibration {

/// How residuals scatter within views, and how whole views are displaced against the rest: cameras
/// that do not expose at one time, a board that was held in between. Robust sds of a coordinate.
struct ViewScatter {
  double within = 0.0;   ///< about the view's own middle
  double between = 0.0;  ///< of the views' middles; 0 where it is no more than `within`
  /// sd by which a sighting is judged: a view that is displaced as a whole is no set of bad
  /// sightings.
  [[nodiscard]] double Total() const;
};

/// @param residuals  [sightings] standardized by their stated sigma.
/// @param use        [sightings] those to look at.
ViewScatter MeasureViewScatter(const BundleData& data,
                               const std::vector<Eigen::Vector2d>& residuals,
                               const std::vector<std::uint8_t>& use);

}  // namespace medius::calibration
