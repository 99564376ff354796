#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/ids.hpp"

namespace medius {

/// A rigid thing with points at known places: a board, a wand.
struct CalibrationTarget {
  std::string name;
  std::vector<Eigen::Vector3d> points;  ///< target frame, metres; a board lies in its plane z = 0
  /// Few markers on a stick: they need not be flat, and one view alone does not place them.
  bool is_wand = false;
};

/// What one camera saw of one target at one instant.
struct TargetView {
  CameraId camera;
  std::size_t frame = 0;             ///< index of the instant, common to the cameras
  double time = 0.0;                 ///< seconds at which this camera exposed, as it says
  std::size_t target = 0;            ///< index in TargetObservations::targets
  std::vector<std::uint32_t> point;  ///< [N] index of each sighting's point in the target
  std::vector<Eigen::Vector2d> xy;   ///< [N] pixels, distorted as seen
  std::vector<float> sigma;          ///< [N] pixels, 1 sd of each coordinate; empty if unknown
};

/// A camera before it is calibrated.
struct UncalibratedCamera {
  std::string name;
  int width = 0;   ///< pixels
  int height = 0;  ///< pixels
};

/// All that a calibration starts from.
struct TargetObservations {
  std::vector<UncalibratedCamera> cameras;
  std::vector<CalibrationTarget> targets;
  std::vector<TargetView> views;
};

}  // namespace medius
