#include "analysis/summary.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "analysis/statistics.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// One metric of one side: the accepted values and when their strides began, in minutes.
struct Values {
  std::vector<double> value;
  std::vector<double> minute;
};

Values AcceptedValues(const StrideTable& strides, const StrideColumn& metric, Side side) {
  Values values;
  for (std::size_t row = 0; row < strides.stride_count(); ++row) {
    if (strides.side[row] != side || strides.accepted[row] == 0) continue;
    if (std::isnan(metric.value[row])) continue;
    values.value.push_back(metric.value[row]);
    values.minute.push_back(strides.start[row] / 60.0);
  }
  return values;
}

double Mean(const std::vector<double>& values) {
  if (values.empty()) return kNaN;
  double sum = 0.0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

double StandardDeviation(const std::vector<double>& values, double mean) {
  if (values.size() < 2) return kNaN;
  double sum = 0.0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

SummaryRow SummarizeMetric(const StrideColumn& metric, Side side, const Values& values,
                           const SystematicPart& systematic) {
  SummaryRow row;
  row.metric = metric.description;
  row.side = side;
  row.n = values.value.size();
  row.mean = Mean(values.value);
  row.sd = StandardDeviation(values.value, row.mean);
  row.measurement_sigma = systematic.sigma;
  double half_width = kNaN;
  if (row.n >= 2) {
    const double spread = StudentT95(row.n - 1) * row.sd / std::sqrt(static_cast<double>(row.n));
    half_width = std::hypot(spread, systematic.half_width);
  }
  row.ci_low = row.mean - half_width;
  row.ci_high = row.mean + half_width;
  row.trend_per_minute = TheilSenSlope(values.minute, values.value);
  return row;
}

}  // namespace

SystematicPart SystematicPart::Known(double sigma) {
  constexpr double kNormal95 = 1.959963984540054;
  return {sigma, kNormal95 * sigma};
}

SystematicPart SystematicPart::Estimated(double sigma, std::size_t degrees_of_freedom) {
  return {sigma, sigma == 0.0 ? 0.0 : StudentT95(degrees_of_freedom) * sigma};
}

SystematicPart SystematicPart::With(const SystematicPart& other) const {
  return {std::hypot(sigma, other.sigma), std::hypot(half_width, other.half_width)};
}

SystematicPart SystematicPartOf(std::string_view metric, Side side, const SystematicErrors& errors,
                                double mean_stride_time) {
  constexpr double kTwoMoments = 1.4142135623730951;
  const auto index = static_cast<std::size_t>(side);
  if (metric == "contralateral_pelvic_drop_peak" ||
      metric == "contralateral_pelvic_drop_relative") {
    return errors.obliquity;
  }
  if (metric == "contralateral_pelvic_drop_excursion") {
    return errors.obliquity_varying.Times(kTwoMoments);
  }
  if (metric == "hip_adduction_peak") {
    return errors.hip_adduction[index].With(errors.hip_centre[index]);
  }
  if (metric == "hip_adduction_excursion") {
    return errors.hip_adduction_varying[index].Times(kTwoMoments);
  }
  if (metric == "contact_time") return errors.contact_time;
  if (metric == "duty_factor") return errors.contact_time.Times(1.0 / mean_stride_time);
  return {};
}

Summary Summarize(const StrideTable& strides, const SystematicErrors& errors) {
  Summary summary;
  for (const Side side : kSides) {
    const StrideColumn* stride_time = strides.FindMetric("stride_time");
    const double mean_stride_time =
        stride_time == nullptr ? kNaN : Mean(AcceptedValues(strides, *stride_time, side).value);
    for (const StrideColumn& metric : strides.metrics) {
      summary.push_back(SummarizeMetric(
          metric, side, AcceptedValues(strides, metric, side),
          SystematicPartOf(metric.description.name, side, errors, mean_stride_time)));
    }
  }
  return summary;
}

}  // namespace medius::analysis
