#pragma once

#include <string_view>

namespace medius::apps {

/// The style of the report's page: light and dark, screen and paper.
[[nodiscard]] std::string_view CalibrationReportStyle();

}  // namespace medius::apps
