// Pictures of the progress page: metrics over the sessions, and the sessions' curves over each
// other.

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "apps/metric_words.hpp"
#include "apps/plot.hpp"
#include "apps/progress_sections.hpp"
#include "apps/stride_picture.hpp"
#include "apps/svg_drawing.hpp"

namespace medius::apps {
namespace {

using analysis::MetricProgress;
using analysis::SessionDifference;
using analysis::SessionValue;
using Eigen::Vector2d;

constexpr std::size_t kMostMetrics = 4;  // of either side
constexpr std::size_t kMostSessionLines = 6;

// Of one metric and side, as shown: the first session's value with the detectable change on either
// side, session by session.
struct ChangeBand {
  std::vector<double> place;
  std::vector<double> low;
  std::vector<double> high;
};

ChangeBand BandOf(const ProgressResult& result, const MetricProgress& progress) {
  ChangeBand band;
  if (progress.from_first.empty()) return band;
  const double scale = ShownScale(progress.metric);
  const std::size_t from = progress.from_first.front().from;
  for (const SessionValue& value : progress.values) {
    if (value.session != from) continue;
    const auto add = [&](std::size_t session, double width) {
      band.place.push_back(PlaceOf(result, session));
      band.low.push_back(scale * (value.mean - width));
      band.high.push_back(scale * (value.mean + width));
    };
    add(from, progress.from_first.front().mdc95);
    for (const SessionDifference& difference : progress.from_first) {
      add(difference.to, difference.mdc95);
    }
  }
  return band;
}

ValueRange HeightsOf(const ProgressResult& result, const MetricProgress& progress) {
  const double scale = ShownScale(progress.metric);
  ValueRange range;
  for (const SessionValue& value : progress.values) {
    range.Add(scale * value.mean);
    range.Add(scale * (value.mean - value.half_width));
    range.Add(scale * (value.mean + value.half_width));
  }
  const ChangeBand band = BandOf(result, progress);
  range.Add(band.low);
  range.Add(band.high);
  if (progress.chart) {
    range.Add(scale * progress.chart->lower);
    range.Add(scale * progress.chart->upper);
  }
  return range;
}

ValueRange PlacesOf(const ProgressResult& result) {
  ValueRange range;
  for (std::size_t i = 0; i < result.comparison.sessions.size(); ++i) range.Add(PlaceOf(result, i));
  for (const PlacedNote& note : NotesOf(result)) range.Add(note.place);
  return range.Padded(0.05, 1.0);
}

void DrawNotes(const ProgressResult& result, const Plot& plot, SvgDrawing* picture) {
  const std::vector<PlacedNote> notes = NotesOf(result);
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (!std::isfinite(notes[i].place)) continue;
    const Vector2d top = plot.At(notes[i].place, plot.most.y());
    picture->Line(top, plot.At(notes[i].place, plot.least.y()), "note-line");
    // Notes of neighbouring days do not stand on each other.
    picture->Text(top + Vector2d(2, 9.0 + 9.0 * static_cast<double>(i % 3)),
                  fmt::format("{}", i + 1), "small note-number");
  }
}

void DrawLimits(const MetricProgress& progress, const Plot& plot, SvgDrawing* picture) {
  if (!progress.chart) return;
  const double scale = ShownScale(progress.metric);
  for (const double limit : {progress.chart->lower, progress.chart->upper}) {
    picture->Line(plot.At(plot.least.x(), scale * limit), plot.At(plot.most.x(), scale * limit),
                  "limit");
  }
}

void DrawTrend(const ProgressResult& result, const MetricProgress& progress, const Plot& plot,
               SvgDrawing* picture) {
  if (!progress.trend || !HasDays(result)) return;
  const double scale = ShownScale(progress.metric);
  const auto at = [&](std::size_t session) {
    const double day = PlaceOf(result, session);
    return plot.At(
        day, scale * (progress.trend->intercept + progress.trend->slope_per_week * day / 7.0));
  };
  picture->Line(at(0), at(result.comparison.sessions.size() - 1), "trend");
}

void DrawSessions(const ProgressResult& result, const MetricProgress& progress, const Plot& plot,
                  SvgDrawing* picture) {
  const double scale = ShownScale(progress.metric);
  const std::string side(ToString(progress.side));
  std::vector<double> places;
  std::vector<double> values;
  for (const SessionValue& value : progress.values) {
    const double place = PlaceOf(result, value.session);
    places.push_back(place);
    values.push_back(scale * value.mean);
    if (!std::isfinite(value.mean)) continue;
    if (std::isfinite(value.half_width)) {
      picture->Line(plot.At(place, scale * (value.mean - value.half_width)),
                    plot.At(place, scale * (value.mean + value.half_width)), "interval " + side);
    }
  }
  DrawCurve(plot, places, values, "line thin " + side, picture);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const Vector2d at = plot.At(places[i], values[i]);
    if (progress.side == Side::kLeft) {
      picture->Circle(at, 3.6, "mark-" + side);
    } else {
      picture->Rectangle(at - Vector2d(3.3, 3.3), {6.6, 6.6}, "mark-" + side);
    }
  }
}

