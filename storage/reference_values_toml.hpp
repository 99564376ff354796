#pragma once

#include <filesystem>
#include <string>

#include "core/reference_values.hpp"
#include "core/repeatability.hpp"

namespace medius::storage {

/// Reads a file of reference values (docs/methods.md). Its units are deg, mm, m, m/s, s, ms,
/// 1/min, % or 1; in memory all is SI.
/// @throws InputError that names the file, the line and what is wrong with it.
[[nodiscard]] ReferenceValues ReadReferenceValues(const std::filesystem::path& path);

/// Reads how well a lab's metrics repeat (docs/methods.md): of each the sem or the mdc95.
/// @throws InputError likewise.
[[nodiscard]] Repeatability ReadRepeatability(const std::filesystem::path& path);

/// The same as text, angles in degrees and lengths in millimetres.
/// @param unit_of  the unit of a metric in memory: "rad", "m", ...
[[nodiscard]] std::string RepeatabilityToml(const Repeatability& repeatability,
                                            const std::vector<std::string>& unit_of);

}  // namespace medius::storage
