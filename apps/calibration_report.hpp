#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "calibration/quality.hpp"
#include "calibration/result.hpp"
#include "core/target.hpp"
#include "core/trial.hpp"

namespace medius::apps {

/// All that the report of a calibration shows. Fill what there is:
///
///     CalibrationReport report;
///     report.rig_name = "rig.toml";
///     report.observations = std::move(observations);
///     report.result = Calibrate(report.observations, options, control);
///     report.quality = AssessQuality(report.observations, report.result, inputs, {});
///     report.provenance = recorder.Finish();
///     WriteCalibrationReport("rig.html", report);
///
/// For a wand: observations with the wand as their target (labelled), the result likewise.
struct CalibrationReport {
  std::string rig_name;      ///< base name of the rig's file
  std::string target;        ///< what was shown, one line: "ChArUco 5 x 7, 40 mm squares"
  std::string made;          ///< ISO 8601, when the calibration was computed
  std::string recorded;      ///< ISO 8601, when it was recorded; empty if unknown
  double cpu_seconds = 0.0;  ///< of the calibration without the detection; 0: not measured
  TargetObservations observations;
  calibration::CalibrationResult result;
  calibration::RigQuality quality;    ///< with held-out, temporal and wand numbers in its inputs
  std::vector<std::string> warnings;  ///< of the detection, of the grouping, ...
  StageProvenance provenance;
};

/// The report as one HTML page that needs nothing else: no network, no script; pictures are SVG.
[[nodiscard]] std::string FormatCalibrationReport(const CalibrationReport& report);

/// Writes that page. @throws InputError where it cannot be written.
void WriteCalibrationReport(const std::filesystem::path& path, const CalibrationReport& report);

/// The same numbers for machines; units stand in the names of the keys. Numbers that there are none
/// of are null.
[[nodiscard]] nlohmann::json CalibrationReportJson(const CalibrationReport& report);

}  // namespace medius::apps
