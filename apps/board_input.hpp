#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/camera_images.hpp"
#include "apps/command.hpp"
#include "apps/provenance.hpp"
#include "capture/board.hpp"
#include "capture/board_detector.hpp"

namespace medius::apps {

/// Where a command's views of boards come from, as the user typed it.
struct BoardInput {
  std::vector<std::string> boards;    ///< board files
  std::vector<std::string> videos;    ///< CAM=PATH, a video or a folder of images
  std::vector<std::string> mirrored;  ///< names of cameras whose images are mirrored
  std::string sightings;  ///< a trial with sightings of board points, in place of videos
  ImageTiming timing;
  int min_points = 6;  ///< of a view

  /// @throws CLI::ValidationError (exit 2) where the options do not go together.
  void Validate() const;
};

/// Adds --board, --video, --timestamps, --rate-hz, --sync-tolerance-s and --min-points.
void AddBoardInputOptions(CLI::App& command, BoardInput* input);

/// Boards and what the cameras saw of them.
struct BoardRecording {
  std::vector<capture::Board> boards;
  capture::BoardDetection detection;
};

/// Reads the boards, finds them in all images (with progress), says what is wrong as warnings and
/// names every file in the provenance.
/// @throws InputError where a file cannot be read, cameras have other numbers of images than the
///         time stamps say, or no board is seen at all.
[[nodiscard]] BoardRecording ReadBoardRecording(const BoardInput& input, CommandContext& context,
                                                ProvenanceRecorder* provenance);

}  // namespace medius::apps
