#pragma once

#include <string_view>
#include <vector>

#include "analysis/systematic_error.hpp"
#include "core/kinematics.hpp"

namespace medius::analysis {

/// The accepted strides of one side that have a metric.
struct MetricSample {
  std::vector<double> value;
  std::vector<double> start;  ///< foot strike, seconds
  double noise_sigma = 0.0;   ///< rms over strides; NaN where not known
};
[[nodiscard]] MetricSample AcceptedStrides(const StrideTable& strides, const StrideColumn& metric,
                                           Side side);

/// The systematic error of each column of the table for one side; none for a column that
/// StrideMetrics() does not know.
[[nodiscard]] std::vector<MetricError> ErrorsOf(const StrideTable& strides, Side side,
                                                const SystematicErrors& errors);

/// One row for each side and metric over the accepted strides that have it: mean, median, sd, n,
/// standard error, the 95 % interval of the mean, the noise of one stride and the Theil-Sen trend
/// over the time of foot strike.
///
/// The interval's half width is sqrt((t sd / sqrt(n))^2 + h^2), t of Student for n - 1 and h that
/// of the systematic part. NaN where it cannot be had: mean for n = 0, sd, interval and trend
/// for n < 2.
[[nodiscard]] Summary Summarize(const StrideTable& strides, const SystematicErrors& errors);

/// The row of a metric and side; nullptr where there is none.
[[nodiscard]] const SummaryRow* FindRow(const Summary& summary, std::string_view metric, Side side);

}  // namespace medius::analysis
