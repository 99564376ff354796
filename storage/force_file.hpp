#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/forces.hpp"

namespace medius::storage {

/// Reads ground reaction forces from a table of text: OpenSim's MOT or STO (a header up to
/// "endheader"), or one line of column names and numbers below it.
///
/// Vertical forces are the columns named in `columns`; else every column that ends in "_vy"
/// (OpenSim, Y up), one plate each; else of Fx, Fy and Fz the one with the largest mean, which
/// bears the runner's weight. A column whose mean is below zero is turned round.
///
/// @param rate_hz  instead of what the time column says; needed where that only counts samples.
/// @throws InputError that names the file and the line or column which is wrong, or asks for the
///         rate.
[[nodiscard]] ForceRecording ReadForces(const std::filesystem::path& path,
                                        std::optional<double> rate_hz,
                                        const std::vector<std::string>& columns);

}  // namespace medius::storage
