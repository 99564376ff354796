#include "apps/calibration_report_style.hpp"

namespace medius::apps {

std::string_view CalibrationReportStyle() {
  return R"css(
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
td.off { color:var(--redo); font-weight:700; } td.limit { color:var(--usable); font-weight:700; }
td.self { background:var(--tile); }
.panels { display:grid; grid-template-columns:repeat(auto-fill, minmax(260px, 1fr)); gap:16px; }
.rigs { display:grid; grid-template-columns:repeat(auto-fit, minmax(420px, 1fr)); gap:16px;
  align-items:start; }
.slices svg { max-height:340px; } .rigs svg { max-height:560px; }
.narrow { max-width:420px; } .legend { max-width:460px; margin-top:.6rem; }
.image { fill:none; stroke:var(--line); }
.empty, .unseen { fill:url(#hatch); stroke:none; }
.dot { fill:none; stroke:var(--soft); stroke-opacity:.45; stroke-width:1.6; stroke-linecap:round; }
.place { fill:none; stroke:var(--soft); stroke-opacity:.6; stroke-width:3.2; stroke-linecap:round; }
.arrow { fill:none; stroke:var(--accent); stroke-width:1.4; }
.outlier { fill:none; stroke:var(--redo); stroke-width:1; }
.curve { fill:none; stroke:var(--accent); stroke-width:1.6; } .knot { fill:var(--accent); }
.bar { fill:var(--soft); fill-opacity:.45; }
.volume { fill:none; stroke:var(--good); stroke-width:1.5; stroke-dasharray:6 4; }
.camera { fill:var(--accent); } .frustum { fill:var(--accent); fill-opacity:.15; stroke:var(--accent); }
.edge { stroke:var(--accent); stroke-opacity:.7; }
.ellipse { fill:none; stroke:#10151c; stroke-width:1.1; }
)css";
}

}  // namespace medius::apps
