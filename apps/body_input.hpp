#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "capture/body_limbs.hpp"
#include "core/parallel.hpp"

namespace medius::apps {

/// The limbs under the markers of a trial.
/// @param labels     of the trial.
/// @param marker_set file or preset.
/// @param standing   trial file of the same person standing still, for knees and ankles whose
///                   markers the trial lacks.
/// @throws InputError as ReadMarkerSet, TrialReader and BodyLimbs.
[[nodiscard]] capture::BodyLimbs ReadBodyLimbs(const std::vector<std::string>& labels,
                                               const std::filesystem::path& marker_set,
                                               const std::optional<std::filesystem::path>& standing,
                                               Parallelism parallelism);

}  // namespace medius::apps
