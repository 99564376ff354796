#include "apps/calibration_report_style.hpp"

namespace medius::apps {

std::string_view CalibrationReportStyle() {
  return R"css(
:root { --ink:#1c2330; --soft:#5b6575; --line:#d5dae2; --paper:#ffffff; --tile:#f4f6f9;
  --good:#1b7f4b; --usable:#a86400; --redo:#b3261e; --accent:#1f5fa8; --hatch:#b9c1cc; }
@media (prefers-color-scheme: dark) { :root { --ink:#e6eaf0; --soft:#a3adbb; --line:#3a4350;
  --paper:#14181e; --tile:#1e242c; --good:#54c68a; --usable:#e7ad4e; --redo:#ff7b70;
  --accent:#7db4f5; --hatch:#55606e; } }
* { box-sizing:border-box; }
body { margin:0; background:var(--paper); color:var(--ink);
  font:15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width:1240px; margin:0 auto; padding:20px; }
h1 { font-size:1.6rem; margin:0; overflow-wrap:anywhere; }
h2 { font-size:1.15rem; margin:2rem 0 .4rem; }
p { margin:.3rem 0 .6rem; max-width:85ch; }
.sub, .small-print { color:var(--soft); }
.small-print { font-size:.88rem; }
.verdict { border-left:8px solid; border-radius:6px; padding:.6rem 1.1rem; margin:1rem 0;
  background:var(--tile); }
.verdict.good { border-color:var(--good); } .verdict.usable { border-color:var(--usable); }
.verdict.redo { border-color:var(--redo); }
.grade { font-size:1.15rem; } .grade strong { font-size:1.9rem; margin-right:.5rem; }
.good .grade strong { color:var(--good); } .usable .grade strong { color:var(--usable); }
.redo .grade strong { color:var(--redo); }
.verdict ol { padding-left:1.3rem; } .verdict li { margin:.55rem 0; max-width:95ch; }
.tag { font-size:.75rem; font-weight:700; text-transform:uppercase; letter-spacing:.04em;
  border:1px solid; border-radius:4px; padding:0 .35em; }
li.redo .tag { color:var(--redo); } li.limit .tag { color:var(--usable); }
li.note, li.note .tag { color:var(--soft); }
.tiles { display:grid; grid-template-columns:repeat(auto-fit, minmax(165px, 1fr)); gap:10px;
  margin:1rem 0; }
.tile { background:var(--tile); border-radius:6px; padding:.6rem .8rem; }
.tile b { display:block; font-size:1.3rem; } .tile span { color:var(--soft); font-size:.85rem; }
.scroll { overflow-x:auto; }
table { border-collapse:collapse; font-variant-numeric:tabular-nums; font-size:.85rem; }
th, td { padding:.25rem .5rem; border-bottom:1px solid var(--line); text-align:right;
  vertical-align:bottom; }
th { font-weight:600; color:var(--soft); } th:first-child, td:first-child, .left { text-align:left; }
td.off { color:var(--redo); font-weight:700; } td.limit { color:var(--usable); font-weight:700; }
td.self { background:var(--tile); }
.panels { display:grid; grid-template-columns:repeat(auto-fill, minmax(260px, 1fr)); gap:16px; }
.rigs { display:grid; grid-template-columns:repeat(auto-fit, minmax(420px, 1fr)); gap:16px;
  align-items:start; }
td, th.left { white-space:nowrap; } td.wrap, td.left { white-space:normal; }
.slices svg { max-height:340px; } .rigs svg { max-height:560px; }
figure { margin:0; break-inside:avoid; } figcaption { font-size:.88rem; margin-bottom:.2rem; }
.narrow { max-width:420px; } .legend { max-width:460px; margin-top:.6rem; }
svg { width:100%; height:auto; display:block; }
.hatching { position:absolute; width:0; height:0; }
.image, .frame { fill:none; stroke:var(--line); }
.empty, .unseen { fill:url(#hatch); stroke:none; }
#hatch path { stroke:var(--hatch); stroke-width:1; }
.dot { fill:none; stroke:var(--soft); stroke-opacity:.45; stroke-width:1.6; stroke-linecap:round; }
.place { fill:none; stroke:var(--soft); stroke-opacity:.6; stroke-width:3.2; stroke-linecap:round; }
.arrow { fill:none; stroke:var(--accent); stroke-width:1.4; }
.outlier { fill:none; stroke:var(--redo); stroke-width:1; }
.curve { fill:none; stroke:var(--accent); stroke-width:1.6; } .knot { fill:var(--accent); }
.bar { fill:var(--soft); fill-opacity:.45; } .axis { stroke:var(--soft); }
.grid { stroke:var(--line); stroke-width:1; } .small { font-size:10px; fill:var(--soft); }
.name { font-size:13px; font-weight:600; fill:var(--ink); }
.volume { fill:none; stroke:var(--good); stroke-width:1.5; stroke-dasharray:6 4; }
.camera { fill:var(--accent); } .frustum { fill:var(--accent); fill-opacity:.15; stroke:var(--accent); }
.edge { stroke:var(--accent); stroke-opacity:.7; }
.ellipse { fill:none; stroke:#10151c; stroke-width:1.1; }
code { font-size:.9em; overflow-wrap:anywhere; }
pre { background:var(--tile); padding:.6rem .8rem; border-radius:6px; white-space:pre-wrap;
  overflow-wrap:anywhere; font-size:.85rem; }
@media print { :root { --ink:#000; --soft:#444; --line:#bbb; --paper:#fff; --tile:#f2f2f2;
  --good:#1b7f4b; --usable:#8a5200; --redo:#a01010; --accent:#1f5fa8; --hatch:#999; }
  body { font-size:11px; } section { break-inside:auto; } h2 { break-after:avoid; }
  * { -webkit-print-color-adjust:exact; print-color-adjust:exact; } }
)css";
}

std::string_view HatchPattern() {
  return "<svg class=\"hatching\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"6\" "
         "height=\"6\" patternUnits=\"userSpaceOnUse\"><path d=\"M0 6L6 0\"/></pattern></defs>"
         "</svg>\n";
}

}  // namespace medius::apps