std::string MetricPicture(const ProgressResult& result, const MetricProgress& progress,
                          const ValueRange& heights) {
  const ValueRange places = PlacesOf(result);
  const Plot plot{{places.least, heights.least}, {places.most, heights.most}, {30, 8}, {302, 110}};
  SvgDrawing picture(
      340, 148,
      fmt::format("{}, {}, over the sessions", TitleOf(progress.metric), ToString(progress.side)),
      "Points: sessions with their 95 % interval from day to day; grey band: the first session and "
      "the detectable change");
  DrawHeights(plot, RoundTicks(heights, 5), &picture);
  const ChangeBand band = BandOf(result, progress);
  DrawBand(plot, band.place, band.low, band.high, "reference", &picture);
  DrawNotes(result, plot, &picture);
  DrawLimits(progress, plot, &picture);
  DrawTrend(result, progress, plot, &picture);
  DrawSessions(result, progress, plot, &picture);
  std::vector<double> ticks;
  if (HasDays(result)) {
    ticks = RoundTicks(places, 7);
  } else {
    for (std::size_t i = 0; i < result.comparison.sessions.size(); ++i) {
      ticks.push_back(PlaceOf(result, i));
    }
  }
  DrawPlaces(plot, ticks, &picture);
  picture.Text({181, 145}, HasDays(result) ? "days since the first session" : "session", "small",
               "middle");
  return picture.Finish();
}

// Left and right of a metric have one scale.
ValueRange SharedHeights(const ProgressResult& result, const std::string& metric) {
  ValueRange range;
  for (const MetricProgress& progress : result.comparison.metrics) {
    if (progress.metric.name != metric) continue;
    const ValueRange heights = HeightsOf(result, progress);
    if (heights.empty) continue;
    range.Add(heights.least);
    range.Add(heights.most);
  }
  return range.Padded(0.06, 4.0);
}

std::string NoteList(const ProgressResult& result) {
  const std::vector<PlacedNote> notes = NotesOf(result);
  if (notes.empty()) return "";
  std::string html = "<ol class=\"notes\">\n";
  for (const PlacedNote& placed : notes) {
    html += fmt::format("<li><b>{}</b> {}: {}</li>\n", EscapeHtml(placed.note.date),
                        EscapeHtml(placed.note.kind), EscapeHtml(placed.note.text));
  }
  return html + "</ol>\n";
}

const SessionDetail* DetailOf(const ProgressResult& result, const std::string& where) {
  for (const SessionDetail& detail : result.details) {
    if (detail.where == where) return &detail;
  }
  return nullptr;
}

const analysis::MeanCurve* CurveOf(const SessionDetail& detail, std::string_view angle, Side side) {
  for (const analysis::MeanCurve& curve : detail.curves) {
    if (curve.angle.name == angle && curve.side == side && curve.n > 0) return &curve;
  }
  return nullptr;
}

// First, last and those between, at most kMostSessionLines.
std::vector<std::size_t> ShownSessions(std::size_t count) {
  std::vector<std::size_t> shown;
  const std::size_t lines = std::min(count, kMostSessionLines);
  for (std::size_t i = 0; i < lines; ++i) {
    shown.push_back(lines < 2 ? 0 : i * (count - 1) / (lines - 1));
  }
  return shown;
}

