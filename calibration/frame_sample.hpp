#pragma once

#include <cstddef>
#include <vector>

#include "core/observations.hpp"

namespace medius::calibration {

/// Frames of a trial to look at, ascending: one of each of `at_most` equal parts, a little
/// irregularly, so that they do not keep step with the strides. All, where there are no more.
[[nodiscard]] std::vector<std::size_t> FramesToCheck(std::size_t frame_count, std::size_t at_most);

/// Puts frames behind those that `all` has, as if they followed on each other.
/// @param all  of the same cameras with the same columns, or empty.
void AppendFrames(const ObservationBlock& more, ObservationBlock* all);

}  // namespace medius::calibration
