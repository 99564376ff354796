#pragma once

#include <array>

#include "core/trajectories.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {

/// How often a frame is triangulated where cameras expose at times of their own: without knowing
/// the motion, then twice with the motion that the last pass implies.
inline constexpr int kOwnTimePasses = 3;
/// Frames needed on either side of a frame: each pass but the first looks one frame further.
inline constexpr std::size_t kOwnTimeContext = kOwnTimePasses - 1;

/// One marker in the frame before, in the frame itself and in the next one, by the last pass.
struct Neighbourhood {
  std::array<const MarkerSample*, 3> sample;  ///< nullptr outside the trial
  std::array<double, 3> time;                 ///< seconds
};

/// Velocity and acceleration in the middle by central differences, by one side where the other is
/// missing; where both are, nothing is known but that the speed is of the order of typical_speed.
/// @param pass  the pass that will use it, 0 .. kOwnTimePasses - 1.
[[nodiscard]] PointMotion EstimateMotion(const Neighbourhood& neighbours, int pass,
                                         double typical_speed);

}  // namespace medius::reconstruct
