#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/reconstruct/run_sightings.hpp"

namespace medius::testing {

/// How a recorded run is shown to cameras.
struct SightingConditions {
  int cameras = 8;
  std::uint64_t seed = 1;
  double noise_px = 0.2;
  double reflections = 2.0;   ///< false sightings a camera and frame
  double drop_rate = 0.01;    ///< of the frames of a camera
  double lost_share = 0.0;    ///< of the marker-frames, lost by all cameras for up to 1 s
  double hidden_rate = 0.0;   ///< that a camera misses a marker in a frame, beside limbs
  double rig_error_px = 0.0;  ///< of the calibration that the reconstruction is given
  /// Gaps of known lengths in place of random ones, of one marker or of three of a segment.
  enum class Planned { kNothing, kOneMarker, kThreeOfASegment } planned = Planned::kNothing;
};

/// What `medius` needs to reconstruct a run, and the truth.
struct RunFiles {
  std::filesystem::path truth;     ///< the recorded positions, lab frame
  std::filesystem::path standing;  ///< standing trial with labels
  std::string marker_set;          ///< preset
  std::filesystem::path true_rig;
  std::filesystem::path rig;       ///< with its calibration error
  std::filesystem::path labelled;  ///< sightings that say which marker they are
  std::filesystem::path seen;      ///< the same without labels
};

/// Folder of the recordings of other people, nullopt where they are not on this machine.
[[nodiscard]] std::optional<std::filesystem::path> RecordingsFolder();

/// Makes the files of a run in a folder, limbs hiding markers, by the commands that a user types.
/// @throws std::runtime_error with the message of the command that failed.
[[nodiscard]] RunFiles MakeRunFiles(const RecordedRun& run, const SightingConditions& conditions,
                                    const std::filesystem::path& folder);

}  // namespace medius::testing
