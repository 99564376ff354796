// The report of a trial as a page: head, what it can and cannot say, method; and all parts
// together.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/html_page.hpp"
#include "apps/metric_words.hpp"
#include "apps/report_sections.hpp"
#include "apps/svg_drawing.hpp"

namespace medius::apps {
namespace {

constexpr std::size_t kLongestName = 40;
constexpr std::size_t kLongestFact = 44;
constexpr std::size_t kLongestMethod = 110;
constexpr std::size_t kLongestCommand = 90;

// Never within a character.
std::string Cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most) + "\u2026";
}

std::string Fact(const std::string& name, const std::string& value,
                 std::size_t most = kLongestFact) {
  if (value.empty()) return "";
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", EscapeHtml(name),
                     EscapeHtml(Cut(value, most)));
}

// "2026-03-01T09:30:00Z" as "2026-03-01 09:30 UTC"; anything else as it is.
std::string PlainTime(const std::string& iso) {
  if (iso.size() < 16 || iso[10] != 'T') return iso;
  return iso.substr(0, 10) + " " + iso.substr(11, 5) + (iso.back() == 'Z' ? " UTC" : "");
}

std::string DurationText(double seconds) {
  if (seconds < 90.0) return fmt::format("{:.0f} s", seconds);
  return fmt::format("{:.1f} min", seconds / 60.0);
}

std::string CadenceText(const TrialReport& report) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const Side side : kSides) {
    const SummaryRow* row = report.Find("cadence", side);
    if (row == nullptr || !std::isfinite(row->mean)) continue;
    sum += row->mean;
    ++count;
  }
  return count == 0 ? "" : fmt::format("{:.0f} steps/min", sum / static_cast<double>(count));
}

nlohmann::json OptionsOf(const StageProvenance* stage) {
  if (stage == nullptr) return nlohmann::json::object();
  nlohmann::json options = nlohmann::json::parse(stage->options_json, nullptr, false);
  return options.is_object() ? options : nlohmann::json::object();
}

// An option as text: words as they are, numbers short.
std::string OptionText(const nlohmann::json& options, const char* name) {
  const auto found = options.find(name);
  if (found == options.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number()) return fmt::format("{:g}", found->get<double>());
  return "";
}

std::string MethodText(const TrialReport& report) {
  const nlohmann::json options = OptionsOf(report.FindStage("analyze"));
  const std::string method = OptionText(options, "method");
  const std::string set = OptionText(options, "marker_set");
  const std::string cutoff = OptionText(options, "cutoff_hz");
  std::string text = method.empty() ? "not known" : "method " + method;
  if (!set.empty()) text += ", marker set " + set;
  if (!cutoff.empty()) {
    text +=
        cutoff == "0" ? ", positions not filtered" : ", positions low-passed at " + cutoff + " Hz";
  }
  return text;
}

std::string StageLine(const StageProvenance& stage) {
  std::string html = fmt::format("<li><code>{}</code> (Medius {}, {})",
                                 EscapeHtml(Cut(stage.command, kLongestCommand)),
                                 EscapeHtml(Cut(stage.version, kLongestName)),
                                 EscapeHtml(Cut(PlainTime(stage.started), kLongestName)));
  std::string inputs;
  for (const ProvenanceInput& input : stage.inputs) {
    if (inputs.size() > kLongestCommand / 3) {
      inputs += ", \u2026";
      break;
    }
    inputs += (inputs.empty() ? "" : ", ") + Cut(input.name, kLongestName) + " " +
              input.sha256.substr(0, 12);
  }
  if (!inputs.empty()) html += " from " + EscapeHtml(inputs);
  return html + "</li>\n";
}

}  // namespace

std::string ReportHead(const TrialReport& report) {
  const TrialHeader& header = report.header;
  std::string html = fmt::format(
      "<header><h1>Running report: {}</h1>\n<p class=\"motto\">Medius measures; it does not "
      "diagnose.</p>\n<dl class=\"facts\">\n",
      EscapeHtml(Cut(header.subject.empty() ? "unknown" : header.subject, kLongestName)));
  html +=
      Fact("session", header.session) + Fact("trial", header.trial) +
      Fact("recorded", PlainTime(header.created)) + Fact("activity", header.activity) +
      Fact("length", DurationText(report.duration) + fmt::format(" at {:g} Hz", report.rate_hz));
  if (std::isfinite(report.belt_speed)) {
    html += Fact("speed", fmt::format("{:.1f} m/s ({:.1f} km/h)", report.belt_speed,
                                      3.6 * report.belt_speed));
  }
  html += Fact("step rate", CadenceText(report)) + Fact("how", MethodText(report), kLongestMethod);
  return html + "</dl></header>\n";
}

std::string LimitsSection(const TrialReport& report) {
  const bool has_standing =
      report.Find("contralateral_pelvic_drop_relative", Side::kLeft) != nullptr;
  std::string html =
      "<section id=\"limits\"><h2>What these numbers can and cannot say</h2>\n<ul>\n<li><b>This "
      "run.</b> The intervals hold what the runner did in this run, with the markers where they "
      "were. More strides make them narrower, up to a point: skin moves, and that does not average "
      "out.</li>\n<li><b>Against another day.</b> Markers are never put back in the very same "
      "place: 5 mm of difference at the pelvis turn the drop below level by 1.7 deg, many times "
      "the interval above. So two visits are compared by ";
  html += has_standing ? "the drop below standing and the changes from foot strike"
                       : "the changes from foot strike";
  html +=
      ", by <code>medius progress</code>, which says whether a difference is beyond what putting "
      "the markers anew does. Two intervals of this page that do not overlap do not show "
      "that.</li>\n"
      "<li><b>Speed.</b> Drop and adduction grow with speed: compare runs at the same "
      "speed.</li>\n"
      "<li><b>No cause.</b> The same drop comes with different strength, habit, step rate, fatigue "
      "or pain. These numbers describe the movement; why it is so, and whether it matters for this "
      "person, they do not say.</li>\n</ul></section>\n";
  return html;
}

std::string MethodSection(const TrialReport& report) {
  std::string html = fmt::format(
      "<section id=\"method\" class=\"small-print\"><h2>Where the numbers come from</h2>\n<p>{}. "
      "Angles of another method differ by degrees and are not compared with these. Definitions "
      "stand in the file {} beside each number.</p>\n<ul>\n",
      EscapeHtml(Capitalized(MethodText(report))), EscapeHtml(Cut(report.file, kLongestName)));
  constexpr std::size_t kMostStages = 4;
  const std::size_t first =
      report.provenance.size() > kMostStages ? report.provenance.size() - kMostStages : 0;
  for (std::size_t i = first; i < report.provenance.size(); ++i) {
    html += StageLine(report.provenance[i]);
  }
  return html + "</ul></section>\n";
}

std::string FormatTrialReport(const TrialReport& report) {
  const std::string first = ReportHead(report) + QualitySection(report) + FindingsSection(report);
  const std::string second =
      CurvesSection(report) + DriftSection(report) + LimitsSection(report) + MethodSection(report);
  return FormatHtmlPage(
      {fmt::format("Running report: {} {}", report.header.subject, report.header.session),
       std::string(TrialReportStyle()),
       "<div class=\"sheet\">\n" + first + "</div>\n<div class=\"sheet\">\n" + second +
           "</div>\n"});
}

}  // namespace medius::apps
