#include "apps/progress_page.hpp"

#include <fmt/format.h>

#include "apps/html_page.hpp"
#include "apps/progress_sections.hpp"
#include "apps/svg_drawing.hpp"

namespace medius::apps {
namespace {

std::string Head(const ProgressResult& result) {
  const auto& sessions = result.comparison.sessions;
  std::string html = fmt::format(
      "<header><h1>Progress: {}</h1>\n<p class=\"motto\">Medius measures; it does not "
      "diagnose.</p>\n<p class=\"sub\">{} sessions",
      EscapeHtml(result.subject.empty() ? "unknown" : result.subject), sessions.size());
  if (HasDays(result) && !sessions.empty()) {
    html += fmt::format(", {} to {}", EscapeHtml(sessions.front().created.substr(0, 10)),
                        EscapeHtml(sessions.back().created.substr(0, 10)));
  }
  if (!result.method.empty()) html += ", method " + EscapeHtml(result.method);
  return html + "</p></header>\n";
}

std::string WarningSection(const ProgressResult& result) {
  if (result.comparison.warnings.empty()) return "";
  std::string html =
      "<section class=\"warnings\" id=\"warnings\"><h2>Before you read on</h2>\n<ul>\n";
  for (const std::string& warning : result.comparison.warnings) {
    html += fmt::format("<li>{}</li>\n",
                        EscapeHtml(Capitalized(std::string(WithoutFullStop(warning)))) + ".");
  }
  return html + "</ul></section>\n";
}

std::string LimitsSection(const ProgressResult& result) {
  return fmt::format(
      "<section id=\"limits\"><h2>What this page can and cannot say</h2>\n<ul>\n"
      "<li>It says whether a measure <b>changed by more than two visits differ by anyway</b>. It "
      "does not say why: exercise, cue, speed, shoe, fatigue, pain and plain habit can all be the "
      "reason, and a note on the time line is no proof that it was.</li>\n"
      "<li><b>\u201cNot beyond\u201d is not \u201cno change\u201d.</b> A change may be there and "
      "be smaller than can be shown; the interval says how large it can be. In published trials "
      "hip strength rose in six weeks while running stayed as it was.</li>\n"
      "<li>The verdict rests on the <b>detectable change</b> ({}). Sessions of your own "
      "laboratory, "
      "repeated without a treatment, give the one that holds for your markers and hands.</li>\n"
      "<li>A smaller drop is not better by itself. What it means for this person is for you to "
      "judge.</li>\n</ul></section>\n",
      EscapeHtml(result.comparison.repeatability_name.empty()
                     ? "not known here"
                     : result.comparison.repeatability_name));
}

}  // namespace

std::string_view ProgressPageStyle() {
  return R"css(
main { max-width:1000px; }
header { border-bottom:2px solid var(--ink); padding-bottom:.4rem; }
header h1 { display:inline; } .motto { float:right; color:var(--soft); margin:.45rem 0 0; }
.warnings { border-left:8px solid var(--usable); background:var(--tile); border-radius:6px;
  padding:.1rem 1.1rem .4rem; margin:1rem 0; break-inside:avoid; }
.warnings h2 { margin:.5rem 0 .2rem; } .warnings li { overflow-wrap:anywhere; }
table { width:100%; } th { white-space:normal; }
th[scope=row] { color:var(--ink); text-align:left; }
.changes { table-layout:fixed; min-width:720px; } .changes th:nth-child(1) { width:19%; }
.changes th:nth-child(2) { width:6%; } .changes th:nth-child(3), .changes th:nth-child(4) { width:6.5%; }
.changes th:nth-child(5) { width:13%; } .changes th:nth-child(6) { width:11%; }
.changes th:nth-child(7), .changes th:nth-child(8) { width:10%; }
.changes .verdict { font-weight:600; } .changes .range { display:block; }
.changed .verdict { color:var(--accent); } .same .verdict { color:var(--ink); }
tr.unknown .verdict { color:var(--soft); }
.left-side { color:var(--left); } .right-side { color:var(--right); }
.pictures { display:grid; grid-template-columns:repeat(auto-fit, minmax(320px, 1fr));
  gap:.6rem 1.4rem; }
.interval { stroke-width:1.6; stroke-linecap:round; fill:none; }
.interval.left, .line.left { stroke:var(--left); } .interval.right, .line.right { stroke:var(--right); }
.mark-left { fill:var(--left); } .mark-right { fill:var(--right); }
.reference { fill:var(--band); fill-opacity:.22; stroke:none; }
.line { fill:none; stroke-width:2; stroke-linejoin:round; } .line.thin { stroke-width:1.1; }
.line.thin.right { stroke-dasharray:5 3; }
.limit { stroke:var(--soft); stroke-width:1.2; stroke-dasharray:1.5 3; }
.trend { stroke:var(--ink); stroke-width:1; }
.note-line { stroke:var(--usable); stroke-width:1; stroke-dasharray:4 2; }
.note-number { fill:var(--usable); font-weight:700; }
.newest { stroke-width:2.4; } .newest.ink { stroke:var(--ink); }
.older { stroke:var(--ink); stroke-width:1.5; }
.age-1 { stroke-dasharray:6 3; stroke-opacity:.8; } .age-2 { stroke-dasharray:2 3; stroke-opacity:.75; }
.age-3 { stroke-dasharray:8 3 2 3; stroke-opacity:.6; } .age-4 { stroke-dasharray:1 4; stroke-opacity:.6; }
.age-5 { stroke-dasharray:12 4; stroke-opacity:.5; }
.band { stroke:none; fill:var(--band); fill-opacity:.25; }
.band.left { fill:var(--left); fill-opacity:.17; } .band.right { fill:var(--right); fill-opacity:.17; }
.key svg { display:inline-block; width:26px; height:8px; } .key { margin-right:1rem; }
.notes { columns:2; font-size:.9rem; } .notes li { overflow-wrap:anywhere; }
#limits li { margin:.25rem 0; }
@media screen and (max-width:720px) { .motto { float:none; } .notes { columns:1; } }
@page { size:A4; margin:11mm 13mm; }
.warnings ul, #limits ul { padding-left:1.2rem; margin:.2rem 0; }
@media print {
  section { break-inside:avoid; } tr { break-inside:avoid; } .notes { font-size:8.8pt; }
  .changes { min-width:0; }
  main { max-width:none; padding:0; } body { font-size:9.4pt; line-height:1.35; }
  h1 { font-size:16pt; } h2 { font-size:11.5pt; margin:8pt 0 2pt; } p { max-width:none; }
  table { font-size:8.2pt; } th, td { padding:2pt 3pt; } td.left { white-space:normal; }
  .pictures { grid-template-columns:1fr 1fr; gap:4pt 14pt; } figcaption { font-size:8.8pt; }
}
)css";
}

std::string ProgressPage(const ProgressResult& result) {
  return FormatHtmlPage({"Progress: " + result.subject, std::string(ProgressPageStyle()),
                         Head(result) + WarningSection(result) + VerdictSection(result) +
                             TimelineSection(result) + TrendSection(result) +
                             SessionCurvesSection(result) + SessionTable(result) +
                             LimitsSection(result)});
}

}  // namespace medius::apps
