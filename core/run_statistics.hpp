#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "core/events.hpp"
#include "core/kinematics.hpp"

namespace medius {

/// Right less left of one metric, in the metric's unit. NaN where a side lacks it.
struct AsymmetryRow {
  QuantityDescription metric;
  double difference = 0.0;         ///< mean of the right strides less that of the left ones
  double standard_error = 0.0;     ///< by the strides of both sides
  double measurement_sigma = 0.0;  ///< 1 sd that more strides do not reduce
  double ci_low = 0.0;             ///< 95 % interval of the difference, from both
  double ci_high = 0.0;
  /// 200 (R - L) / (R + L), percent; NaN but for times, lengths and speeds: an angle near 0 has no
  /// ratio.
  double symmetry_index = std::numeric_limits<double>::quiet_NaN();
  std::size_t n_left = 0;
  std::size_t n_right = 0;
};

/// One metric of one side over the strides that begin in one part of the run.
struct WindowRow {
  QuantityDescription metric;
  Side side = Side::kLeft;
  double start = 0.0;  ///< seconds
  double end = 0.0;
  std::size_t n = 0;
  double mean = 0.0;    ///< NaN for n = 0
  double sd = 0.0;      ///< stride to stride; NaN for n < 2
  double ci_low = 0.0;  ///< 95 % interval of the mean by its strides alone
  double ci_high = 0.0;
};

/// How one metric of one side changes through the run. By strides alone: what markers add is the
/// same at its beginning and end. NaN where it cannot be had.
struct TrendRow {
  QuantityDescription metric;
  Side side = Side::kLeft;
  double slope_per_minute = 0.0;  ///< Theil-Sen
  double ci_low = 0.0;            ///< 95 % interval of the slope (Sen 1968)
  double ci_high = 0.0;
  double first_mean = 0.0;  ///< of the first window
  double last_mean = 0.0;   ///< of the last window
  double change = 0.0;      ///< last less first
  double change_ci_low = 0.0;
  double change_ci_high = 0.0;
  double change_point = 0.0;        ///< seconds: first stride after it; NaN where there is none
  double change_point_p = 0.0;      ///< Pettitt 1979
  double change_point_shift = 0.0;  ///< median after less median before it; NaN where there is none
};

/// What a run's strides come to beyond their summary.
struct RunStatistics {
  std::vector<AsymmetryRow> asymmetry;
  std::vector<WindowRow> windows;
  std::vector<TrendRow> trends;
};

}  // namespace medius
