#include "storage/time_column.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::storage {
namespace {

// A step that differs by more than this share of a frame is a frame too few or too many.
constexpr double kLargestStepError = 0.5;
// Real time stamps may wander by this share of a frame round a steady rate.
constexpr double kLargestWander = 0.1;

struct RateInterval {
  double low = 0.0;
  double high = 0.0;
  [[nodiscard]] bool Contains(double rate) const { return rate >= low && rate <= high; }
};

// The rates that the first and the last time allow, both rounded.
RateInterval RatesFromEnds(const TimeColumn& column) {
  const double first = column.values().front();
  const double last = column.values().back();
  const double rounding = column.RoundingOf(first) + column.RoundingOf(last);
  const double steps = static_cast<double>(column.size() - 1);
  const double shortest = last - first - rounding;
  constexpr double kHighest = 1e6;
  return {steps / (last - first + rounding), shortest > 0.0 ? steps / shortest : kHighest};
}

// The roundest rate of the interval: people set a camera to 150 Hz, not to 150.0017.
double RoundestRate(const RateInterval& interval) {
  const double middle = 0.5 * (interval.low + std::min(interval.high, 2.0 * interval.low));
  for (const double step : {100.0, 50.0, 10.0, 5.0, 1.0, 0.5, 0.1, 0.01, 0.001}) {
    const double rate = std::round(middle / step) * step;
    if (rate > 0.0 && interval.Contains(rate)) return rate;
  }
  return middle;
}

double StartOf(const TimeColumn& column, double rate) {
  const double first = column.values().front();
  if (!column.IsCounter()) return first;
  return first <= 1.0 ? 0.0 : (first - 1.0) / rate;
}

TimeBase UniformAsGiven(const TimeColumn& column, double rate) {
  return TimeBase::Uniform(rate, column.size(), StartOf(column, rate));
}

[[noreturn]] void AskForRate(const TimeHints& hints, std::string_view why) {
  throw InputError(fmt::format("{}: {}; give the frame rate with --rate HZ", hints.file, why));
}

// The usual step between two rows: the median, which a few gaps do not move, unless the column is
// rounded so coarsely that only the mean tells.
double UsualStep(const TimeColumn& column, std::vector<double> steps) {
  const std::vector<double>& time = column.values();
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  if (column.RoundingOf(time.back()) < 0.25 * *middle) return *middle;
  return (time.back() - time.front()) / static_cast<double>(steps.size());
}

void RequireSteadySteps(const TimeColumn& column, const TimeHints& hints) {
  const std::vector<double>& time = column.values();
  std::vector<double> steps(time.size() - 1);
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = time[i + 1] - time[i];
  const double usual = UsualStep(column, steps);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i] > 0.0 && std::abs(steps[i] - usual) <= kLargestStepError * usual) continue;
    throw InputError(fmt::format(
        "{}: line {}: time goes from {:g} to {:g} s, a step of {:.4g} s where {:.4g} s is usual; "
        "frames are missing or repeated: fill them in with empty cells, or say with --rate HZ that "
        "the rows are evenly spaced",
        hints.file, hints.line_of_row(i + 1), time[i], time[i + 1], steps[i], usual));
  }
}

void WarnOfRate(std::string_view what, double other, double used,
                std::vector<std::string>& warnings) {
  constexpr double kWorthTelling = 1e-3;
  if (std::abs(other - used) <= kWorthTelling * used) return;
  warnings.push_back(fmt::format("{} {:.6g} Hz; {:.6g} Hz is used", what, other, used));
}

// Start of the evenly spaced times at `rate` which, rounded as the column is, are those of the
// column; nullopt where there are none. Each row allows an interval of starts.
std::optional<double> StartThatExplains(const TimeColumn& column, double rate) {
  const double first = column.values().front();
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < column.size(); ++i) {
    const double value = column.values()[i];
    const double start = value - static_cast<double>(i) / rate;
    const double rounding = column.RoundingOf(value);
    low = std::max(low, start - rounding);
    high = std::min(high, start + rounding);
  }
  if (low > high) return std::nullopt;
  return low <= first && first <= high ? first : 0.5 * (low + high);
}

// The rate and start of a straight line through all times, by least squares.
TimeBase FittedLine(const TimeColumn& column) {
  const double middle = 0.5 * static_cast<double>(column.size() - 1);
  double sum_of_times = 0.0;
  for (const double value : column.values()) sum_of_times += value;
  const double mean = sum_of_times / static_cast<double>(column.size());
  double covariance = 0.0;
  double variance = 0.0;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const double row = static_cast<double>(i) - middle;
    covariance += row * (column.values()[i] - mean);
    variance += row * row;
  }
  const double rate = variance / covariance;
  return TimeBase::Uniform(rate, column.size(), mean - middle / rate);
}

