#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/ids.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// What one camera saw at one instant while a wand was waved: dots, of which nobody says which is
/// which marker, or whether it is one at all.
struct DotView {
  CameraId camera;
  std::size_t frame = 0;                  ///< index of the instant, common to the cameras
  double time = 0.0;                      ///< seconds
  std::vector<Eigen::Vector2d> xy = {};   ///< [N] pixels, distorted as seen
  std::vector<float> sigma = {};          ///< [N] pixels, 1 sd of each coordinate; empty: unknown
  std::vector<std::int32_t> marker = {};  ///< [N] of the wand, -1 unknown; empty: none is known
};

/// A wand wave.
struct DotObservations {
  std::vector<UncalibratedCamera> cameras;
  std::vector<DotView> views;
};

/// @throws InputError where sizes differ, a position or sigma is not finite, an index is out of
///         range, an image size is not positive, or a camera has two views of one instant.
void ValidateDots(const DotObservations& dots, std::size_t marker_count);

/// A wand by what its labelling needs.
struct WandShape {
  std::string name;
  std::vector<Eigen::Vector3d> points;  ///< [markers] metres
  bool collinear = false;
  std::vector<std::size_t> order;  ///< [markers] of a collinear wand, from one end to the other
  std::vector<double> place;       ///< [markers] of `order`, 0 at the first and 1 at the last
  double length = 0.0;             ///< metres, between the two markers farthest apart
  std::size_t end_a = 0;           ///< these two
  std::size_t end_b = 0;
  /// Renamings of the markers that leave all distances as they are (within 1 % of the length), the
  /// first of which changes nothing: two markers alone can be swapped.
  std::vector<std::vector<std::size_t>> symmetries;

  [[nodiscard]] std::size_t count() const { return points.size(); }
};

inline constexpr std::size_t kMostWandMarkers = 8;

/// @throws InputError that names the wand: fewer than 2 or more than 8 markers, two at one place,
///         or a position that is not finite.
WandShape MakeWandShape(const CalibrationTarget& wand);

}  // namespace medius::calibration
