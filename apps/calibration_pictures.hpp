#pragma once

#include <cstddef>
#include <string>

#include "apps/calibration_report.hpp"

namespace medius::apps {

/// How often residual arrows are enlarged in the pictures of all cameras: a round number, so that
/// the longest usual arrow about fills its cell.
[[nodiscard]] double ArrowScale(const CalibrationReport& report);

/// One camera's image: where the target was seen (dots, at most 1,500, evenly taken), cells without
/// sightings shaded, mean residual of each cell as an arrow, outliers as crosses (at most 300).
[[nodiscard]] std::string ImagePicture(const CalibrationReport& report, std::size_t camera,
                                       double arrow_scale);

/// Mean outward residual by the distance from the principal point. @pre there is a rig.
[[nodiscard]] std::string RadialPicture(const CalibrationReport& report, std::size_t camera);

/// Histogram of all residuals beside the bell curve. @pre there is a rig.
[[nodiscard]] std::string HistogramPicture(const CalibrationReport& report);

/// Expected 3D error in one horizontal slice of the volume, mm, with ellipses.
/// @param scale  by which ellipses are enlarged. @pre there is a volume.
[[nodiscard]] std::string PrecisionPicture(const CalibrationReport& report, std::size_t slice,
                                           double scale);
[[nodiscard]] double EllipseScale(const CalibrationReport& report);
/// The colours of PrecisionPicture with their millimetres.
[[nodiscard]] std::string PrecisionLegend();

enum class RigSide { kTop, kSide };

/// The cameras, what they look at and where the target was, from above or from the side.
/// @pre there is a rig.
[[nodiscard]] std::string RigPicture(const CalibrationReport& report, RigSide side);

}  // namespace medius::apps
