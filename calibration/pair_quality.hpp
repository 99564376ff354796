#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "calibration/result.hpp"
#include "core/ids.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// What two cameras saw together.
struct PairNumbers {
  CameraId a;
  CameraId b;
  std::size_t common_views = 0;      ///< target poses that both saw
  std::size_t common_sightings = 0;  ///< points of them that both saw
  /// Sd of b's centre in the frame of a, root of the sum over the axes, metres; NaN without a
  /// covariance.
  double relative_centre_sd = std::numeric_limits<double>::quiet_NaN();
  double relative_turn_sd = std::numeric_limits<double>::quiet_NaN();  ///< radians, likewise
  /// Places of targets, seen by either, that lie in both images; and how far from each camera they
  /// are in the mean (metres), and the angle there between both cameras (radians).
  std::size_t shared_places = 0;
  double distance_a = std::numeric_limits<double>::quiet_NaN();
  double distance_b = std::numeric_limits<double>::quiet_NaN();
  double angle = std::numeric_limits<double>::quiet_NaN();
};

/// Two parts of a rig and what holds them together.
struct RigLink {
  std::vector<CameraId> part;        ///< cameras of the smaller part
  std::vector<CameraId> others;      ///< the rest
  std::size_t common_views = 0;      ///< target poses seen from both parts
  std::size_t common_sightings = 0;  ///< points of them seen from both parts
  CameraId a;                        ///< of `part`: the pair with the most of them
  CameraId b;                        ///< of `others`
  /// Where more views would help most: the pair across that shares the most places of targets, seen
  /// from directions within 100 degrees of each other and the nearer the better. Equal to (a, b)
  /// where there is none.
  CameraId help_a;
  CameraId help_b;
};

/// All pairs a < b, in order.
std::vector<PairNumbers> PairsOf(const TargetObservations& observations,
                                 const CalibrationResult& result);

/// The weakest cuts of the rig: for each edge of the spanning tree of most common views, the two
/// parts that are left without it, with all target poses that were seen from both. Weakest first.
std::vector<RigLink> LinksOf(const TargetObservations& observations,
                             const CalibrationResult& result,
                             const std::vector<PairNumbers>& pairs);

/// "cam_1 and cam_4 at once, about 3.1 m from cam_1 and 2.8 m from cam_4": which frames would help.
std::string FramesThatHelp(const TargetObservations& observations, const RigLink& link,
                           const std::vector<PairNumbers>& pairs);

}  // namespace medius::calibration
