#pragma once

#include <string>
#include <string_view>

namespace medius::apps {

/// Colours, type, tables and figures that every page of Medius shares: light and dark screens, and
/// paper. Left is red and drawn whole, right is blue and dashed, so that neither colour-blind eyes
/// nor a grey printer confuses them.
[[nodiscard]] std::string_view PageStyle();

/// What a page is made of; every field is HTML or CSS that stands as it is, but for the title.
struct HtmlPage {
  std::string title;  ///< plain text
  std::string style;  ///< after PageStyle()
  std::string body;   ///< within <main>
};

/// One file that needs nothing else: no network, no script.
[[nodiscard]] std::string FormatHtmlPage(const HtmlPage& page);

/// Patterns that pictures of a page refer to; stands once in its body.
[[nodiscard]] std::string_view HatchPattern();

/// The text without a full stop at its end.
[[nodiscard]] std::string_view WithoutFullStop(std::string_view text);

/// The text with a capital at its start.
[[nodiscard]] std::string Capitalized(std::string text);

}  // namespace medius::apps
