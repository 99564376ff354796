#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "apps/calibration_report.hpp"

namespace medius::apps {

// Parts of the report's page as HTML; empty where there is nothing to show.

[[nodiscard]] std::string KeyNumbers(const CalibrationReport& report);
[[nodiscard]] std::string CameraTable(const CalibrationReport& report);
[[nodiscard]] std::string PairTable(const CalibrationReport& report);
/// Training, held-out and expected residual of each camera, the bound, CPU seconds.
[[nodiscard]] std::string ResidualTable(const CalibrationReport& report);
/// When the cameras exposed: by their stamps and as estimated.
[[nodiscard]] std::string TimeSection(const CalibrationReport& report);
/// Wands and floor.
[[nodiscard]] std::string ReferenceSection(const CalibrationReport& report);
[[nodiscard]] std::string WorstViewTable(const CalibrationReport& report);
[[nodiscard]] std::string ProvenanceSection(const CalibrationReport& report);
/// What stands over a camera's picture.
[[nodiscard]] std::string ImageCaption(const CalibrationReport& report, std::size_t camera);

}  // namespace medius::apps
