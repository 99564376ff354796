#include "apps/report_sections.hpp"

namespace medius::apps {

std::string_view TrialReportStyle() {
  return R"css(
main { max-width:960px; }
header { border-bottom:2px solid var(--ink); padding-bottom:.5rem; }
header h1 { display:inline; } .motto { float:right; color:var(--soft); margin:.45rem 0 0; }
.facts { display:flex; flex-wrap:wrap; gap:.3rem 1.6rem; margin:.6rem 0 0; }
.facts div { display:flex; gap:.4rem; } .facts dt { color:var(--soft); }
.facts dd { margin:0; font-weight:600; overflow-wrap:anywhere; }
h2 { margin:1.3rem 0 .3rem; }
table { width:100%; }
.checks th, .checks td { text-align:left; vertical-align:top; }
.checks th { white-space:nowrap; color:var(--ink); }
.mark { font-weight:700; white-space:nowrap; width:6.5em; }
.good .mark { color:var(--good); } .look .mark { color:var(--usable); }
.unknown .mark { color:var(--soft); }
.wrap { overflow-wrap:anywhere; }
.findings th[scope=row] { text-align:left; color:var(--ink); font-size:.95rem; }
.findings { table-layout:fixed; } .findings th:first-child { width:34%; }
.findings th:nth-child(2), .findings th:nth-child(3) { width:11.5%; }
.findings th:nth-child(4) { width:12%; } .findings th:nth-child(5) { width:11%; }
.findings th { white-space:normal; } .range { display:block; } .lead { font-size:1.05rem; }
.findings td { vertical-align:middle; }
.findings thead th { vertical-align:bottom; }
.plain { display:block; font-weight:400; color:var(--soft); font-size:.8rem; white-space:normal; }
.findings td b { font-size:1.15rem; } .findings .picture { padding:0 0 0 .4rem; }
.scale td { border-bottom:none; padding-top:0; }
.left-side { color:var(--left); } .right-side { color:var(--right); }
.gait { color:var(--soft); font-size:.88rem; margin-top:.5rem; }
.interval { stroke-width:2.4; stroke-linecap:round; fill:none; }
.interval.left, .line.left { stroke:var(--left); } .interval.right, .line.right { stroke:var(--right); }
.mark-left { fill:var(--left); } .mark-right { fill:var(--right); }
.reference { fill:var(--band); fill-opacity:.3; }
.line { fill:none; stroke-width:2; stroke-linejoin:round; } .line.right { stroke-dasharray:7 3.5; }
.band { stroke:none; fill-opacity:.17; } .band.left { fill:var(--left); }
.band.right { fill:var(--right); }
.stride { fill:none; stroke-width:2.8; stroke-linecap:round; stroke-opacity:.45; }
.stride.left { stroke:var(--left); } .stride.right { stroke:var(--right); }
.toe-off { stroke:var(--soft); stroke-dasharray:2 3; }
.pictures { display:grid; grid-template-columns:repeat(auto-fit, minmax(300px, 1fr));
  gap:.5rem 1.2rem; }
.key svg { display:inline-block; width:26px; height:8px; } .key { margin-left:.8rem; font-weight:600; }
#limits ul, #method ul { margin:.2rem 0; padding-left:1.1rem; } #limits li { margin:.25rem 0; }
@media screen and (max-width:720px) { .motto { float:none; } .checks th { white-space:normal; }
  .findings { min-width:680px; } }
@page { size:A4; margin:8.5mm 13mm; }
@media print {
  tr { break-inside:avoid; }
  main { max-width:none; padding:0; } .sheet { break-after:page; }
  .sheet:last-child { break-after:auto; }
  body { font-size:9.3pt; line-height:1.28; } h1 { font-size:16pt; }
  h2 { font-size:11.5pt; margin:7pt 0 1pt; } p { max-width:none; margin:2pt 0 4pt; }
  table { font-size:8.6pt; } th, td { padding:1.3pt 4pt; } .checks th, .checks td { padding:.9pt 4pt; }
  .findings th[scope=row] { font-size:9.4pt; } .findings td b { font-size:10.5pt; }
  .plain { font-size:7.6pt; line-height:1.2; } .lead { font-size:10pt; } .gait { font-size:8.6pt; } .facts { gap:2pt 14pt; margin-top:4pt; }
  .pictures { grid-template-columns:1fr 1fr; gap:4pt 14pt; } figcaption { font-size:8.8pt; }
  #limits li { margin:1pt 0; } .small-print { font-size:7.4pt; } .small-print h2 { font-size:9.5pt; }
  #method ul { columns:2; column-gap:14pt; } #method li { break-inside:avoid; }
}
)css";
}

}  // namespace medius::apps
