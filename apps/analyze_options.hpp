#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analysis/analyze.hpp"
#include "core/marker_set.hpp"

namespace CLI {
class App;
}

namespace medius::apps {

/// What is typed after `medius analyze`.
struct AnalyzeArguments {
  std::string trial;
  std::string standing;
  std::string functional;
  std::string forces;
  std::string markers;
  std::string output;
  std::string reference;
  std::string reference_values;
  std::string method = "medius";
  std::optional<double> cutoff_hz;  ///< nullopt: the method's
  std::optional<double> max_gap_s;
  std::string hip_centre;  ///< empty: functional, a marker of the set, or the method's
  std::string knee_axis = "epicondyles";
  double view_direction_deg = 0.0;
  double marker_offset_mm = 0.0;
  double marker_sd_mm = analysis::MotionOptions().assumed_marker_sd * 1e3;
  std::optional<double> force_rate_hz;
  std::optional<double> force_threshold;
  std::optional<double> force_cutoff_hz;
  std::vector<std::string> force_columns;
};

void AddAnalyzeOptions(CLI::App& command, AnalyzeArguments& arguments);

[[nodiscard]] analysis::AnalysisOptions OptionsOf(const AnalyzeArguments& arguments,
                                                  const MarkerSet& set);

/// Everything that decides a number, in SI units, for the provenance; by it results are compared
/// (DifferingSettings). What was used counts, not what was asked for: a functional hip centre that
/// did not serve is named by what stood in for it.
[[nodiscard]] nlohmann::json OptionsJson(const analysis::AnalysisOptions& options,
                                         const MarkerSet& set,
                                         const analysis::AnalysisResult& result);

/// What functional trial, forces and knee check came to; empty parts left out. Degrees,
/// millimetres and milliseconds, as the names say.
[[nodiscard]] nlohmann::json CompanionsJson(const analysis::AnalysisResult& result);
/// The same in a few lines; empty where there was nothing.
[[nodiscard]] std::string CompanionsText(const analysis::AnalysisResult& result);

}  // namespace medius::apps
