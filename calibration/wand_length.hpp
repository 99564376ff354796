#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "calibration/wand_dots.hpp"
#include "core/camera_rig.hpp"
#include "core/parallel.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// Distance of two markers of a wand, measured anew in every frame: both are triangulated freely
/// from all cameras that saw them, knowing nothing of the wand.
struct WandDistance {
  std::size_t marker_a = 0;
  std::size_t marker_b = 0;
  double stated = 0.0;     ///< metres, by the wand's file
  std::size_t frames = 0;  ///< in which both were seen by two or more cameras
  double mean = std::numeric_limits<double>::quiet_NaN();  ///< metres
  double sd = std::numeric_limits<double>::quiet_NaN();    ///< metres, of one frame

  /// Measured over stated.
  [[nodiscard]] double Ratio() const { return mean / stated; }
};

/// All distances of the wand of index `target`, the longest first. In a rig that was calibrated
/// with a board this says whether board and wand agree on the metre; in one that was calibrated
/// with this wand, the mean of the longest is as stated by construction, and the sd says how well
/// single frames repeat.
///
/// Measurements farther than 5 robust sd from the median are left out: they are sightings that the
/// outlier rule would drop too.
/// @param observations  labelled; cameras are matched to the rig by name.
std::vector<WandDistance> MeasureWand(const CameraRig& rig, const TargetObservations& observations,
                                      std::size_t target, Parallelism parallelism);

/// A wand found in cameras that are known.
struct LabelledWand {
  std::vector<TargetView> views;  ///< of target 0
  std::size_t frames = 0;         ///< in which two or more cameras place it
  std::size_t dots = 0;           ///< sightings in all views
};

/// Labels a wand in unlabelled sightings of a rig that is known to some pixels (from boards), also
/// in views that show a part of it.
/// @param gate  pixels within which a dot must lie of where a marker is expected.
/// @throws InputError where a camera is not in the rig, or the wand or the dots are not usable.
LabelledWand LabelWand(const CameraRig& rig, const DotObservations& dots,
                       const CalibrationTarget& wand, double gate, Parallelism parallelism);

}  // namespace medius::calibration
