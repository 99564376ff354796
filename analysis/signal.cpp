#include "analysis/signal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Top (or bottom) of the parabola through a sample and its two neighbours.
Extremum Refine(std::span<const double> signal, std::size_t index, bool is_maximum) {
  Extremum extremum{static_cast<double>(index), signal[index], is_maximum};
  if (index == 0 || index + 1 >= signal.size()) return extremum;
  const double before = signal[index - 1];
  const double after = signal[index + 1];
  const double bend = before - 2.0 * signal[index] + after;
  if (std::isnan(bend) || bend == 0.0) return extremum;
  const double shift = std::clamp(0.5 * (before - after) / bend, -0.5, 0.5);
  extremum.place += shift;
  extremum.value -= 0.25 * (before - after) * shift;
  return extremum;
}

// The zig-zag of one run without gaps.
void AppendExtrema(std::span<const double> signal, std::size_t begin, std::size_t end,
                   double prominence, std::vector<Extremum>& extrema) {
  std::size_t low = begin;
  std::size_t high = begin;
  int direction = 0;  // of the signal since the last confirmed extremum; 0: none yet
  for (std::size_t i = begin; i < end; ++i) {
    if (signal[i] > signal[high]) high = i;
    if (signal[i] < signal[low]) low = i;
    if (direction >= 0 && signal[i] < signal[high] - prominence) {
      if (high != begin) extrema.push_back(Refine(signal, high, true));
      direction = -1;
      low = i;
    } else if (direction <= 0 && signal[i] > signal[low] + prominence) {
      if (low != begin) extrema.push_back(Refine(signal, low, false));
      direction = 1;
      high = i;
    }
  }
}

}  // namespace

std::vector<Extremum> FindExtrema(std::span<const double> signal, double prominence) {
  std::vector<Extremum> extrema;
  std::size_t begin = 0;
  while (begin < signal.size()) {
    std::size_t end = begin;
    while (end < signal.size() && !std::isnan(signal[end])) ++end;
    if (end > begin) AppendExtrema(signal, begin, end, prominence, extrema);
    begin = end + 1;
  }
  return extrema;
}

std::optional<Extremum> GreatestPeak(std::span<const double> signal, double first, double last) {
  if (signal.size() < 3) return std::nullopt;
  const auto begin = static_cast<std::size_t>(std::ceil(std::max(first, 1.0)));
  const auto end = static_cast<std::size_t>(
      std::floor(std::clamp(last, 0.0, static_cast<double>(signal.size() - 2))));
  std::optional<std::size_t> best;
  for (std::size_t i = begin; i <= end; ++i) {
    const bool peak = signal[i] >= signal[i - 1] && signal[i] > signal[i + 1];
    if (peak && (!best || signal[i] > signal[*best])) best = i;
  }
  if (!best) return std::nullopt;
  return Refine(signal, *best, true);
}

std::vector<double> Derivative(std::span<const double> signal, double rate_hz) {
  std::vector<double> slope(signal.size(), kNaN);
  for (std::size_t i = 1; i + 1 < signal.size(); ++i) {
    slope[i] = 0.5 * rate_hz * (signal[i + 1] - signal[i - 1]);
  }
  return slope;
}

std::vector<double> FillLinearly(std::span<const double> signal) {
  std::vector<double> filled(signal.begin(), signal.end());
  std::size_t previous = signal.size();  // last value seen; none yet
  for (std::size_t i = 0; i < signal.size(); ++i) {
    if (std::isnan(signal[i])) continue;
    for (std::size_t j = previous == signal.size() ? 0 : previous + 1; j < i; ++j) {
      const double u = previous == signal.size()
                           ? 1.0
                           : static_cast<double>(j - previous) / static_cast<double>(i - previous);
      filled[j] = u == 1.0 ? signal[i] : (1.0 - u) * signal[previous] + u * signal[i];
    }
    previous = i;
  }
  const std::size_t tail = previous == signal.size() ? 0 : previous + 1;
  std::fill(filled.begin() + static_cast<std::ptrdiff_t>(tail), filled.end(),
            previous == signal.size() ? 0.0 : signal[previous]);
  return filled;
}

std::vector<double> MovingMean(std::span<const double> signal, std::size_t half_width) {
  // Prefix sums about the first value: a whole hour of metres keeps its millimetres.
  const double origin = signal.empty() ? 0.0 : signal[0];
  std::vector<double> sum(signal.size() + 1, 0.0);
  for (std::size_t i = 0; i < signal.size(); ++i) sum[i + 1] = sum[i] + (signal[i] - origin);
  std::vector<double> mean(signal.size());
  for (std::size_t i = 0; i < signal.size(); ++i) {
    const std::size_t begin = i - std::min(i, half_width);
    const std::size_t end = std::min(signal.size(), i + half_width + 1);
    mean[i] = origin + (sum[end] - sum[begin]) / static_cast<double>(end - begin);
  }
  return mean;
}

double Quantile(std::vector<double> values, double fraction) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
  if (values.empty()) return kNaN;
  const auto rank = static_cast<std::ptrdiff_t>(fraction * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

double ValueAt(std::span<const double> signal, double place) {
  if (!(place >= 0.0) || signal.empty() || place > static_cast<double>(signal.size() - 1)) {
    return kNaN;
  }
  const auto index = static_cast<std::size_t>(place);
  const double u = place - static_cast<double>(index);
  if (u == 0.0) return signal[index];
  return (1.0 - u) * signal[index] + u * signal[index + 1];
}

double SmoothValueAt(std::span<const double> signal, double place) {
  const double linear = ValueAt(signal, place);
  if (std::isnan(linear)) return linear;
  const auto i = static_cast<std::size_t>(place);
  const double u = place - static_cast<double>(i);
  if (u == 0.0 || i == 0 || i + 2 >= signal.size()) return linear;
  const double p0 = signal[i - 1], p1 = signal[i], p2 = signal[i + 1], p3 = signal[i + 2];
  const double cubic =
      p1 +
      0.5 * u *
          (p2 - p0 + u * (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3 + u * (3.0 * (p1 - p2) + p3 - p0)));
  return std::isnan(cubic) ? linear : cubic;
}

Extremum GreatestPoint(std::span<const double> signal, double first, double last) {
  const Extremum missing{kNaN, kNaN, true};
  const double at_first = SmoothValueAt(signal, first);
  const double at_last = SmoothValueAt(signal, last);
  if (std::isnan(at_first + at_last)) return missing;
  Extremum greatest =
      at_last > at_first ? Extremum{last, at_last, true} : Extremum{first, at_first, true};
  const auto end = static_cast<std::size_t>(std::floor(last));
  for (auto i = static_cast<std::size_t>(std::ceil(first)); i <= end; ++i) {
    if (std::isnan(signal[i])) return missing;
    if (signal[i] < greatest.value) continue;
    const bool peak = i > 0 && i + 1 < signal.size() && static_cast<double>(i) - first >= 0.5 &&
                      last - static_cast<double>(i) >= 0.5 && signal[i] >= signal[i - 1] &&
                      signal[i] >= signal[i + 1];
    greatest = peak ? Refine(signal, i, true) : Extremum{static_cast<double>(i), signal[i], true};
  }
  return greatest;
}

double GreatestValue(std::span<const double> signal, double first, double last) {
  return GreatestPoint(signal, first, last).value;
}

}  // namespace medius::analysis
