#include "analysis/run_statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "analysis/distributions.hpp"
#include "analysis/statistics.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSecondsPerMinute = 60.0;

// Mean of a sample and the variance of that mean.
struct MeanWithError {
  double mean = kNaN;
  double variance = kNaN;
  double freedom = 0.0;

  explicit MeanWithError(std::span<const double> values) : mean(MeanOf(values)) {
    const double sd = StandardDeviationOf(values);
    variance = sd * sd / static_cast<double>(values.size());
    freedom = values.empty() ? 0.0 : static_cast<double>(values.size() - 1);
  }
};

// Half width of the 95 % interval of a difference of means. Source: Welch 1947, Biometrika 34:28.
double WelchHalfWidth(const MeanWithError& a, const MeanWithError& b) {
  const double variance = a.variance + b.variance;
  if (!std::isfinite(variance)) return kNaN;
  if (variance == 0.0) return 0.0;
  const double freedom =
      variance * variance /
      (a.variance * a.variance / a.freedom + b.variance * b.variance / b.freedom);
  return StudentQuantile(0.975, freedom) * std::sqrt(variance);
}

// An angle near 0 has no ratio.
bool HasRatio(const QuantityDescription& metric) {
  return metric.unit == "s" || metric.unit == "m" || metric.unit == "m/s" ||
         metric.unit == "1/min" || metric.name == "duty_factor";
}

AsymmetryRow Asymmetry(const StrideTable& strides, const StrideColumn& metric,
                       const std::array<MetricError, 2>& errors) {
  const MetricSample left = AcceptedStrides(strides, metric, Side::kLeft);
  const MetricSample right = AcceptedStrides(strides, metric, Side::kRight);
  const MeanWithError l(left.value);
  const MeanWithError r(right.value);
  // Opposed errors are the same on both sides but for the sign; either side's tells of them.
  const SystematicPart systematic =
      errors[0].own.With(errors[1].own).With(errors[1].opposed.Times(2.0));
  AsymmetryRow row;
  row.metric = metric.description;
  row.n_left = left.value.size();
  row.n_right = right.value.size();
  row.difference = r.mean - l.mean;
  row.standard_error = std::sqrt(l.variance + r.variance);
  row.measurement_sigma = systematic.sigma;
  const double half_width = std::hypot(WelchHalfWidth(l, r), systematic.half_width);
  row.ci_low = row.difference - half_width;
  row.ci_high = row.difference + half_width;
  if (HasRatio(metric.description)) {
    row.symmetry_index = 200.0 * row.difference / (r.mean + l.mean);
  }
  return row;
}

// Borders of the windows, seconds; the last one is just behind the last stride's start.
std::vector<double> WindowBorders(const StrideTable& strides) {
  if (strides.stride_count() == 0) return {};
  const double first = strides.start.front();
  const double last = std::max(strides.end.back(), strides.start.back());
  const auto count = std::max<std::size_t>(
      1, static_cast<std::size_t>(std::floor((last - first) / kWindowSeconds + 0.5)));
  std::vector<double> borders;
  for (std::size_t i = 0; i < count; ++i) {
    borders.push_back(first + static_cast<double>(i) * kWindowSeconds);
  }
  borders.push_back(last);
  return borders;
}

// The values of strides that begin in [start, end).
std::span<const double> Within(const MetricSample& sample, double start, double end) {
  const auto begin = std::lower_bound(sample.start.begin(), sample.start.end(), start);
  const auto stop = std::lower_bound(begin, sample.start.end(), end);
  return std::span(sample.value)
      .subspan(static_cast<std::size_t>(begin - sample.start.begin()),
               static_cast<std::size_t>(stop - begin));
}

std::vector<WindowRow> Windows(const QuantityDescription& metric, Side side,
                               const MetricSample& sample, const std::vector<double>& borders) {
  std::vector<WindowRow> rows;
  for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
    const std::span<const double> values = Within(sample, borders[i], borders[i + 1]);
    WindowRow row;
    row.metric = metric;
    row.side = side;
    row.start = borders[i];
    row.end = borders[i + 1];
    row.n = values.size();
    row.mean = MeanOf(values);
    row.sd = StandardDeviationOf(values);
    const double half_width =
        row.n < 2 ? kNaN : StudentT95(row.n - 1) * row.sd / std::sqrt(static_cast<double>(row.n));
    row.ci_low = row.mean - half_width;
    row.ci_high = row.mean + half_width;
    rows.push_back(std::move(row));
  }
  return rows;
}

void AddChange(const MetricSample& sample, const std::vector<double>& borders, TrendRow& row) {
  row.first_mean = row.last_mean = row.change = row.change_ci_low = row.change_ci_high = kNaN;
  if (borders.size() < 3) return;
  const MeanWithError first(Within(sample, borders[0], borders[1]));
  const MeanWithError last(
      Within(sample, borders[borders.size() - 2], borders[borders.size() - 1]));
  const double half_width = WelchHalfWidth(first, last);
  row.first_mean = first.mean;
  row.last_mean = last.mean;
  row.change = last.mean - first.mean;
  row.change_ci_low = row.change - half_width;
  row.change_ci_high = row.change + half_width;
}

TrendRow Trend(const QuantityDescription& metric, Side side, const MetricSample& sample,
               const std::vector<double>& borders) {
  TrendRow row;
  row.metric = metric;
  row.side = side;
  std::vector<double> minutes = sample.start;
  for (double& m : minutes) m /= kSecondsPerMinute;
  const Slope slope = TheilSen(minutes, sample.value);
  row.slope_per_minute = slope.value;
  row.ci_low = slope.ci_low;
  row.ci_high = slope.ci_high;
  AddChange(sample, borders, row);
  const ChangePoint point = PettittTest(sample.value);
  row.change_point_p = point.p_value;
  row.change_point = row.change_point_shift = kNaN;
  if (point.p_value >= kChangePointLevel) return row;
  const std::span<const double> values(sample.value);
  row.change_point = sample.start[point.first_after];
  row.change_point_shift =
      MedianOf(values.subspan(point.first_after)) - MedianOf(values.first(point.first_after));
  return row;
}

}  // namespace

RunStatistics DescribeRun(const StrideTable& strides, const SystematicErrors& errors,
                          Parallelism parallelism) {
  const std::array<std::vector<MetricError>, 2> systematic = {
      ErrorsOf(strides, Side::kLeft, errors), ErrorsOf(strides, Side::kRight, errors)};
  const std::vector<double> borders = WindowBorders(strides);
  const std::size_t metrics = strides.metrics.size();
  RunStatistics statistics;
  statistics.asymmetry.resize(metrics);
  statistics.trends.resize(2 * metrics);
  std::vector<std::vector<WindowRow>> windows(2 * metrics);
  ParallelFor(parallelism, metrics, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const StrideColumn& metric = strides.metrics[i];
      statistics.asymmetry[i] = Asymmetry(strides, metric, {systematic[0][i], systematic[1][i]});
      for (const Side side : kSides) {
        const MetricSample sample = AcceptedStrides(strides, metric, side);
        const std::size_t slot = static_cast<std::size_t>(side) * metrics + i;
        statistics.trends[slot] = Trend(metric.description, side, sample, borders);
        windows[slot] = Windows(metric.description, side, sample, borders);
      }
    }
  });
  for (std::vector<WindowRow>& rows : windows) {
    for (WindowRow& row : rows) statistics.windows.push_back(std::move(row));
  }
  return statistics;
}

}  // namespace medius::analysis
