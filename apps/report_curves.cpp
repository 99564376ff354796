// Pictures of a trial's report: over the stride, and over the minutes of the run.

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/metric_words.hpp"
#include "apps/plot.hpp"
#include "apps/report_sections.hpp"
#include "apps/stride_picture.hpp"
#include "apps/svg_drawing.hpp"

namespace medius::apps {
namespace {

constexpr std::size_t kMostPictures = 4;  // the page has room for

double ToeOffPercent(const TrialReport& report) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const Side side : kSides) {
    const SummaryRow* row = report.Find("duty_factor", side);
    if (row == nullptr || !std::isfinite(row->mean)) continue;
    sum += 100.0 * row->mean;
    ++count;
  }
  return count == 0 ? kUnknown : sum / static_cast<double>(count);
}

std::vector<StrideLine> LinesOf(const TrialReport& report, const ShownAngle& angle) {
  std::vector<StrideLine> lines;
  const auto add = [&](const char* name, Side side, double sign) {
    const analysis::MeanCurve* curve = report.FindCurve(name, side);
    if (curve == nullptr || curve->n == 0) return;
    const std::string word(ToString(side));
    lines.push_back(LineOf(*curve, sign, word, word));
  };
  add(angle.left, Side::kLeft, angle.left_sign);
  add(angle.right, Side::kRight, angle.right_sign);
  return lines;
}

// How a metric went through the run: its strides, thinned where there are many.
struct DriftMetric {
  const char* name;
  const char* title;
};
constexpr DriftMetric kDrift[] = {
    {"contralateral_pelvic_drop_relative", "Pelvic drop below standing"},
    {"contralateral_pelvic_drop_peak", "Pelvic drop below level"},
    {"hip_adduction_peak", "Hip adduction, largest"},
};
constexpr std::size_t kMostDriftPictures = 2;
constexpr std::size_t kMostDots = 300;

struct Strides {
  std::vector<double> minute;
  std::vector<double> value;  // as shown
};

Strides StridesOf(const TrialReport& report, const StrideColumn& metric, Side side) {
  Strides strides;
  for (std::size_t row = 0; row < report.strides.stride_count(); ++row) {
    if (report.strides.side[row] != side || report.strides.accepted[row] == 0) continue;
    if (!std::isfinite(metric.value[row])) continue;
    strides.minute.push_back((report.strides.start[row] - report.start) / 60.0);
    strides.value.push_back(ShownScale(metric.description) * metric.value[row]);
  }
  return strides;
}

void DrawDots(const Strides& strides, const Plot& plot, const std::string& css,
              SvgDrawing* picture) {
  std::vector<Eigen::Vector2d> dots;
  const std::size_t count = strides.value.size();
  const std::size_t shown = std::min(count, kMostDots);
  for (std::size_t i = 0; i < shown; ++i) {
    const std::size_t row = i * count / shown;
    dots.push_back(plot.At(strides.minute[row], strides.value[row]));
  }
  picture->Dots(dots, css);
}

// Means of the parts of the run, each at its middle.
void DrawWindows(const TrialReport& report, const std::string& metric, Side side, const Plot& plot,
                 SvgDrawing* picture) {
  std::vector<double> minutes;
  std::vector<double> means;
  for (const WindowRow& window : report.statistics.windows) {
    if (window.metric.name != metric || window.side != side) continue;
    minutes.push_back((0.5 * (window.start + window.end) - report.start) / 60.0);
    means.push_back(ShownScale(window.metric) * window.mean);
  }
  const std::string word(ToString(side));
  DrawCurve(plot, minutes, means, "line " + word, picture);
  for (std::size_t i = 0; i < means.size(); ++i) {
    if (std::isfinite(means[i]))
      picture->Circle(plot.At(minutes[i], means[i]), 2.4, "mark-" + word);
  }
}

