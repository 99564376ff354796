#pragma once

#include <span>

#include "analysis/strides.hpp"

namespace medius::analysis {

/// Marks the strides that do not count, each with the first reason of these that holds:
///  1. left and right are mixed up: a thigh or shank is on the wrong side of the other one;
///  2. a segment's markers lose their shape: their largest residual in the stride is above three
///     times the run's median, above 1.5 times what is usual for the largest of a stride, and
///     StrideOptions::lost_shape_residual more. One flew off or was taken for another;
///  3. stride or contact time is out of range or far from the side's median, or there is no toe
///  off;
///  4. pelvis or hip are missing in stance;
///  5. an angle jumps by more than 180 degrees between two frames (wrapped);
///  6. an angle is beyond what a body does, or jumps by more than 90 degrees between two frames;
///  7. an angle's curve lies far from the median curve of its side (median absolute deviation of
///     the distances, all angles of pelvis and that leg).
/// @param places  one a row of the table, whose curves and metrics are there.
void RejectStrides(const RunData& run, std::span<const StridePlaces> places,
                   const StrideOptions& options, Parallelism parallelism, StrideTable& table);

}  // namespace medius::analysis
