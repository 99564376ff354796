#include "analysis/summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/statistics.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSecondsPerMinute = 60.0;

SummaryRow SummarizeMetric(const QuantityDescription& metric, Side side, MetricSample sample,
                           const SystematicPart& systematic) {
  SummaryRow row;
  row.metric = metric;
  row.side = side;
  row.n = sample.value.size();
  row.mean = MeanOf(sample.value);
  row.median = MedianOf(sample.value);
  row.sd = StandardDeviationOf(sample.value);
  row.standard_error = row.sd / std::sqrt(static_cast<double>(row.n));
  row.measurement_sigma = systematic.sigma;
  row.noise_sigma = sample.noise_sigma;
  double half_width = kNaN;
  if (row.n >= 2) {
    half_width = std::hypot(StudentT95(row.n - 1) * row.standard_error, systematic.half_width);
  }
  row.ci_low = row.mean - half_width;
  row.ci_high = row.mean + half_width;
  for (double& start : sample.start) start /= kSecondsPerMinute;
  row.trend_per_minute = TheilSenSlope(sample.start, sample.value);
  return row;
}

}  // namespace

MetricSample AcceptedStrides(const StrideTable& strides, const StrideColumn& metric, Side side) {
  MetricSample sample;
  double noise = 0.0;
  for (std::size_t row = 0; row < strides.stride_count(); ++row) {
    if (strides.side[row] != side || strides.accepted[row] == 0) continue;
    if (std::isnan(metric.value[row])) continue;
    sample.value.push_back(metric.value[row]);
    sample.start.push_back(strides.start[row]);
    const double sigma = metric.sigma.empty() ? kNaN : static_cast<double>(metric.sigma[row]);
    noise += sigma * sigma;
  }
  sample.noise_sigma = std::sqrt(noise / static_cast<double>(sample.value.size()));
  return sample;
}

std::vector<MetricError> ErrorsOf(const StrideTable& strides, Side side,
                                  const SystematicErrors& errors) {
  const StrideColumn* stride_time = strides.FindMetric("stride_time");
  const double mean_stride_time =
      stride_time == nullptr ? kNaN : MeanOf(AcceptedStrides(strides, *stride_time, side).value);
  std::vector<MetricError> all;
  for (const StrideColumn& column : strides.metrics) {
    const MetricDefinition* metric = FindStrideMetric(column.description.name);
    all.push_back(metric == nullptr ? MetricError{}
                                    : SystematicErrorOf(*metric, side, errors, mean_stride_time));
  }
  return all;
}

Summary Summarize(const StrideTable& strides, const SystematicErrors& errors) {
  Summary summary;
  for (const Side side : kSides) {
    const std::vector<MetricError> systematic = ErrorsOf(strides, side, errors);
    for (std::size_t i = 0; i < strides.metrics.size(); ++i) {
      const StrideColumn& metric = strides.metrics[i];
      summary.push_back(SummarizeMetric(
          metric.description, side, AcceptedStrides(strides, metric, side), systematic[i].Total()));
    }
  }
  return summary;
}

const SummaryRow* FindRow(const Summary& summary, std::string_view metric, Side side) {
  const auto found = std::find_if(summary.begin(), summary.end(), [&](const SummaryRow& row) {
    return row.metric.name == metric && row.side == side;
  });
  return found == summary.end() ? nullptr : &*found;
}

}  // namespace medius::analysis
