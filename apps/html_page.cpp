#include "apps/html_page.hpp"

#include <cctype>

#include <fmt/format.h>

#include "apps/svg_drawing.hpp"

namespace medius::apps {

std::string_view PageStyle() {
  return R"css(
:root { --ink:#1c2330; --soft:#5b6575; --line:#d5dae2; --paper:#ffffff; --tile:#f4f6f9;
  --good:#1b7f4b; --usable:#a86400; --redo:#b3261e; --accent:#1f5fa8; --hatch:#b9c1cc;
  --left:#c0392b; --right:#1f5fa8; --band:#8b94a3; }
@media screen and (prefers-color-scheme: dark) { :root { --ink:#e6eaf0; --soft:#a3adbb;
  --line:#3a4350; --paper:#14181e; --tile:#1e242c; --good:#54c68a; --usable:#e7ad4e; --redo:#ff7b70;
  --accent:#7db4f5; --hatch:#55606e; --left:#ff8a7a; --right:#7db4f5; --band:#8b94a3; } }
* { box-sizing:border-box; }
body { margin:0; background:var(--paper); color:var(--ink);
  font:15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width:1240px; margin:0 auto; padding:20px; }
h1 { font-size:1.6rem; margin:0; overflow-wrap:anywhere; }
h2 { font-size:1.15rem; margin:2rem 0 .4rem; }
p { margin:.3rem 0 .6rem; max-width:85ch; }
.sub, .small-print { color:var(--soft); }
.small-print { font-size:.88rem; }
.scroll { overflow-x:auto; }
table { border-collapse:collapse; font-variant-numeric:tabular-nums; font-size:.85rem; }
th, td { padding:.25rem .5rem; border-bottom:1px solid var(--line); text-align:right;
  vertical-align:bottom; }
th { font-weight:600; color:var(--soft); }
th:first-child, td:first-child, .left { text-align:left; }
td, th.left { white-space:nowrap; } td.wrap, td.left { white-space:normal; }
figure { margin:0; break-inside:avoid; } figcaption { font-size:.88rem; margin-bottom:.2rem; }
svg { width:100%; height:auto; display:block; }
.hatching { position:absolute; width:0; height:0; }
#hatch path { stroke:var(--hatch); stroke-width:1; }
.frame { fill:none; stroke:var(--line); }
.axis { stroke:var(--soft); } .grid { stroke:var(--line); stroke-width:1; }
.small { font-size:10px; fill:var(--soft); } .name { font-size:13px; font-weight:600; fill:var(--ink); }
code { font-size:.9em; overflow-wrap:anywhere; }
pre { background:var(--tile); padding:.6rem .8rem; border-radius:6px; white-space:pre-wrap;
  overflow-wrap:anywhere; font-size:.85rem; }
@media print { :root { --ink:#000; --soft:#444; --line:#bbb; --paper:#fff; --tile:#f2f2f2;
  --usable:#8a5200; --redo:#a01010; --hatch:#999; }
  body { font-size:11px; } section { break-inside:auto; } h2 { break-after:avoid; }
  * { -webkit-print-color-adjust:exact; print-color-adjust:exact; } }
)css";
}

std::string FormatHtmlPage(const HtmlPage& page) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n<meta "
      "name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta "
      "name=\"color-scheme\" content=\"light dark\"/>\n<title>{}</title>\n<style>{}{}</style>"
      "</head>\n<body>\n{}<main>\n{}</main>\n</body></html>\n",
      EscapeHtml(page.title), PageStyle(), page.style, HatchPattern(), page.body);
}

std::string_view HatchPattern() {
  return "<svg class=\"hatching\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"6\" "
         "height=\"6\" patternUnits=\"userSpaceOnUse\"><path d=\"M0 6L6 0\"/></pattern></defs>"
         "</svg>\n";
}

std::string_view WithoutFullStop(std::string_view text) {
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

std::string Capitalized(std::string text) {
  if (!text.empty()) {
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  }
  return text;
}

}  // namespace medius::apps
