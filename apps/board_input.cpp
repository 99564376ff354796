#include "apps/board_input.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/board_sightings.hpp"
#include "apps/board_toml.hpp"
#include "capture/time_stamp_table.hpp"
#include "core/error.hpp"
#include "storage/input_file.hpp"

namespace medius::apps {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostStampBytes = 1ULL << 30;
// Rates of two videos that differ by more than this share are two rates.
constexpr double kSameRate = 0.01;

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
  std::vector<capture::CameraImages> cameras;
  std::set<std::string> names;
  for (const std::string& video : input.videos) {
    const auto [name, path] = SplitAssignment("--video", video);
    if (!names.insert(name).second) {
      throw CLI::ValidationError("--video", fmt::format("camera {} is named twice", name));
    }
    cameras.push_back({name, capture::OpenImages(path)});
    if (fs::is_regular_file(path)) provenance->AddInput(path);
  }
  return cameras;
}

std::vector<std::string> NamesOf(const std::vector<capture::CameraImages>& cameras) {
  std::vector<std::string> names;
  for (const capture::CameraImages& camera : cameras) names.push_back(camera.name);
  return names;
}

// The common rate of the videos.
double RateOf(const BoardInput& input, const std::vector<capture::CameraImages>& cameras) {
  if (input.rate_hz > 0.0) return input.rate_hz;
  double rate = 0.0;
  std::string first;
  for (const capture::CameraImages& camera : cameras) {
    const double own = camera.source->rate_hz();
    if (own <= 0.0) continue;
    if (rate == 0.0) {
      rate = own;
      first = camera.name;
    } else if (std::abs(own - rate) > kSameRate * rate) {
      throw InputError(fmt::format(
          "{}: {:.4g} images/s, camera {} has {:.4g}; images of one number are not of one instant "
          "then: give --timestamps, or --rate-hz where the videos' own rates are wrong",
          camera.source->name(), own, first, rate));
    }
  }
  // Folders do not say; without a clock only the order of the images counts.
  return rate > 0.0 ? rate : 1.0;
}

capture::FrameGrouping GroupImages(const BoardInput& input,
                                   const std::vector<capture::CameraImages>& cameras,
                                   ProvenanceRecorder* provenance) {
  if (input.timestamps.empty()) return capture::GroupByNumber(RateOf(input, cameras));
  const storage::InputFile file{fs::path(input.timestamps)};
  const auto stamps = capture::ParseTimeStamps(file.ReadAll(kMostStampBytes), input.timestamps);
  provenance->AddInput(input.timestamps);
  return capture::GroupByTimeStamps(NamesOf(cameras), stamps, input.tolerance, input.timestamps);
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
  const capture::FrameGrouping grouping = GroupImages(input, cameras, provenance);
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

std::pair<std::string, std::string> SplitAssignment(const std::string& option,
                                                    const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw CLI::ValidationError(option, fmt::format("\"{}\" is not of the form CAM=VALUE", text));
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

void BoardInput::Validate() const {
  if (videos.empty() && sightings.empty()) {
    throw CLI::ValidationError("--video",
                               "say where the board was seen: --video CAM=FILE for each camera, or "
                               "--sightings TRIAL.h5");
  }
  if (!videos.empty() && !sightings.empty()) {
    throw CLI::ValidationError("--sightings", "--video and --sightings exclude each other");
  }
  const bool is_timed = rate_hz > 0.0 || tolerance > 0.0 || !timestamps.empty();
  if (!sightings.empty() && (is_timed || !mirrored.empty())) {
    throw CLI::ValidationError("--sightings",
                               "the trial has its times and pixels already; leave out "
                               "--timestamps, --rate-hz, --sync-tolerance-s and --mirrored");
  }
  if (rate_hz > 0.0 && !timestamps.empty()) {
    throw CLI::ValidationError("--rate-hz", "is for images without --timestamps");
  }
  if (tolerance > 0.0 && timestamps.empty()) {
    throw CLI::ValidationError("--sync-tolerance-s", "needs --timestamps");
  }
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
      .add_option("--timestamps", input->timestamps,
                  "When each image was taken: cam_id, frame_time (s) and optionally sync_index. "
                  "Images are grouped by it; without it image i of every camera is one instant")
      ->option_text("FILE.csv");
  command
      .add_option("--rate-hz", input->rate_hz,
                  "Images a second where they are grouped by number; default: as the videos say")
      ->check(CLI::PositiveNumber)
      ->option_text("HZ");
  command
      .add_option("--sync-tolerance-s", input->tolerance,
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
