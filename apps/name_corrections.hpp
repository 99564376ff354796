#pragma once

#include <filesystem>
#include <vector>

#include "apps/reconstruct_arguments.hpp"
#include "apps/track_naming.hpp"
#include "core/marker_set.hpp"
#include "core/time_base.hpp"
#include "reconstruct/fragments.hpp"

namespace medius::apps {

/// Reads the last column of a review file: a label, or "-" for no marker at all.
/// @param set  of the trial, nullptr: none; says which names tracks that only have numbers may get.
/// @throws InputError that names the row where a label or track is unknown, the track was never at
///         that place, or two corrections give one name at one time.
[[nodiscard]] std::vector<NameCorrection> ReadCorrections(
    const std::filesystem::path& file, const std::vector<reconstruct::Fragment>& fragments,
    const TimeBase& time_base, const NamedTracks& named, const MarkerSet* set);

/// Applies corrections in their order. A piece of another track that had the name at the same time
/// loses it.
void ApplyCorrections(const std::vector<NameCorrection>& corrections,
                      const std::vector<reconstruct::Fragment>& fragments, NamedTracks* named);

}  // namespace medius::apps
