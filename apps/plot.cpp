#include "apps/plot.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "core/check.hpp"

namespace medius::apps {
namespace {

using Eigen::Vector2d;

// Runs [begin, end) of rows that are all there.
void ForEachRun(std::size_t rows, const std::function<bool(std::size_t)>& is_there,
                const std::function<void(std::size_t, std::size_t)>& use) {
  std::size_t begin = 0;
  while (begin < rows) {
    while (begin < rows && !is_there(begin)) ++begin;
    std::size_t end = begin;
    while (end < rows && is_there(end)) ++end;
    if (end > begin) use(begin, end);
    begin = end;
  }
}

double RoundStep(double width, std::size_t at_most) {
  const double wanted = width / static_cast<double>(std::max<std::size_t>(1, at_most));
  const double power = std::pow(10.0, std::floor(std::log10(wanted)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= wanted * (1.0 - 1e-9)) return factor * power;
  }
  return 10.0 * power;
}

}  // namespace

void ValueRange::Add(double value) {
  if (!std::isfinite(value)) return;
  least = empty ? value : std::min(least, value);
  most = empty ? value : std::max(most, value);
  empty = false;
}

void ValueRange::Add(std::span<const double> values) {
  for (const double value : values) Add(value);
}

ValueRange ValueRange::Padded(double share, double least_width) const {
  if (empty) return {0.0, 1.0, false};
  const double width = std::max(least_width, (1.0 + 2.0 * share) * (most - least));
  const double middle = 0.5 * (least + most);
  return {middle - 0.5 * width, middle + 0.5 * width, false};
}

std::vector<double> RoundTicks(const ValueRange& range, std::size_t at_most) {
  std::vector<double> ticks;
  if (!(range.most > range.least)) return ticks;
  const double step = RoundStep(range.most - range.least, at_most);
  const double slack = 1e-9 * step;
  for (double k = std::ceil((range.least - slack) / step); k * step <= range.most + slack; ++k) {
    ticks.push_back(k * step);
  }
  return ticks;
}

std::string TickText(double tick, std::span<const double> ticks) {
  const double step = ticks.size() < 2 ? std::abs(tick) : ticks[1] - ticks[0];
  const int digits =
      step > 0.0 ? std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 6) : 0;
  std::string text = fmt::format("{:.{}f}", tick, digits);
  return std::stod(text) == 0.0 ? "0" : text;
}

void DrawHeights(const Plot& plot, std::span<const double> ticks, SvgDrawing* picture) {
  for (const double tick : ticks) {
    const Vector2d left = plot.At(plot.least.x(), tick);
    picture->Line(left, plot.At(plot.most.x(), tick), tick == 0.0 ? "axis" : "grid");
    picture->Text(left + Vector2d(-4, 3.5), TickText(tick, ticks), "small", "end");
  }
}

void DrawPlaces(const Plot& plot, std::span<const double> ticks, SvgDrawing* picture) {
  for (const double tick : ticks) {
    const Vector2d bottom = plot.At(tick, plot.least.y());
    picture->Line(bottom, bottom + Vector2d(0, 3), "axis");
    picture->Text(bottom + Vector2d(0, 13), TickText(tick, ticks), "small", "middle");
  }
}

void DrawCurve(const Plot& plot, std::span<const double> x, std::span<const double> y,
               std::string_view css, SvgDrawing* picture) {
  MEDIUS_CHECK(x.size() == y.size(), "a height for each place");
  ForEachRun(
      x.size(), [&](std::size_t i) { return std::isfinite(x[i]) && std::isfinite(y[i]); },
      [&](std::size_t begin, std::size_t end) {
        std::vector<Vector2d> line;
        for (std::size_t i = begin; i < end; ++i) line.push_back(plot.At(x[i], y[i]));
        picture->Polyline(line, false, css);
      });
}

void DrawBand(const Plot& plot, std::span<const double> x, std::span<const double> low,
              std::span<const double> high, std::string_view css, SvgDrawing* picture) {
  MEDIUS_CHECK(x.size() == low.size() && x.size() == high.size(), "two heights for each place");
  ForEachRun(
      x.size(), [&](std::size_t i) { return std::isfinite(low[i]) && std::isfinite(high[i]); },
      [&](std::size_t begin, std::size_t end) {
        std::vector<Vector2d> outline;
        for (std::size_t i = begin; i < end; ++i) outline.push_back(plot.At(x[i], high[i]));
        for (std::size_t i = end; i > begin; --i) outline.push_back(plot.At(x[i - 1], low[i - 1]));
        picture->Polyline(outline, true, css);
      });
}

}  // namespace medius::apps
