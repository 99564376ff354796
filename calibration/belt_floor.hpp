#pragma once

#include <optional>
#include <span>

#include "calibration/belt_tracks.hpp"
#include "calibration/floor.hpp"
#include "core/camera_rig.hpp"

namespace medius::calibration {

struct BeltFloorOptions {
  FloorOptions floor;
  std::optional<double> stated_speed;  ///< m/s, as the treadmill shows it: checks the scale
  double stated_speed_share = 0.01;    ///< 1 sd of that, as a share of it
  double velocity_share = 0.05;  ///< tracks of the belt differ by at most this from each other
  double plane_distance = 0.01;  ///< metres; a track farther from the belt's plane is none of it
  double least_across = 0.1;     ///< metres between the outermost tracks

  /// @throws InputError that names the field that is out of range.
  void Validate(const CameraRig& rig) const;
};

/// The lab frame of a treadmill's belt from marks that move with it: its plane is the floor, X
/// points against their motion (the runner stays by running forward), Z to the side on which most
/// cameras are, the origin is the middle of the ends of the tracks.
///
/// The largest group of tracks of one velocity and one plane is the belt; what stands still, swings
/// or lies elsewhere is left out. The covariance comes from the pixels and the rig, larger where
/// the tracks differ by more than that from a plane and from one direction.
[[nodiscard]] FloorResult FloorFromBelt(const CameraRig& rig, std::span<const BeltTrack> tracks,
                                        const BeltFloorOptions& options);

}  // namespace medius::calibration