// Times of their own, which no even spacing explains: kept where they wander little.
TimeBase KeepTimes(const TimeColumn& column, const TimeHints& hints) {
  const TimeBase line = FittedLine(column);
  for (std::size_t i = 0; i < column.size(); ++i) {
    const double wander = std::abs(column.values()[i] - line.time[i]) * line.rate_hz;
    if (wander <= kLargestWander) continue;
    throw InputError(
        fmt::format("{}: line {}: its time {:g} s is {:.2g} frames away from an even spacing at "
                    "{:.6g} Hz; say with --rate HZ that the rows are evenly spaced",
                    hints.file, hints.line_of_row(i), column.values()[i], wander, line.rate_hz));
  }
  return {line.rate_hz, column.values()};
}

TimeBase FromSeconds(const TimeColumn& column, const TimeHints& hints,
                     std::vector<std::string>& warnings) {
  RequireSteadySteps(column, hints);
  std::vector<double> candidates;
  if (hints.declared_rate_hz) candidates.push_back(*hints.declared_rate_hz);
  candidates.push_back(RoundestRate(RatesFromEnds(column)));
  std::optional<TimeBase> base;
  for (const double rate : candidates) {
    const std::optional<double> start = StartThatExplains(column, rate);
    if (!start) continue;
    base = TimeBase::Uniform(rate, column.size(), *start);
    break;
  }
  if (!base) base = KeepTimes(column, hints);
  if (hints.declared_rate_hz) {
    WarnOfRate("the time column does not agree with the header's", *hints.declared_rate_hz,
               base->rate_hz, warnings);
  }
  return *base;
}

bool IsConstant(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

}  // namespace

bool TimeColumn::Add(std::string_view cell) {
  if (cell.starts_with('+')) cell.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) {
    return false;
  }
  values_.push_back(value);
  const std::size_t exponent = std::min(cell.find_first_of("eE"), cell.size());
  // Zeros at the end tell nothing: many a program writes 9.983000 for what it rounded to 9.983.
  std::string_view mantissa = cell.substr(0, exponent);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  while (mantissa.size() > point + 1 && mantissa.back() == '0') mantissa.remove_suffix(1);
  int decimals = static_cast<int>(mantissa.size()) - static_cast<int>(point) - 1;
  if (exponent < cell.size()) decimals -= std::atoi(std::string(cell.substr(exponent + 1)).c_str());
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::size_t leading = std::min(mantissa.find_first_of("123456789"), mantissa.size());
  const auto digits = std::count_if(mantissa.begin() + static_cast<std::ptrdiff_t>(leading),
                                    mantissa.end(), is_digit);
  decimals_ = std::max(decimals_, std::min(decimals, 17));
  significant_digits_ = std::max(significant_digits_, std::min(static_cast<int>(digits), 17));
  return true;
}

double TimeColumn::RoundingOf(double value) const {
  const double size = std::max(std::abs(value / scale_), 1e-300);
  const double by_decimals = std::pow(10.0, -decimals_);
  const double by_digits = std::pow(10.0, std::floor(std::log10(size)) + 1 - significant_digits_);
  constexpr double kSinglePrecision = 1.2e-7;  // many a program computes time in float
  return scale_ * (0.5 * std::max(by_decimals, by_digits) + kSinglePrecision * size);
}

bool TimeColumn::IsCounter() const {
  if (decimals_ > 0 || scale_ != 1.0) return false;
  for (std::size_t i = 1; i < values_.size(); ++i) {
    if (values_[i] != values_[i - 1] + 1.0) return false;
  }
  return !values_.empty() && values_.front() == std::floor(values_.front());
}

void TimeColumn::Scale(double factor) {
  for (double& value : values_) value *= factor;
  scale_ *= factor;
}

TimeBase TimeBaseFromColumn(const TimeColumn& column, const TimeHints& hints,
                            std::vector<std::string>& warnings) {
  MEDIUS_CHECK(column.size() > 0, "a table without rows has no time");
  const std::optional<double>& known =
      hints.given_rate_hz ? hints.given_rate_hz : hints.declared_rate_hz;
  if (column.size() == 1) {
    if (!known) AskForRate(hints, "one row alone does not tell the frame rate");
    return UniformAsGiven(column, *known);
  }
  if (hints.given_rate_hz) {
    const double span = column.values().back() - column.values().front();
    if (!column.IsCounter() && span > 0.0) {
      WarnOfRate("--rate is not that of the time column,",
                 static_cast<double>(column.size() - 1) / span, *known, warnings);
    }
    return UniformAsGiven(column, *known);
  }
  if (column.IsCounter() || IsConstant(column.values())) {
    if (!known) AskForRate(hints, "its time column counts rows and does not hold seconds");
    if (*known != 1.0) {
      warnings.push_back(fmt::format(
          "its time column does not hold seconds; the header's {:g} Hz is used", *known));
    }
    if (IsConstant(column.values())) return TimeBase::Uniform(*known, column.size());
    return UniformAsGiven(column, *known);
  }
  return FromSeconds(column, hints, warnings);
}

}  // namespace medius::storage
