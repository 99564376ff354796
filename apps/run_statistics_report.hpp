#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/repeatability.hpp"
#include "core/kinematics.hpp"
#include "core/run_statistics.hpp"

namespace medius::apps {

/// Asymmetry, windows and trends for --json, in the units of tables; names with units.
[[nodiscard]] nlohmann::json RunStatisticsJson(const RunStatistics& statistics);

/// Right against left, and what changes through the run, of the metrics that matter most; for
/// people. Changes are named where their interval does not hold 0.
[[nodiscard]] std::string RunStatisticsText(const RunStatistics& statistics);

/// Distances from a reference group in its standard deviations.
[[nodiscard]] nlohmann::json ZScoresJson(const std::vector<analysis::ZScore>& scores);
[[nodiscard]] std::string ZScoresText(const std::vector<analysis::ZScore>& scores);

/// Reads reference values for an analysis by a method.
/// @param word  a file or the name of a preset.
/// @throws InputError where they are of another method: its values are not comparable.
[[nodiscard]] ReferenceValues ReadReferenceValuesFor(const std::string& word,
                                                     const std::string& method);

}  // namespace medius::apps
