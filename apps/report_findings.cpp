// The part of a trial's report that it is read for: the frontal plane, left beside right.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/metric_words.hpp"
#include "apps/plot.hpp"
#include "apps/report_sections.hpp"
#include "apps/svg_drawing.hpp"

namespace medius::apps {
namespace {

using Eigen::Vector2d;

// What a clinician asks of the frontal plane, in the order of the page.
constexpr const char* kFrontal[] = {
    "contralateral_pelvic_drop_relative",
    "contralateral_pelvic_drop_peak",
    "contralateral_pelvic_drop_excursion",
    "hip_adduction_peak",
    "hip_adduction_excursion",
    "knee_abduction_peak",
    "knee_abduction_excursion",
    "trunk_ipsilateral_lean_peak",
};
constexpr const char* kGait[] = {"cadence", "contact_time", "duty_factor", "step_width"};

struct Finding {
  const SummaryRow* left = nullptr;
  const SummaryRow* right = nullptr;
  const AsymmetryRow* asymmetry = nullptr;

  [[nodiscard]] const QuantityDescription& metric() const {
    return (left != nullptr ? left : right)->metric;
  }
};

bool HasNumber(const SummaryRow* row) {
  return row != nullptr && row->n > 0 && std::isfinite(row->mean);
}

template <std::size_t kCount>
std::vector<Finding> FindingsOf(const TrialReport& report, const char* const (&names)[kCount]) {
  std::vector<Finding> findings;
  for (const char* name : names) {
    const Finding finding{report.Find(name, Side::kLeft), report.Find(name, Side::kRight),
                          report.FindAsymmetry(name)};
    if (HasNumber(finding.left) || HasNumber(finding.right)) findings.push_back(finding);
  }
  return findings;
}

constexpr std::size_t kMostTicks = 6;

// One scale for all rows, so that they can be compared by eye; degrees.
ValueRange RangeOf(const TrialReport& report, const std::vector<Finding>& findings) {
  ValueRange range;
  range.Add(0.0);
  for (const Finding& finding : findings) {
    const double scale = ShownScale(finding.metric());
    for (const Side side : kSides) {
      const ReferenceValue* value = report.FindReference(finding.metric().name, side);
      if (value == nullptr) continue;
      range.Add(scale * (value->mean - value->sd));
      range.Add(scale * (value->mean + value->sd));
    }
  }
  for (const Finding& finding : findings) {
    for (const SummaryRow* row : {finding.left, finding.right}) {
      if (row == nullptr) continue;
      const double scale = ShownScale(row->metric);
      for (const double value : {row->mean, row->ci_low, row->ci_high}) range.Add(scale * value);
    }
  }
  return range.Padded(0.04, 4.0);
}

constexpr double kPictureWidth = 150.0;
constexpr double kPictureHeight = 30.0;

Plot PlotOf(const ValueRange& range) {
  return {{range.least, 0.0}, {range.most, 1.0}, {4, 0}, {kPictureWidth - 8, kPictureHeight}};
}

void DrawInterval(const SummaryRow* row, const Plot& plot, double height, SvgDrawing* picture) {
  if (!HasNumber(row)) return;
  const double scale = ShownScale(row->metric);
  const std::string side(ToString(row->side));
  if (std::isfinite(row->ci_low) && std::isfinite(row->ci_high)) {
    picture->Line(plot.At(scale * row->ci_low, height), plot.At(scale * row->ci_high, height),
                  "interval " + side);
  }
  const Vector2d at = plot.At(scale * row->mean, height);
  if (row->side == Side::kLeft) {
    picture->Circle(at, 3.6, "mark-" + side);
  } else {
    picture->Rectangle(at - Vector2d(3.3, 3.3), {6.6, 6.6}, "mark-" + side);
  }
}

// The group's mean with one standard deviation, in the side's half of the row.
void DrawReference(const TrialReport& report, const Finding& finding, Side side, const Plot& plot,
                   SvgDrawing* picture) {
  const ReferenceValue* value = report.FindReference(finding.metric().name, side);
  if (value == nullptr) return;
  const double scale = ShownScale(finding.metric());
  const double top = side == Side::kLeft ? 1.0 : 0.5;
  const Vector2d corner = plot.At(scale * (value->mean - value->sd), top);
  const Vector2d end = plot.At(scale * (value->mean + value->sd), top - 0.5);
  picture->Rectangle(corner, end - corner, "reference");
}

std::string IntervalPicture(const TrialReport& report, const Finding& finding,
                            const ValueRange& range) {
  SvgDrawing picture(kPictureWidth, kPictureHeight, TitleOf(finding.metric()),
                     "Mean and 95 % interval: left a red dot, right a blue square");
  const Plot plot = PlotOf(range);
  for (const Side side : kSides) DrawReference(report, finding, side, plot, &picture);
  for (const double tick : RoundTicks(range, kMostTicks)) {
    picture.Line(plot.At(tick, 0.0), plot.At(tick, 1.0), tick == 0.0 ? "axis" : "grid");
  }
  DrawInterval(finding.left, plot, 0.68, &picture);
  DrawInterval(finding.right, plot, 0.32, &picture);
  return picture.Finish();
}

std::string ScalePicture(const ValueRange& range) {
  SvgDrawing picture(kPictureWidth, 16, "Scale in degrees", "");
  const Plot plot{{range.least, 0.0}, {range.most, 1.0}, {4, 0}, {kPictureWidth - 8, 0}};
  DrawPlaces(plot, RoundTicks(range, kMostTicks), &picture);
  return picture.Finish();
}

std::string SideCell(const SummaryRow* row) {
  if (!HasNumber(row)) return "<td>\u2013</td>";
  return fmt::format("<td><b>{}</b> <span class=\"sub range\">({})</span></td>",
                     EscapeHtml(ShownNumber(row->metric, row->mean)),
                     EscapeHtml(ShownInterval(row->metric, row->ci_low, row->ci_high)));
}

std::string DifferenceCell(const AsymmetryRow* row) {
  if (row == nullptr || !std::isfinite(row->difference)) return "<td>\u2013</td>";
  return fmt::format("<td>{} <span class=\"sub range\">({})</span></td>",
                     EscapeHtml(ShownChange(row->metric, row->difference)),
                     EscapeHtml(ShownInterval(row->metric, row->ci_low, row->ci_high)));
}

std::string DetectableCell(const TrialReport& report, const QuantityDescription& metric) {
  return fmt::format("<td>{}</td>",
                     EscapeHtml(ShownNumber(metric, report.DetectableChange(metric.name))));
}

std::string FindingRow(const TrialReport& report, const Finding& finding, const ValueRange& range) {
  const MetricWords* words = FindMetricWords(finding.metric().name);
  std::string html = fmt::format(
      "<tr><th scope=\"row\">{}{}</th>", EscapeHtml(TitleOf(finding.metric())),
      words == nullptr ? ""
                       : fmt::format("<span class=\"plain\">{}</span>", EscapeHtml(words->plain)));
  html += SideCell(finding.left) + SideCell(finding.right) + DifferenceCell(finding.asymmetry) +
          DetectableCell(report, finding.metric());
  return html + fmt::format("<td class=\"picture\">{}</td></tr>\n",
                            IntervalPicture(report, finding, range));
}

std::string SpreadText(const std::vector<Finding>& findings) {
  ValueRange spread;
  for (const Finding& finding : findings) {
    for (const SummaryRow* row : {finding.left, finding.right}) {
      if (HasNumber(row)) spread.Add(ShownScale(row->metric) * row->sd);
    }
  }
  if (spread.empty) return "";
  return fmt::format(" From stride to stride these angles vary by {:.1f} to {:.1f} deg (1 sd).",
                     spread.least, spread.most);
}

std::string GaitLine(const TrialReport& report) {
  std::string html;
  for (const Finding& finding : FindingsOf(report, kGait)) {
    html += html.empty() ? "<p class=\"gait\">" : " &middot; ";
    const auto number = [&finding](const SummaryRow* row) {
      return HasNumber(row) ? ShownNumber(finding.metric(), row->mean) : std::string("\u2013");
    };
    html += fmt::format("{}: left {}, right {} {}", EscapeHtml(TitleOf(finding.metric())),
                        EscapeHtml(number(finding.left)), EscapeHtml(number(finding.right)),
                        EscapeHtml(ShownUnit(finding.metric())));
  }
  return html.empty() ? "" : html + "</p>\n";
}

// What the numbers say first, in a sentence that claims no more than they do.
std::string LeadText(const Finding& finding) {
  if (!HasNumber(finding.left) || !HasNumber(finding.right)) return "";
  const QuantityDescription& metric = finding.metric();
  const std::string_view name = metric.name;
  const char* from = name.ends_with("_relative") ? "below where it is in standing"
                     : name.ends_with("_peak")   ? "below the level of the stance side"
                                                 : nullptr;
  if (!name.starts_with("contralateral_pelvic_drop") || from == nullptr) return "";
  std::string text = fmt::format(
      "While the runner stands on the left leg, the right side of the pelvis falls to {} deg {}; "
      "on "
      "the right leg the left side falls to {} deg.",
      ShownNumber(metric, finding.left->mean), from, ShownNumber(metric, finding.right->mean));
  const AsymmetryRow* difference = finding.asymmetry;
  if (difference == nullptr || !std::isfinite(difference->ci_low)) return text;
  const bool differs = difference->ci_low > 0.0 || difference->ci_high < 0.0;
  return text + (differs ? " The sides differ by more than this measurement is unsure."
                         : " A difference between the sides is not shown.");
}

constexpr std::size_t kLongestReferences = 90;  // the page has room for; then no more begin

std::string ReferenceText(const TrialReport& report, const std::vector<Finding>& findings) {
  std::vector<std::string> said;
  std::size_t length = 0;
  for (const Finding& finding : findings) {
    for (const Side side : kSides) {
      const ReferenceValue* value = report.FindReference(finding.metric().name, side);
      if (value == nullptr) continue;
      std::string line = value->who + " (" + value->citation + ")";
      if (std::find(said.begin(), said.end(), line) != said.end()) continue;
      if (length > kLongestReferences) line = "others, named in the file of reference values";
      if (said.empty() || said.back() != line) said.push_back(line);
      length += line.size();
    }
  }
  if (said.empty()) {
    return "No values of other runners are shown: there are none by this method here, and those of "
           "another method differ by degrees.";
  }
  return fmt::format(
      "Grey: mean and one standard deviation of runners measured by the same method: {}.",
      fmt::join(said, "; "));
}

std::string DetectableText(const TrialReport& report) {
  if (report.second_visit.repeatability_name.empty()) return "";
  return fmt::format(
      "Detectable change: what another visit must differ by before it shows a change, since "
      "markers "
      "are put anew; from {}.",
      report.second_visit.repeatability_name);
}

std::string TableHead() {
  return "<div class=\"scroll\"><table class=\"findings\"><thead><tr><th "
         "scope=\"col\">degrees</th><th scope=\"col\" "
         "class=\"left-side\">\u25cf left stance</th><th scope=\"col\" class=\"right-side\">\u25a0 "
         "right stance</th><th scope=\"col\">right less left</th><th scope=\"col\" "
         "class=\"narrow\">detectable change</th><th scope=\"col\" class=\"left\">mean and 95 % "
         "interval</th></tr></thead><tbody>\n";
}

}  // namespace

std::string FindingsSection(const TrialReport& report) {
  const std::vector<Finding> findings = FindingsOf(report, kFrontal);
  std::string html = "<section id=\"findings\"><h2>The frontal plane</h2>\n";
  if (findings.empty()) {
    return html + "<p>No angle of the frontal plane could be measured in this trial.</p>\n" +
           GaitLine(report) + "</section>\n";
  }
  const std::string lead = LeadText(findings.front());
  if (!lead.empty()) html += fmt::format("<p class=\"lead\">{}</p>\n", EscapeHtml(lead));
  html += fmt::format(
      "<p>Mean over the strides, and in brackets the 95 % interval that holds the true mean of "
      "this "
      "run, with the markers as they were placed.{}</p>\n",
      EscapeHtml(SpreadText(findings)));
  const ValueRange range = RangeOf(report, findings);
  html += TableHead();
  for (const Finding& finding : findings) html += FindingRow(report, finding, range);
  html += fmt::format(
      "<tr class=\"scale\"><td colspan=\"5\"></td><td "
      "class=\"picture\">{}</td></tr></tbody></table></div>\n"
      "<p class=\"small-print\">{} {}</p>\n",
      ScalePicture(range), EscapeHtml(DetectableText(report)),
      EscapeHtml(ReferenceText(report, findings)));
  return html + GaitLine(report) + "</section>\n";
}

}  // namespace medius::apps
