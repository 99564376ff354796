#pragma once

#include <array>

#include "core/trajectories.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {

/// How often a frame is triangulated where cameras expose at times of their own: without knowing
/// the motion, then twice with the motion that the last pass implies.
inline constexpr int kOwnTimePasses = 3;
/// Frames on either side that tell a frame's motion.
inline constexpr std::size_t kOwnTimeReach = 2;
/// Frames needed on either side of a frame by all passes together.
inline constexpr std::size_t kOwnTimeContext = (kOwnTimePasses - 1) * kOwnTimeReach;

/// One marker by the last pass in the five frames round the middle one.
struct Neighbourhood {
  std::array<const MarkerSample*, 5> sample;  ///< nullptr outside the trial
  std::array<double, 5> time;                 ///< seconds
};

/// Velocity and acceleration in the middle by differences: the velocity across the two nearest
/// frames, or on one side where the other is missing; the acceleration from the four frames round
/// it, zero where one of them is missing. The middle itself has no part in the acceleration, which
/// would feed its own noise back into it. Where nothing is near, nothing is known but that the
/// speed is of the order of typical_speed.
/// @param pass  the pass that will use it, 0 .. kOwnTimePasses - 1.
[[nodiscard]] PointMotion EstimateMotion(const Neighbourhood& neighbours, int pass,
                                         double typical_speed);

}  // namespace medius::reconstruct
