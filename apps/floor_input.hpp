#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "apps/camera_images.hpp"
#include "apps/command.hpp"
#include "calibration/static_points.hpp"
#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "core/target.hpp"
#include "core/time_base.hpp"

namespace medius::apps {

/// First and last frame (both count), from 0: "100:250", ":250", "100:", "7".
/// @throws CLI::ValidationError.
struct ChosenFrames {
  std::size_t first = 0;
  std::optional<std::size_t> last;

  /// The frames that are there.
  /// @throws InputError where none is.
  [[nodiscard]] FrameRange In(std::size_t frame_count, const std::string& where) const;
};
[[nodiscard]] ChosenFrames ParseFrames(const std::string& text);

/// What a trial has for a floor: sightings with the cameras of the rig in its order (those that the
/// trial has not saw nothing), its labels, and positions where there are no labelled sightings.
struct FloorTrial {
  ObservationBlock block;
  std::vector<double> time;  ///< [frames of the block] seconds
  std::vector<std::string> labels;
};

/// Reads sightings, at most `most` frames.
/// @throws InputError where the trial has no sightings, or of fewer than two cameras of the rig.
[[nodiscard]] FloorTrial ReadFloorTrial(const std::string& path, const CameraRig& rig,
                                        const ChosenFrames& frames, std::size_t most,
                                        CommandContext& context);

/// The labelled points of a trial at rest: from its labelled sightings, else from its trajectories,
/// whose frame must be that of the rig. Of no frames where a label was not seen.
/// @throws InputError that names a label which the trial does not have.
[[nodiscard]] std::vector<calibration::StaticPoint> ReadLabelledPoints(
    const std::string& path, const CameraRig& rig, const std::vector<std::string>& labels,
    const ChosenFrames& frames, const calibration::StaticPointOptions& options,
    CommandContext& context);

/// The board of a file in the videos of some of the rig's cameras; names them in the provenance.
/// @param videos  "CAMERA=FILE" each.
[[nodiscard]] TargetObservations DetectFloorBoard(const std::string& board,
                                                  const std::vector<std::string>& videos,
                                                  const ImageTiming& timing, const CameraRig& rig,
                                                  CommandContext& context,
                                                  ProvenanceRecorder* provenance);

}  // namespace medius::apps