// Of the last session the line has its side's colour; the others are the paler the older.
std::vector<StrideLine> SessionLines(const ProgressResult& result, const ShownAngle& angle,
                                     Side side) {
  std::vector<StrideLine> lines;
  const auto& sessions = result.comparison.sessions;
  const bool is_left = side == Side::kLeft;
  const std::vector<std::size_t> shown = ShownSessions(sessions.size());
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const SessionDetail* detail = DetailOf(result, sessions[shown[i]].where);
    if (detail == nullptr) continue;
    const auto* curve = CurveOf(*detail, is_left ? angle.left : angle.right, side);
    if (curve == nullptr) continue;
    const bool is_last = i + 1 == shown.size();
    StrideLine line =
        LineOf(*curve, is_left ? angle.left_sign : angle.right_sign, sessions[shown[i]].name,
               is_last ? fmt::format("newest {}", ToString(side))
                       : fmt::format("older age-{}", shown.size() - 1 - i));
    if (!is_last && i != 0) line.half_width.clear();  // bands of all would hide each other
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string CurveFigures(const ProgressResult& result, const ShownAngle& angle) {
  std::string html;
  for (const Side side : kSides) {
    const std::vector<StrideLine> lines = SessionLines(result, angle, side);
    if (lines.size() < 2) continue;
    html += fmt::format(
        "<figure><figcaption><b>{}</b>, <span class=\"{}-side\">{}</span>, "
        "degrees</figcaption>\n{}</figure>\n",
        EscapeHtml(angle.title), ToString(side), ToString(side),
        StridePicture(angle, lines, std::nan("")));
  }
  return html;
}

std::string CurveLegend(const ProgressResult& result) {
  const auto& sessions = result.comparison.sessions;
  const std::vector<std::size_t> shown = ShownSessions(sessions.size());
  std::string html = "<p class=\"keys\">";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const bool is_last = i + 1 == shown.size();
    html += fmt::format(
        "<span class=\"key\"><svg viewBox=\"0 0 26 8\" aria-hidden=\"true\"><path class=\"line "
        "{}\" d=\"M0 4H26\"/></svg> {}{}</span> ",
        is_last ? std::string("newest ink") : fmt::format("older age-{}", shown.size() - 1 - i),
        EscapeHtml(sessions[shown[i]].name), is_last ? " (in the colour of its side)" : "");
  }
  return html + "</p>\n";
}

}  // namespace

std::string TimelineSection(const ProgressResult& result) {
  std::string figures;
  std::set<std::string> metrics;
  for (const MetricProgress& progress : result.comparison.metrics) {
    const std::string& name = progress.metric.name;
    if (!progress.primary || (metrics.count(name) == 0 && metrics.size() == kMostMetrics)) continue;
    metrics.insert(name);
    figures += fmt::format(
        "<figure><figcaption><b>{}</b>, <span class=\"{}-side\">{}</span>, {}</figcaption>\n"
        "{}</figure>\n",
        EscapeHtml(TitleOf(progress.metric)), ToString(progress.side), ToString(progress.side),
        EscapeHtml(ShownUnit(progress.metric)),
        MetricPicture(result, progress, SharedHeights(result, name)));
  }
  if (figures.empty()) return "";
  const bool has_chart =
      std::any_of(result.comparison.metrics.begin(), result.comparison.metrics.end(),
                  [](const MetricProgress& progress) { return progress.chart.has_value(); });
  return fmt::format(
             "<section id=\"timeline\"><h2>Over the sessions</h2>\n<p>Each point is a session, "
             "with "
             "the interval that its true value lies in, markers counted. Grey: the first session "
             "and the detectable change round it; within it nothing is shown to have changed.{}{}"
             "</p>\n<div class=\"pictures\">\n",
             has_chart ? " Dotted: the limits of the control chart; thin line: the straight line "
                         "through all sessions."
                       : "",
             NotesOf(result).empty() ? "" : " Numbered lines: the notes below.") +
         figures + "</div>\n" + NoteList(result) + "</section>\n";
}

std::string SessionCurvesSection(const ProgressResult& result) {
  std::string figures;
  bool has_relative = false;
  for (const ShownAngle& angle : ShownAngles()) {
    const std::string title = angle.title;
    if (title == "Pelvic drop below level" && has_relative) continue;
    const std::string both = CurveFigures(result, angle);
    has_relative |= title == "Pelvic drop below standing" && !both.empty();
    figures += both;
  }
  if (figures.empty()) return "";
  return "<section id=\"curves\"><h2>The strides of the sessions</h2>\n<p>Mean over the stride "
         "from "
         "foot strike to the next of that foot; shaded for the first and the last session: one "
         "standard deviation from stride to stride. Lines may lie apart only because markers were "
         "put elsewhere.</p>\n" +
         CurveLegend(result) + "<div class=\"pictures\">\n" + figures + "</div></section>\n";
}

}  // namespace medius::apps
