#pragma once

#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

#include "apps/calibration_report.hpp"
#include "apps/command.hpp"
#include "calibration/cross_validation.hpp"
#include "calibration/plausibility.hpp"
#include "calibration/quality_inputs.hpp"
#include "calibration/result.hpp"
#include "core/target.hpp"

namespace medius::apps {

/// Where the results of a calibration go.
struct CalibrationOutput {
  std::string rig;                            ///< TOML
  std::string report;                         ///< HTML; empty: none
  std::vector<StageProvenance> earlier = {};  ///< what made the initial rig
};

/// Adds -o and --report.
void AddCalibrationOutputOptions(CLI::App& command, CalibrationOutput* output);

/// @throws NotComputed that says why there is no rig and what to do.
void RequireCalibrated(const calibration::CalibrationResult& result);

/// What is doubtful in a rig in spite of its residual, as the report takes it.
/// @throws NotComputed where one of the doubts refuses the rig.
[[nodiscard]] std::vector<calibration::Finding> FindingsOf(
    std::span<const calibration::RigDoubt> doubts);

/// Numbers of a cross-validation as the report takes them.
[[nodiscard]] calibration::HeldOutNumbers HeldOutOf(const calibration::CrossValidation& score,
                                                    const calibration::ModelAdvice& lenses,
                                                    const calibration::ModelAdvice& timings);

/// Numbers of a temporal adjustment as the report takes them.
[[nodiscard]] calibration::TemporalNumbers TimingOf(const calibration::TemporalResult& fit,
                                                    bool in_the_rig);

/// Writes rig and report, puts the verdict before `text` and what was written behind it, and the
/// verdict, with its findings, into `json`.
void WriteCalibration(CalibrationReport report, const CalibrationOutput& output, std::string* text,
                      nlohmann::json* json, const CommandContext& context);

/// Writes rig and report, then prints the verdict, a table of the cameras and what was written;
/// with
/// --json the numbers of the report.
void FinishCalibration(CalibrationReport report, const CalibrationOutput& output,
                       CommandContext& context);

}  // namespace medius::apps
