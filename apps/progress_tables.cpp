// Tables of the progress page.

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "apps/html_page.hpp"
#include "apps/metric_words.hpp"
#include "apps/progress_sections.hpp"
#include "apps/svg_drawing.hpp"

namespace medius::apps {
namespace {

using analysis::ChangeVerdict;
using analysis::MetricProgress;
using analysis::SessionDifference;
using analysis::SessionValue;

constexpr double kDegrees = 57.295779513082321;

const char* CssOf(ChangeVerdict verdict) {
  if (verdict == ChangeVerdict::kDecreased || verdict == ChangeVerdict::kIncreased)
    return "changed";
  return verdict == ChangeVerdict::kNotShown ? "same" : "unknown";
}

// "2 %", "over 99 %": chances are not known to more.
std::string ChanceText(double probability) {
  if (!std::isfinite(probability)) return "\u2013";
  if (probability > 0.99) return "over 99 %";
  if (probability < 0.01) return "under 1 %";
  return fmt::format("{:.0f} %", 100.0 * probability);
}

std::string ValueCell(const QuantityDescription& metric, const SessionValue* value) {
  if (value == nullptr || value->n == 0 || !std::isfinite(value->mean)) return "<td>\u2013</td>";
  return fmt::format("<td>{}</td>", EscapeHtml(ShownNumber(metric, value->mean)));
}

const SessionValue* ValueOf(const MetricProgress& progress, std::size_t session) {
  for (const SessionValue& value : progress.values) {
    if (value.session == session) return &value;
  }
  return nullptr;
}

std::string VerdictRow(const MetricProgress& progress) {
  const SessionDifference& last = progress.from_first.back();
  const QuantityDescription& metric = progress.metric;
  std::string html =
      fmt::format("<tr class=\"{}\"><th scope=\"row\">{}</th><td class=\"{}-side left\">{}</td>",
                  CssOf(last.verdict), EscapeHtml(TitleOf(metric)), ToString(progress.side),
                  ToString(progress.side));
  html += ValueCell(metric, ValueOf(progress, last.from)) +
          ValueCell(metric, ValueOf(progress, last.to));
  html += fmt::format("<td><b>{}</b> <span class=\"sub range\">({})</span></td><td>{}</td>",
                      EscapeHtml(ShownChange(metric, last.difference)),
                      EscapeHtml(ShownInterval(metric, last.ci_low, last.ci_high)),
                      EscapeHtml(ShownNumber(metric, last.mdc95)));
  html += fmt::format("<td>{}</td><td>{}</td><td class=\"verdict left\">{}</td></tr>\n",
                      ChanceText(last.probability_relevant_decrease),
                      ChanceText(last.probability_relevant_increase), WordsOf(last.verdict));
  return html;
}

std::string Chances(const ProgressResult& result) {
  return fmt::format("{:.1f} deg", kDegrees * result.relevant_change);
}

std::string DateOf(const analysis::Session& session) {
  return session.created.substr(0, std::min<std::size_t>(10, session.created.size()));
}

// Left and right of a metric that says how the session went, rather than what came of it.
std::string SessionCell(const analysis::Session& session, const char* name) {
  std::string text;
  std::string unit;
  for (const Side side : kSides) {
    for (const SummaryRow& row : session.summary) {
      if (row.metric.name != name || row.side != side || row.n == 0) continue;
      text += (text.empty() ? "" : " / ") + ShownNumber(row.metric, row.mean);
      unit = ShownUnit(row.metric);
    }
  }
  return fmt::format("<td>{}</td>", text.empty() ? "\u2013" : EscapeHtml(text + " " + unit));
}

std::string StrideCell(const analysis::Session& session) {
  std::size_t strides[2] = {0, 0};
  for (const SummaryRow& row : session.summary) {
    auto& most = strides[static_cast<std::size_t>(row.side)];
    most = std::max(most, row.n);
  }
  return fmt::format("<td>{} / {}</td>", strides[0], strides[1]);
}

std::string TrendRow(const MetricProgress& progress) {
  const QuantityDescription& metric = progress.metric;
  std::string html =
      fmt::format("<tr><th scope=\"row\">{}</th><td class=\"{}-side left\">{}</td>",
                  EscapeHtml(TitleOf(metric)), ToString(progress.side), ToString(progress.side));
  if (progress.trend) {
    html += fmt::format(
        "<td>{} <span class=\"sub\">({})</span></td>",
        EscapeHtml(ShownChange(metric, progress.trend->slope_per_week)),
        EscapeHtml(ShownInterval(metric, progress.trend->ci_low, progress.trend->ci_high)));
  } else {
    html += "<td>\u2013</td>";
  }
  if (progress.chart) {
    html += fmt::format(
        "<td>{}</td><td>{}</td>",
        EscapeHtml(ShownInterval(metric, progress.chart->lower, progress.chart->upper)),
        progress.chart->outside.empty() ? std::string("none")
                                        : fmt::format("{}", progress.chart->outside.size()));
  } else {
    html += "<td>\u2013</td><td>\u2013</td>";
  }
  return html + "</tr>\n";
}

}  // namespace

const char* WordsOf(ChangeVerdict verdict) {
  switch (verdict) {
    case ChangeVerdict::kDecreased:
      return "changed: smaller than in the first session";
    case ChangeVerdict::kIncreased:
      return "changed: larger than in the first session";
    case ChangeVerdict::kNotShown:
      return "not beyond what re-placing the markers does";
    case ChangeVerdict::kNoStrides:
      return "a session lacks it";
    case ChangeVerdict::kUnknown:
      break;
  }
  return "no verdict: how well it repeats is not known";
}

std::string VerdictSection(const ProgressResult& result) {
  std::string rows;
  for (const MetricProgress& progress : result.comparison.metrics) {
    if (progress.primary && !progress.from_first.empty()) rows += VerdictRow(progress);
  }
  if (rows.empty()) {
    return "<section id=\"change\"><h2>Has it changed?</h2>\n<p>None of the measures that sessions "
           "are judged by is in all of them.</p></section>\n";
  }
  const std::string relevant = Chances(result);
  std::string html = fmt::format(
      "<section id=\"change\"><h2>Has it changed?</h2>\n<p>The last session against the first, in "
      "degrees. A change counts as shown when it is larger than the <b>detectable change</b>: what "
      "two visits of a runner who did not change differ by in 19 of 20 cases, since markers are "
      "never put back in the same place. It is taken from {}{}.</p>\n",
      EscapeHtml(result.comparison.repeatability_name),
      result.comparison.published_defaults
          ? " (published values of other laboratories; your own repeated sessions give better ones)"
          : "");
  html += fmt::format(
      "<div class=\"scroll\"><table class=\"changes\"><thead><tr><th>measure</th><th "
      "class=\"left\">side</th><th>first</th><th>last</th><th>change (95 % interval)</th>"
      "<th>detectable change</th><th>chance that it fell by {} or more</th><th>chance that it rose "
      "by {} or more</th><th class=\"left\">verdict</th></tr></thead><tbody>\n",
      relevant, relevant);
  return html + rows + "</tbody></table></div></section>\n";
}

std::string TrendSection(const ProgressResult& result) {
  std::string rows;
  for (const MetricProgress& progress : result.comparison.metrics) {
    if (progress.primary && (progress.trend || progress.chart)) rows += TrendRow(progress);
  }
  if (rows.empty()) return "";
  return "<section id=\"trend\"><h2>All sessions together</h2>\n<p>A straight line through the "
         "sessions (mixed model, restricted maximum likelihood), and the limits that this runner's "
         "own ups and downs from visit to visit keep to (individuals control chart): a session "
         "outside them stands out.</p>\n<div class=\"scroll\"><table><thead><tr><th>measure</th>"
         "<th class=\"left\">side</th><th>per week (95 % interval)</th><th>usual from</th>"
         "<th>sessions outside</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div></section>\n";
}

std::string SessionTable(const ProgressResult& result) {
  std::string html =
      "<section id=\"sessions\"><h2>The sessions</h2>\n<div class=\"scroll\"><table><thead><tr>"
      "<th>session</th><th class=\"left\">recorded</th><th class=\"left\">file</th><th>speed, left "
      "/ "
      "right</th><th>step rate</th><th>strides</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < result.comparison.sessions.size(); ++i) {
    const analysis::Session& session = result.comparison.sessions[i];
    html += fmt::format(
        "<tr><th scope=\"row\">{}. {}</th><td class=\"left\">{}</td><td "
        "class=\"left\">{}</td>",
        i + 1, EscapeHtml(session.name), EscapeHtml(DateOf(session)),
        EscapeHtml(std::filesystem::path(session.where).filename().string()));
    html += SessionCell(session, "belt_speed") + SessionCell(session, "cadence") +
            StrideCell(session) + "</tr>\n";
  }
  return html + "</tbody></table></div></section>\n";
}

}  // namespace medius::apps
