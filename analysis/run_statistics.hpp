#pragma once

#include "analysis/summary.hpp"
#include "core/kinematics.hpp"
#include "core/parallel.hpp"
#include "core/run_statistics.hpp"

namespace medius::analysis {

/// Length of a window of the run, seconds. A rest of less than half of it belongs to the window
/// before.
inline constexpr double kWindowSeconds = 60.0;
/// A step in a metric is named where its p is below this: a table has some 60 rows.
inline constexpr double kChangePointLevel = 0.001;

/// Asymmetry, windows and trends of a run from its accepted strides. A run of less than a window
/// and a half has one window, and no change from the first to the last.
///
/// Right less left: difference of the means; its interval from the strides of both sides
/// (Welch 1947) and the systematic errors, of which those of the pelvis count twice where they
/// oppose themselves; see MetricError.
/// @return the same bits for any number of threads.
[[nodiscard]] RunStatistics DescribeRun(const StrideTable& strides, const SystematicErrors& errors,
                                        Parallelism parallelism = Parallelism(1));

}  // namespace medius::analysis