std::string DriftPicture(const TrialReport& report, const StrideColumn& metric,
                         const std::string& title) {
  std::array<Strides, 2> sides;
  ValueRange range;
  for (const Side side : kSides) {
    sides[static_cast<std::size_t>(side)] = StridesOf(report, metric, side);
    range.Add(sides[static_cast<std::size_t>(side)].value);
  }
  if (range.empty) return "";
  const ValueRange heights = range.Padded(0.06, 4.0);
  const ValueRange minutes{0.0, std::max(report.duration / 60.0, 1e-3), false};
  const Plot plot{{0.0, heights.least}, {minutes.most, heights.most}, {30, 8}, {282, 84}};
  SvgDrawing picture(320, 122, title + " through the run",
                     "One dot a stride; left red, right blue");
  DrawHeights(plot, RoundTicks(heights, 4), &picture);
  DrawPlaces(plot, RoundTicks(minutes, 6), &picture);
  for (const Side side : kSides) {
    DrawDots(sides[static_cast<std::size_t>(side)], plot, "stride " + std::string(ToString(side)),
             &picture);
  }
  for (const Side side : kSides) {
    DrawWindows(report, metric.description.name, side, plot, &picture);
  }
  picture.Text({171, 119}, "minutes", "small", "middle");
  return picture.Finish();
}

std::string TrendText(const TrialReport& report, const char* name) {
  std::string text;
  for (const Side side : kSides) {
    const SummaryRow* row = report.Find(name, side);
    const TrendRow* trend = report.FindTrend(name, side);
    if (trend != nullptr && std::isfinite(trend->slope_per_minute)) {
      text += fmt::format("{}{} {} ({})", text.empty() ? "" : ", ", ToString(side),
                          ShownChange(trend->metric, trend->slope_per_minute),
                          ShownInterval(trend->metric, trend->ci_low, trend->ci_high));
    } else if (row != nullptr && std::isfinite(row->trend_per_minute)) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", ToString(side),
                          ShownChange(row->metric, row->trend_per_minute));
    }
  }
  return text.empty() ? "" : text + " per minute";
}

}  // namespace

std::string DriftSection(const TrialReport& report) {
  std::string pictures;
  std::size_t count = 0;
  for (const DriftMetric& drift : kDrift) {
    const bool is_level = std::string_view(drift.name) == "contralateral_pelvic_drop_peak";
    if (count == kMostDriftPictures || (is_level && count > 0)) continue;
    const StrideColumn* metric = report.strides.FindMetric(drift.name);
    if (metric == nullptr) continue;
    const std::string picture = DriftPicture(report, *metric, drift.title);
    if (picture.empty()) continue;
    pictures += fmt::format(
        "<figure><figcaption><b>{}</b>, degrees <span class=\"sub\">{}</span></figcaption>\n"
        "{}</figure>\n",
        EscapeHtml(drift.title), EscapeHtml(TrendText(report, drift.name)), picture);
    ++count;
  }
  if (pictures.empty()) return "";
  return "<section id=\"drift\"><h2>Through the run</h2>\n<div class=\"pictures\">\n" + pictures +
         "</div></section>\n";
}

std::string CurvesSection(const TrialReport& report) {
  std::string pictures;
  std::set<std::string> shown;
  const double toe_off = ToeOffPercent(report);
  for (const ShownAngle& angle : ShownAngles()) {
    // Below level only where there is nothing below standing: they are one curve, shifted.
    const std::string title = angle.title;
    if (title == "Pelvic drop below level" && shown.count("Pelvic drop below standing") > 0) {
      continue;
    }
    const std::vector<StrideLine> lines = LinesOf(report, angle);
    if (lines.empty() || shown.size() == kMostPictures) continue;
    shown.insert(title);
    pictures += fmt::format("<figure><figcaption><b>{}</b>, degrees</figcaption>\n{}</figure>\n",
                            EscapeHtml(angle.title), StridePicture(angle, lines, toe_off));
  }
  if (pictures.empty()) return "";
  return "<section id=\"curves\"><h2>Over the stride</h2>\n<p>Mean of the strides from foot strike "
         "to the next foot strike of the same side; shaded: one standard deviation from stride to "
         "stride. <span class=\"key left-side\"><svg viewBox=\"0 0 26 8\" "
         "aria-hidden=\"true\"><path class=\"line left\" d=\"M0 4H26\"/></svg> left</span> <span "
         "class=\"key right-side\"><svg viewBox=\"0 0 26 8\" aria-hidden=\"true\"><path "
         "class=\"line right\" d=\"M0 4H26\"/></svg> right</span></p>\n<div class=\"pictures\">\n" +
         pictures + "</div></section>\n";
}

}  // namespace medius::apps
