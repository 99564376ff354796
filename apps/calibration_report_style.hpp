#pragma once

#include <string_view>

namespace medius::apps {

/// The style of the report's page: light and dark, screen and paper.
[[nodiscard]] std::string_view CalibrationReportStyle();

/// The hatching that the style fills empty cells with; stands once in the page.
[[nodiscard]] std::string_view HatchPattern();

}  // namespace medius::apps
