#include "apps/stride_picture.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "apps/plot.hpp"
#include "apps/svg_drawing.hpp"

namespace medius::apps {
namespace {

using Eigen::Vector2d;

constexpr double kDegrees = 57.295779513082321;

// Obliquity is above zero with the right side up: in right stance that is the drop of the swing
// side, in left stance its negative.
constexpr ShownAngle kAngles[] = {
    {"Pelvic drop below standing", "swing side lower", "pelvis_obliquity_relative",
     "pelvis_obliquity_relative", -1.0, 1.0},
    {"Pelvic drop below level", "swing side lower", "pelvis_obliquity", "pelvis_obliquity", -1.0,
     1.0},
    {"Hip adduction", "thigh towards the middle", "left_hip_adduction", "right_hip_adduction", 1.0,
     1.0},
    {"Knee abduction", "knee inward (valgus)", "left_knee_adduction", "right_knee_adduction", -1.0,
     -1.0},
    {"Trunk lean", "over the stance leg", "trunk_lateral_lean", "trunk_lateral_lean", -1.0, 1.0},
};

std::vector<double> Percents() {
  std::vector<double> percents;
  for (std::size_t i = 0; i < kCurvePoints; ++i) percents.push_back(static_cast<double>(i));
  return percents;
}

struct Edges {
  std::vector<double> low;
  std::vector<double> high;
};

Edges EdgesOf(const StrideLine& line) {
  Edges edges;
  for (std::size_t i = 0; i < line.half_width.size(); ++i) {
    edges.low.push_back(line.value[i] - line.half_width[i]);
    edges.high.push_back(line.value[i] + line.half_width[i]);
  }
  return edges;
}

ValueRange RangeOf(const std::vector<StrideLine>& lines) {
  ValueRange range;
  for (const StrideLine& line : lines) {
    const Edges edges = EdgesOf(line);
    range.Add(line.value);
    range.Add(edges.low);
    range.Add(edges.high);
  }
  return range.Padded(0.06, 4.0);
}

std::string DescriptionOf(const ShownAngle& angle, const std::vector<StrideLine>& lines) {
  std::string text =
      fmt::format("Degrees over the stride from foot strike; above zero: {}.", angle.above);
  for (const StrideLine& line : lines) {
    ValueRange range;
    range.Add(line.value);
    if (range.empty) continue;
    text += fmt::format(" {}: from {:.1f} to {:.1f}.", line.name, range.least, range.most);
  }
  return text;
}

}  // namespace

std::span<const ShownAngle> ShownAngles() {
  return kAngles;
}

StrideLine LineOf(const analysis::MeanCurve& curve, double sign, std::string name,
                  std::string css) {
  StrideLine line{std::move(name), std::move(css), {}, {}};
  for (std::size_t i = 0; i < kCurvePoints; ++i) {
    line.value.push_back(sign * kDegrees * curve.mean[i]);
    line.half_width.push_back(kDegrees * curve.sd[i]);
  }
  return line;
}

std::string StridePicture(const ShownAngle& angle, const std::vector<StrideLine>& lines,
                          double toe_off_percent) {
  const ValueRange range = RangeOf(lines);
  const Plot plot{{0.0, range.least}, {100.0, range.most}, {30, 17}, {282, 103}};
  SvgDrawing picture(320, 150, angle.title, DescriptionOf(angle, lines));
  DrawHeights(plot, RoundTicks(range, 5), &picture);
  const std::array<double, 5> quarters = {0.0, 25.0, 50.0, 75.0, 100.0};
  DrawPlaces(plot, quarters, &picture);
  if (std::isfinite(toe_off_percent)) {
    const Vector2d top = plot.At(toe_off_percent, range.most);
    picture.Line(top, plot.At(toe_off_percent, range.least), "toe-off");
    picture.Text(top + Vector2d(3, 9), "toe off", "small");
  }
  const std::vector<double> percents = Percents();
  for (const StrideLine& line : lines) {
    const Edges edges = EdgesOf(line);
    if (!edges.low.empty()) {
      DrawBand(plot, percents, edges.low, edges.high, "band " + line.css, &picture);
    }
  }
  for (const StrideLine& line : lines) {
    DrawCurve(plot, percents, line.value, "line " + line.css, &picture);
  }
  picture.Text({312, 11}, fmt::format("\u2191 {}", angle.above), "small", "end");
  picture.Text({171, 147}, "% of the stride", "small", "middle");
  return picture.Finish();
}

}  // namespace medius::apps
