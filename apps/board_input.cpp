#include "apps/board_input.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/board_sightings.hpp"
#include "apps/board_toml.hpp"
#include "core/error.hpp"

namespace medius::apps {
namespace {

std::vector<capture::Board> ReadAllBoards(const BoardInput& input, ProvenanceRecorder* provenance) {
  std::vector<capture::Board> boards;
  std::set<std::string> names;
  for (const std::string& path : input.boards) {
    for (capture::Board& board : ReadBoards(path)) {
      if (!names.insert(board.name).second) {
        throw InputError(
            fmt::format("{}: a second board of the name \"{}\"; give each board a name of its own",
                        path, board.name));
      }
      boards.push_back(std::move(board));
    }
    provenance->AddInput(path);
  }
  return boards;
}

std::vector<capture::CameraImages> OpenCameras(const BoardInput& input,
                                               ProvenanceRecorder* provenance) {
  std::vector<capture::CameraImages> cameras = OpenCameraImages(input.videos, provenance);
  std::vector<std::string> names;
  names.reserve(cameras.size());
  for (const capture::CameraImages& camera : cameras) names.push_back(camera.name);
  for (const std::string& name : input.mirrored) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw CLI::ValidationError("--mirrored", fmt::format("there is no camera \"{}\" (there are {})",
                                                         name, fmt::join(names, ", ")));
  }
  return cameras;
}

// The rig of a mirrored camera is only right for sightings that are mirrored back too: that must be
// wanted.
void RequireKnownMirrors(const BoardInput& input, const capture::BoardDetection& detection) {
  for (const capture::CameraBoards& camera : detection.cameras) {
    const auto& known = input.mirrored;
    if (!camera.mirrored || std::find(known.begin(), known.end(), camera.name) != known.end()) {
      continue;
    }
    throw NotComputed(fmt::format(
        "camera {} gives mirrored images (the board is only seen in them turned back); switch off "
        "its mirroring and record again, or say --mirrored {} to calibrate the images turned back "
        "(x counted from the right)",
        camera.name, camera.name));
  }
}

void RequireViews(const BoardInput& input, const capture::BoardDetection& detection) {
  if (!detection.observations.views.empty()) return;
  throw InputError(fmt::format(
      "no board of {} is seen in any image; check that the board file says what is printed (kind, "
      "rows, columns, dictionary){}",
      fmt::join(input.boards, ", "),
      detection.cameras.empty() || detection.cameras.front().warnings.empty()
          ? ""
          : ": " + detection.cameras.front().warnings.front()));
}

BoardRecording DetectInImages(const BoardInput& input, std::vector<capture::Board> boards,
                              CommandContext& context, ProvenanceRecorder* provenance) {
  const auto cameras = OpenCameras(input, provenance);
  const capture::FrameGrouping grouping = GroupImages(input.timing, cameras, provenance);
  for (const std::string& warning : grouping.warnings) context.Warn(warning);
  capture::BoardDetectionOptions options;
  options.min_points = input.min_points;
  options.mirrored_cameras = input.mirrored;
  BoardRecording recording{std::move(boards), {}};
  recording.detection =
      capture::DetectBoards(recording.boards, cameras, grouping, options, context.parallelism(),
                            context.Work("looking for boards", "images"));
  for (const capture::CameraBoards& camera : recording.detection.cameras) {
    for (const std::string& warning : camera.warnings) {
      context.Warn(fmt::format("camera {}: {}", camera.name, warning));
    }
  }
  return recording;
}

}  // namespace

void BoardInput::Validate() const {
  if (videos.empty() && sightings.empty()) {
    throw CLI::ValidationError("--video",
                               "say where the board was seen: --video CAM=FILE for each camera, or "
                               "--sightings TRIAL.h5");
  }
  if (!videos.empty() && !sightings.empty()) {
    throw CLI::ValidationError("--sightings", "--video and --sightings exclude each other");
  }
  const bool is_timed =
      timing.rate_hz > 0.0 || timing.tolerance > 0.0 || !timing.timestamps.empty();
  if (!sightings.empty() && (is_timed || !mirrored.empty())) {
    throw CLI::ValidationError("--sightings",
                               "the trial has its times and pixels already; leave out "
                               "--timestamps, --rate-hz, --sync-tolerance-s and --mirrored");
  }
  timing.Validate();
}

void AddBoardInputOptions(CLI::App& command, BoardInput* input) {
  command
      .add_option("--board", input->boards,
                  "What is printed: chessboard, ChArUco, AprilTag grid or asymmetric circles; "
                  "several files for several boards")
      ->required()
      ->option_text("BOARD.toml ...");
  command
      .add_option("--video", input->videos,
                  "For each camera its name and a video, or a folder of images in the order of "
                  "their names")
      ->option_text("CAM=PATH ...");
  command
      .add_option("--sightings", input->sightings,
                  "Take the board's points from this trial, as --save-sightings wrote it, in place "
                  "of videos")
      ->option_text("TRIAL.h5");
  command
      .add_option("--timestamps", input->timing.timestamps,
                  "When each image was taken: cam_id, frame_time (s) and optionally sync_index. "
                  "Images are grouped by it; without it image i of every camera is one instant")
      ->option_text("FILE.csv");
  command
      .add_option("--rate-hz", input->timing.rate_hz,
                  "Images a second where they are grouped by number; default: as the videos say")
      ->check(CLI::PositiveNumber)
      ->option_text("HZ");
  command
      .add_option("--sync-tolerance-s", input->timing.tolerance,
                  "Most seconds between images of one instant where the time stamps have no "
                  "sync_index; default: half an interval of the fastest camera")
      ->check(CLI::PositiveNumber)
      ->option_text("S");
  command
      .add_option("--mirrored", input->mirrored,
                  "Cameras whose images are mirrored; boards with markers are found out by "
                  "themselves, chessboards and circles are not")
      ->option_text("CAM ...");
  command
      .add_option("--min-points", input->min_points,
                  "Views with fewer points of a board are left out")
      ->check(CLI::Range(4, 100000))
      ->capture_default_str();
}

BoardRecording ReadBoardRecording(const BoardInput& input, CommandContext& context,
                                  ProvenanceRecorder* provenance) {
  input.Validate();
  std::vector<capture::Board> boards = ReadAllBoards(input, provenance);
  BoardRecording recording =
      input.sightings.empty()
          ? DetectInImages(input, std::move(boards), context, provenance)
          : ReadBoardSightings(input.sightings, std::move(boards), context, provenance);
  std::erase_if(recording.detection.observations.views, [&](const TargetView& view) {
    return static_cast<int>(view.xy.size()) < input.min_points;
  });
  RequireKnownMirrors(input, recording.detection);
  RequireViews(input, recording.detection);
  return recording;
}

}  // namespace medius::apps
