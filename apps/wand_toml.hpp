#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/target.hpp"

namespace medius::apps {

/// A wand as its file describes it.
struct Wand {
  CalibrationTarget target;         ///< is_wand, metres
  std::vector<std::string> labels;  ///< [markers] names in labelled trials; empty: none
};

/// Reads a wand file:
///
///     name = "our wand"                                  # of the file, where absent
///     markers_mm = [[0, 0, 0], [180, 0, 0], [500, 0, 0]] # also _cm and _m; 2 to 8, in any order
///     labels = ["W1", "W2", "W3"]                        # optional, see `calibrate wand --labels`
///
/// @throws InputError that names the file, the line and the key.
[[nodiscard]] Wand ReadWand(const std::filesystem::path& path);

}  // namespace medius::apps
