#pragma once

#include <filesystem>
#include <vector>

#include "apps/board_input.hpp"
#include "core/target.hpp"
#include "core/trial.hpp"

namespace medius::apps {

/// Writes what the cameras saw of boards as a trial of activity "board": labelled sightings, label
/// "NAME.I" being point I of board NAME. A calibration from it gives the same rig as one from the
/// videos (to the rounding of float32 pixels), without looking at the images again.
void SaveBoardSightings(const std::filesystem::path& path, const TargetObservations& observations,
                        const TrialHeader& header, const StageProvenance& provenance,
                        Parallelism parallelism);

/// Reads them back.
/// @throws InputError where the trial has no labelled sightings, their labels are not points of the
///         boards, or it does not know the size of the images.
[[nodiscard]] BoardRecording ReadBoardSightings(const std::filesystem::path& path,
                                                std::vector<capture::Board> boards,
                                                CommandContext& context,
                                                ProvenanceRecorder* provenance);

}  // namespace medius::apps
