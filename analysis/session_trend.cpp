#include "analysis/session_trend.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/distributions.hpp"
#include "analysis/statistics.hpp"
#include "core/check.hpp"

namespace medius::analysis {
namespace {

constexpr double kDaysPerWeek = 7.0;

bool AllFinite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

// The line by weighted least squares, for one variance between sessions.
struct WeightedLine {
  double intercept = 0.0;
  double slope = 0.0;
  double slope_variance = 0.0;
  double weighted_squares = 0.0;  // of the residuals
  double log_likelihood = 0.0;    // restricted, less a constant
};

WeightedLine FitLine(std::span<const double> x, std::span<const double> y,
                     std::span<const double> error_variance, double between) {
  double w = 0.0, wx = 0.0, wxx = 0.0, wy = 0.0, wxy = 0.0, log_variance = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double variance = between + error_variance[i];
    const double weight = 1.0 / variance;
    log_variance += std::log(variance);
    w += weight;
    wx += weight * x[i];
    wxx += weight * x[i] * x[i];
    wy += weight * y[i];
    wxy += weight * x[i] * y[i];
  }
  const double determinant = w * wxx - wx * wx;
  WeightedLine line;
  line.slope = (w * wxy - wx * wy) / determinant;
  line.intercept = (wy - line.slope * wx) / w;
  line.slope_variance = w / determinant;
  double squares = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double residual = y[i] - line.intercept - line.slope * x[i];
    squares += residual * residual / (between + error_variance[i]);
  }
  line.weighted_squares = squares;
  line.log_likelihood = -0.5 * (log_variance + std::log(determinant) + squares);
  return line;
}

// The variance between sessions of greatest restricted likelihood: a scan, then a golden section.
double BetweenVariance(std::span<const double> x, std::span<const double> y,
                       std::span<const double> error_variance, double floor) {
  const double sd = StandardDeviationOf(y);
  const double greatest = std::max(16.0 * sd * sd, 4.0 * floor);
  const auto likelihood = [&](double between) {
    return FitLine(x, y, error_variance, between).log_likelihood;
  };
  constexpr int kSteps = 200;
  double best = floor;
  int best_step = -1;
  const auto at_step = [&](int step) {
    return floor * std::pow(greatest / floor, static_cast<double>(step) / kSteps);
  };
  double best_value = likelihood(best);
  for (int step = 0; step <= kSteps; ++step) {
    const double value = likelihood(at_step(step));
    if (value <= best_value) continue;
    best_value = value;
    best_step = step;
  }
  if (best_step < 0) return floor;
  constexpr double kGolden = 0.6180339887498949;
  double low = std::log(at_step(std::max(0, best_step - 1)));
  double high = std::log(at_step(std::min(kSteps, best_step + 1)));
  for (int i = 0; i < 60; ++i) {
    const double left = high - kGolden * (high - low);
    const double right = low + kGolden * (high - low);
    if (likelihood(std::exp(left)) > likelihood(std::exp(right))) {
      high = right;
    } else {
      low = left;
    }
  }
  best = std::exp(0.5 * (low + high));
  return best;
}

}  // namespace

std::optional<SessionTrend> FitSessionTrend(std::span<const double> days,
                                            std::span<const double> means,
                                            std::span<const double> error_variance) {
  MEDIUS_CHECK(days.size() == means.size() && days.size() == error_variance.size(),
               "a day, a mean and a variance for each session");
  if (days.size() < kFewestSessionsForTrend) return std::nullopt;
  if (!AllFinite(days) || !AllFinite(means) || !AllFinite(error_variance)) return std::nullopt;
  const auto [first, last] = std::minmax_element(days.begin(), days.end());
  if (*first == *last) return std::nullopt;
  // Without any spread a line would be exact and its interval empty.
  const double scale = StandardDeviationOf(means);
  const double floor = std::max(1e-12 * scale * scale, 1e-30);
  const double between = BetweenVariance(days, means, error_variance, floor);
  const WeightedLine line = FitLine(days, means, error_variance, between);
  const auto freedom = static_cast<double>(days.size() - 2);
  // The weights are estimates themselves: where the residuals say that they promise too much, the
  // interval is widened by as much.
  const double promised = std::max(1.0, line.weighted_squares / freedom);
  const double error = std::sqrt(line.slope_variance * promised);
  const double reach = StudentQuantile(0.975, freedom) * error;
  SessionTrend trend;
  trend.slope_per_week = kDaysPerWeek * line.slope;
  trend.ci_low = kDaysPerWeek * (line.slope - reach);
  trend.ci_high = kDaysPerWeek * (line.slope + reach);
  trend.p_value = std::min(1.0, 2.0 * StudentUpperTail(std::abs(line.slope) / error, freedom));
  trend.intercept = line.intercept;
  trend.between_session_sd = between <= floor ? 0.0 : std::sqrt(between);
  return trend;
}

std::optional<ControlChart> MakeControlChart(std::span<const double> values) {
  if (values.size() < kFewestSessionsForTrend || !AllFinite(values)) return std::nullopt;
  constexpr double kThreeSdPerRange = 2.66;
  double range = 0.0;
  for (std::size_t i = 1; i < values.size(); ++i) range += std::abs(values[i] - values[i - 1]);
  range /= static_cast<double>(values.size() - 1);
  ControlChart chart;
  chart.centre = MeanOf(values);
  chart.lower = chart.centre - kThreeSdPerRange * range;
  chart.upper = chart.centre + kThreeSdPerRange * range;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < chart.lower || values[i] > chart.upper) chart.outside.push_back(i);
  }
  return chart;
}

}  // namespace medius::analysis
