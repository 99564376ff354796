#pragma once

#include <span>

#include "analysis/strides.hpp"

namespace medius::analysis {

/// Adds the columns of StrideMetrics() that the run has the angle or positions for, and the 1 sd
/// that the markers' noise gives to those of angles.
/// @param places  one a row of the table.
void MeasureStrides(const RunData& run, std::span<const StridePlaces> places,
                    Parallelism parallelism, StrideTable& table);

}  // namespace medius::analysis
