#pragma once

#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include "calibration/ray_matching.hpp"
#include "calibration/view_normal.hpp"
#include "core/camera_rig.hpp"
#include "core/ids.hpp"
#include "core/observations.hpp"

namespace medius::calibration {

/// How marks on a moving belt are followed.
struct BeltTrackOptions {
  RayMatchOptions matching;
  double least_speed = 0.2;     ///< m/s; slower things stand still
  double largest_speed = 12.0;  ///< m/s
  double straightness = 0.02;  ///< metres; a mark is this near to where it would be, going straight
  std::size_t largest_gap = 3;  ///< frames in which a mark may be hidden
  std::size_t least_frames = 8;
  double least_travel = 0.1;  ///< metres

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// A mark that went straight at constant speed: x(t) = middle + velocity (t - time).
struct BeltTrack {
  double time = 0.0;  ///< seconds, middle of the track
  Eigen::Vector3d middle = Eigen::Vector3d::Zero();
  Eigen::Vector3d velocity = Eigen::Vector3d::Zero();
  /// [6,6] of (middle, velocity) for pixels of 1 px sigma.
  Matrix6 covariance = Matrix6::Zero();
  double duration = 0.0;  ///< seconds from its first to its last sighting
  double rms_px = 0.0;    ///< of the lengths of the residuals
  std::size_t frames = 0;
  std::size_t sightings = 0;
  std::vector<CameraId> cameras;
};

/// Follows everything that goes straight through a block of unlabelled sightings: matched in each
/// frame, linked from frame to frame, then fitted to the pixels at the instants at which each
/// camera exposed them (time offset, drift and line time are regarded).
/// @param block  cameras in the order of the rig.
/// @param time   [frames of the block] seconds.
[[nodiscard]] std::vector<BeltTrack> FindBeltTracks(const CameraRig& rig,
                                                    const ObservationBlock& block,
                                                    const std::vector<double>& time,
                                                    const BeltTrackOptions& options);

}  // namespace medius::calibration
