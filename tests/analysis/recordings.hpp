#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analysis/recording.hpp"
#include "core/events.hpp"
#include "core/marker_set.hpp"

namespace medius::analysis::testing {

/// Positions of a whole recording in memory, lab frame.
[[nodiscard]] Recording InMemory(std::string where, std::vector<std::string> labels, double rate_hz,
                                 TrajectoryBlock block, double start = 0.0);

/// Folder of the real recordings, or nullopt where they are not.
[[nodiscard]] std::optional<std::filesystem::path> RealData();

/// A real recording turned into the lab frame by the axes of its marker set.
/// @param zeros_are_places  see ImportOptions.
[[nodiscard]] Recording ReadReal(const std::filesystem::path& path, const MarkerSet& set,
                                 std::optional<double> rate_hz = std::nullopt,
                                 bool zeros_are_places = false);

/// A stance by force plate, seconds.
struct PlateStance {
  double strike;
  double toe_off;
};

/// The columns of a text table after its heading line.
struct Table {
  std::vector<std::string> names;
  std::vector<std::vector<double>> columns;
  [[nodiscard]] const std::vector<double>& Column(const std::string& name) const;
};
/// @param heading  first word of the heading line.
[[nodiscard]] Table ReadTable(const std::filesystem::path& path, const std::string& heading);

/// Stances where a vertical force low-passed at 50 Hz is above 50 N, those cut by an end left out.
[[nodiscard]] std::vector<PlateStance> PlateStances(std::vector<double> vertical_force,
                                                    double rate_hz, double start);

/// The preset datasets/marker_sets/<name>.toml.
[[nodiscard]] MarkerSet Preset(const std::string& name);

}  // namespace medius::analysis::testing
