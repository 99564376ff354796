#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

#include "calibration/options.hpp"
#include "core/target.hpp"

namespace medius::apps {

/// What a user says of the cameras before a calibration, as typed.
struct CalibrationSettings {
  std::string initial;              ///< a rig to start from
  std::vector<std::string> fix;     ///< "intrinsics", "places": held as in the initial rig
  std::vector<std::string> models;  ///< MODEL or CAM=MODEL; "auto"
  std::vector<std::string> focals;  ///< PX or CAM=PX
  bool share_intrinsics = false;
  bool keep_outliers = false;
  bool allow_unusual_lens = false;

  /// True where the lens model is to be chosen by held-out error.
  [[nodiscard]] bool AdvisesModel() const;
};

/// Adds --initial, --fix, --model, --focal-px, --shared-intrinsics, --keep-outliers and
/// --allow-unusual-lens.
void AddCalibrationOptions(CLI::App& command, CalibrationSettings* settings);

/// The options for these cameras. Names of cameras are looked up, the initial rig is read.
/// @throws CLI::ValidationError (exit 2) where a word means nothing, InputError where the rig does
///         not fit.
[[nodiscard]] calibration::CalibrationOptions OptionsOf(const CalibrationSettings& settings,
                                                        const TargetObservations& observations,
                                                        Parallelism parallelism);

/// Every one of these options that changes a number, for the provenance; cameras by their names.
[[nodiscard]] nlohmann::json CalibrationOptionsJson(const calibration::CalibrationOptions& options,
                                                    const TargetObservations& observations);

}  // namespace medius::apps
