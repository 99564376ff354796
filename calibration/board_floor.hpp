#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "calibration/floor.hpp"
#include "core/camera_rig.hpp"
#include "core/parallel.hpp"
#include "core/target.hpp"
#include "core/time_base.hpp"

namespace medius::calibration {

/// A direction in the plane of a board, as one looks at its upright front (y is down).
enum class BoardAxis { kPlusX, kMinusX, kPlusY, kMinusY };

struct BoardFloorOptions {
  FloorOptions floor;
  BoardAxis x_axis = BoardAxis::kPlusX;  ///< that the lab's X points to
  double thickness = 0.0;                ///< metres from the floor to the print that is seen
  /// The board lies still where its middle and its direction stay this near to their medians.
  double still_distance = 0.004;  ///< metres
  double still_angle = 0.02;      ///< radians
  Parallelism parallelism{1};

  /// @throws InputError that names the field that is out of range.
  void Validate(const CameraRig& rig) const;
};

/// The lab frame of a board that lies on the floor with its print up: its first point is the origin
/// (on the floor below it), Z points away from the print. Where a camera saw the board from the
/// other side than its print the world is flipped, and is refused.
///
/// Each camera's median pixel of each point over the frames in which the board lies still, then one
/// pose of the board by all of them, robustly.
///
/// @param observations  with the cameras of the rig in its order.
/// @param target        index of the board.
/// @param frames        instants in which it lies; all, where the count is 0.
[[nodiscard]] FloorResult FloorFromBoard(const CameraRig& rig,
                                         const TargetObservations& observations, std::size_t target,
                                         FrameRange frames, const BoardFloorOptions& options);

/// The longest stretches of frames in which a board does not move: where it may lie on the floor.
struct StillStretch {
  std::size_t first = 0;  ///< instants, both belong to it
  std::size_t last = 0;
  std::size_t poses = 0;  ///< instants in it at which the board was seen
};
[[nodiscard]] std::vector<StillStretch> FindStillStretches(const CameraRig& rig,
                                                           const TargetObservations& observations,
                                                           std::size_t target,
                                                           const BoardFloorOptions& options);

}  // namespace medius::calibration
