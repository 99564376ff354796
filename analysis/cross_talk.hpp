#pragma once

#include "core/events.hpp"
#include "core/kinematics.hpp"

namespace medius::analysis {

/// Correlation of a knee's adduction with its flexion over the frames that have both. A knee bends
/// by 100 degrees in running and hardly adducts: where the two go together the axis of flexion is
/// turned and flexion is read as adduction. Above 0.5 in size the frontal angles are not to be
/// relied on.
///
/// @return NaN where the knee is not measured or does not move.
/// Source: Baker, Finney & Orr 1999, Hum Mov Sci 18:655 (the idea); docs/methods.md (the limit).
[[nodiscard]] double KneeCrossTalk(const Kinematics& kinematics, Side side);

}  // namespace medius::analysis
