#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "calibration/options.hpp"
#include "calibration/result.hpp"
#include "calibration/wand_dots.hpp"
#include "calibration/wand_length.hpp"
#include "core/progress.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// A rig from a wand wave, and what it rests on.
struct WandCalibration {
  CalibrationResult result;
  /// The labelled sightings that the result speaks of; target 0 is the wand.
  TargetObservations observations;
  std::vector<WandDistance> distances;  ///< the longest first; empty where there is no rig
  std::size_t frames = 0;               ///< instants with a wand that two or more cameras place
  std::size_t dots = 0;                 ///< sightings in all views
  std::size_t standing = 0;             ///< of these, such as stand still: lamps and reflections
  std::size_t usable = 0;               ///< of these, markers of a wand that is placed
  std::size_t used = 0;                 ///< of these, those that the outlier rule left
  std::size_t left_out_frames = 0;      ///< instants not looked at, see WandOptions::most_frames
  std::vector<std::string> remarks;     ///< what a user should know beside the numbers
};

/// How a rig is calibrated from a wand wave.
struct WandOptions {
  CalibrationOptions calibration;
  /// Instants to use; of a longer recording those that spread best over the images of all cameras.
  /// The precision grows with the root of their number, the time with the number.
  std::size_t most_frames = 3000;

  /// @throws InputError that names the field.
  void Validate() const;
};

/// Calibrates the cameras of a rig from unlabelled sightings of a wand, from nothing: which dot is
/// which marker, intrinsics, places and the wand's poses in one adjustment, with the outlier rule
/// and the covariance of Calibrate. The wand's stated length is the scale.
///
/// @param wand  2 to 8 markers, on a line or in a plane.
/// @return a result with a status: a recording that cannot give a rig is named, not thrown.
/// @throws InputError where dots, wand or options are not usable.
WandCalibration CalibrateWand(const DotObservations& dots, const CalibrationTarget& wand,
                              const WandOptions& options, const WorkControl& control = {});

/// Keeps the instants that spread best over the images: in turns, each instant that shows the wand
/// to two or more cameras and to one of them in a place and direction seen least so far.
/// @return number of instants left out.
std::size_t ThinFrames(std::size_t most_frames, DotObservations* dots);

}  // namespace medius::calibration
