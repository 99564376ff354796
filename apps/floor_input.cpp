#include "apps/floor_input.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/board_toml.hpp"
#include "calibration/floor.hpp"
#include "calibration/median.hpp"
#include "capture/board_detector.hpp"
#include "core/error.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using calibration::StaticPoint;
using calibration::StaticPointOptions;

std::vector<std::string> NamesOf(const CameraRig& rig) {
  std::vector<std::string> names;
  for (const Camera& camera : rig.cameras) names.push_back(camera.name);
  return names;
}

std::size_t FrameNumber(const std::string& text, const std::string& all) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && !text.empty()) return value;
  throw CLI::ValidationError("--frames", fmt::format("\"{}\" is not FIRST:LAST, as 100:250", all));
}

ObservationBlock ReadSightings(const storage::TrialReader& trial, const CameraRig& rig,
                               FrameRange frames, CommandContext& context) {
  const std::vector<std::string>& has = trial.observation_cameras();
  std::vector<std::string> read;
  std::vector<std::string> lacking;
  for (const std::string& name : NamesOf(rig)) {
    const bool there = std::find(has.begin(), has.end(), name) != has.end();
    (there ? read : lacking).push_back(name);
  }
  if (read.size() < 2) {
    throw InputError(fmt::format(
        "{}: saw {} of the rig's cameras, two at least are needed (the trial has {}; the rig has "
        "{}); take the rig of this recording",
        trial.path().string(), read.size(), fmt::join(has, ", "), fmt::join(NamesOf(rig), ", ")));
  }
  if (!lacking.empty()) {
    context.Warn(fmt::format("{}: has nothing of camera {}; the floor rests on the others",
                             trial.path().string(), fmt::join(lacking, ", ")));
  }
  ObservationBlock some = trial.ReadObservations(frames, read);
  ObservationBlock block;
  block.frames = some.frames;
  std::size_t next = 0;
  for (const Camera& camera : rig.cameras) {
    if (next < read.size() && read[next] == camera.name) {
      block.cameras.push_back(std::move(some.cameras[next++]));
      continue;
    }
    block.cameras.emplace_back();
    block.cameras.back().frame_start.assign(frames.count + 1, 0);
  }
  return block;
}

FrameRange AtMost(FrameRange frames, std::size_t most, const std::string& path,
                  CommandContext& context) {
  if (frames.count <= most) return frames;
  context.Warn(fmt::format("{}: of {} frames the first {} are used; name others with --frames",
                           path, frames.count, most));
  return {frames.first, most};
}

// A marker at rest by its reconstructed positions.
StaticPoint PointOfTrajectory(const TrajectoryBlock& block, MarkerId marker,
                              const calibration::FloorOptions& options) {
  std::vector<Eigen::Vector3d> places;
  for (std::size_t frame = 0; frame < block.frames().count; ++frame) {
    if (block.IsPresent(frame, marker)) places.push_back(block.Position(frame, marker));
  }
  StaticPoint point;
  if (places.empty()) return point;
  point.x_in_lab = calibration::MedianOfVectors(places);
  point.frames = places.size();
  double sum = 0.0;
  for (const Eigen::Vector3d& place : places) sum += (place - point.x_in_lab).squaredNorm();
  point.spread = std::sqrt(sum / static_cast<double>(places.size()));
  // Scatter over time in the unit of pixels of the least sigma, in which the floor counts.
  const double sd = point.spread / std::sqrt(3.0) / options.least_sigma_px;
  point.covariance = sd * sd * Eigen::Matrix3d::Identity();
  return point;
}

std::int16_t LabelIndex(const storage::TrialReader& trial, const std::string& label) {
  const std::vector<std::string>& labels = trial.labels();
  const auto found = std::find(labels.begin(), labels.end(), label);
  if (found != labels.end()) return static_cast<std::int16_t>(found - labels.begin());
  throw InputError(fmt::format("{}: has no marker {} (it has {})", trial.path().string(), label,
                               fmt::join(labels, ", ")));
}

bool HasLabelledSightings(const ObservationBlock& block) {
  for (const CameraObservations& camera : block.cameras) {
    for (const std::int16_t label : camera.label) {
      if (label != kUnlabelled) return true;
    }
  }
  return false;
}

std::vector<capture::CameraImages> OpenVideos(const std::vector<std::string>& videos,
                                              const CameraRig& rig,
                                              ProvenanceRecorder* provenance) {
  for (const std::string& video : videos) {
    const std::string name = SplitAssignment("--video", video).first;
    if (rig.Find(name)) continue;
    throw CLI::ValidationError("--video", fmt::format("{}: the rig has no camera {} (it has {})",
                                                      video, name, fmt::join(NamesOf(rig), ", ")));
  }
  return OpenCameraImages(videos, provenance);
}

// Views numbered by the cameras of the rig, which must have images of the same size.
TargetObservations InOrderOf(const CameraRig& rig, const TargetObservations& found) {
  TargetObservations ordered;
  for (const Camera& camera : rig.cameras) {
    ordered.cameras.push_back({camera.name, camera.width, camera.height});
  }
  ordered.targets = found.targets;
  std::vector<CameraId> in_rig;
  for (const UncalibratedCamera& camera : found.cameras) {
    in_rig.push_back(*rig.Find(camera.name));
    const Camera& calibrated = rig[in_rig.back()];
    if (camera.width == calibrated.width && camera.height == calibrated.height) continue;
    throw InputError(
        fmt::format("camera {}: images of {} x {} px, but it was calibrated with {} x {} px; take "
                    "a video of the "
                    "same size",
                    camera.name, camera.width, camera.height, calibrated.width, calibrated.height));
  }
  for (TargetView view : found.views) {
    view.camera = in_rig[view.camera.index()];
    ordered.views.push_back(std::move(view));
  }
  return ordered;
}

}  // namespace

FrameRange ChosenFrames::In(std::size_t frame_count, const std::string& where) const {
  const std::size_t end = last && *last < frame_count ? *last + 1 : frame_count;
  if (first < end) return {first, end - first};
  throw InputError(fmt::format("{}: has frames 0 to {}, none of --frames {}:{}", where,
                               frame_count == 0 ? 0 : frame_count - 1, first,
                               last ? std::to_string(*last) : ""));
}

ChosenFrames ParseFrames(const std::string& text) {
  ChosenFrames frames;
  if (text.empty()) return frames;
  const std::size_t colon = text.find(':');
  const std::string first = text.substr(0, colon);
  if (!first.empty()) frames.first = FrameNumber(first, text);
  if (colon == std::string::npos) {
    frames.last = frames.first;
  } else if (colon + 1 < text.size()) {
    frames.last = FrameNumber(text.substr(colon + 1), text);
  }
  if (frames.last && *frames.last < frames.first) {
    throw CLI::ValidationError("--frames", fmt::format("\"{}\" ends before it begins", text));
  }
  return frames;
}

FloorTrial ReadFloorTrial(const std::string& path, const CameraRig& rig, const ChosenFrames& frames,
                          std::size_t most, CommandContext& context) {
  const storage::TrialReader trial(path, context.parallelism());
  if (!trial.Has(storage::TrialPart::kObservations)) {
    throw InputError(
        fmt::format("{}: has no /observations; a floor is found in what cameras saw", path));
  }
  const FrameRange range =
      AtMost(frames.In(trial.time_base().frame_count(), path), most, path, context);
  FloorTrial read;
  read.block = ReadSightings(trial, rig, range, context);
  const auto begin = trial.time_base().time.begin() + static_cast<std::ptrdiff_t>(range.first);
  read.time.assign(begin, begin + static_cast<std::ptrdiff_t>(range.count));
  read.labels = trial.labels();
  return read;
}

std::vector<StaticPoint> ReadLabelledPoints(const std::string& path, const CameraRig& rig,
                                            const std::vector<std::string>& labels,
                                            const ChosenFrames& frames,
                                            const StaticPointOptions& options,
                                            CommandContext& context) {
  constexpr std::size_t kMostFrames = 20'000;
  const storage::TrialReader trial(path, context.parallelism());
  const FrameRange range =
      AtMost(frames.In(trial.time_base().frame_count(), path), kMostFrames, path, context);
  std::vector<std::int16_t> index;
  for (const std::string& label : labels) index.push_back(LabelIndex(trial, label));
  std::vector<StaticPoint> points;
  if (trial.Has(storage::TrialPart::kObservations)) {
    const ObservationBlock block = ReadSightings(trial, rig, range, context);
    if (HasLabelledSightings(block)) {
      for (const std::int16_t label : index) {
        points.push_back(calibration::FindStaticPoint(rig, block, label, options));
      }
      return points;
    }
  }
  if (!trial.Has(storage::TrialPart::kTrajectories)) {
    throw InputError(fmt::format(
        "{}: has neither labelled sightings nor trajectories; points cannot be named", path));
  }
  context.Warn(fmt::format(
      "{}: points are taken from its trajectories, which must be in the frame of this rig", path));
  const TrajectoryBlock block = trial.ReadTrajectories(range);
  for (const std::int16_t label : index) {
    points.push_back(PointOfTrajectory(block, MarkerId(static_cast<std::size_t>(label)), {}));
  }
  return points;
}

TargetObservations DetectFloorBoard(const std::string& board,
                                    const std::vector<std::string>& videos,
                                    const ImageTiming& timing, const CameraRig& rig,
                                    CommandContext& context, ProvenanceRecorder* provenance) {
  std::vector<capture::Board> boards = ReadBoards(board);
  if (boards.size() > 1) {
    context.Warn(fmt::format("{}: has {} boards; the first, {}, is looked for", board,
                             boards.size(), boards.front().name));
    boards.erase(boards.begin() + 1, boards.end());
  }
  if (capture::HasHalfTurnAmbiguity(boards.front())) {
    context.Warn(
        fmt::format("{} looks the same after a half turn: X may point backwards; look at "
                    "the places of the cameras, and give --turn-deg 180 if it does",
                    boards.front().name));
  }
  provenance->AddInput(board);
  const std::vector<capture::CameraImages> cameras = OpenVideos(videos, rig, provenance);
  const capture::FrameGrouping grouping = GroupImages(timing, cameras, provenance);
  for (const std::string& warning : grouping.warnings) context.Warn(warning);
  const capture::BoardDetection detection =
      DetectBoards(boards, cameras, grouping, {}, context.parallelism(),
                   context.Work("looking for the board", "images"));
  for (const capture::CameraBoards& camera : detection.cameras) {
    for (const std::string& warning : camera.warnings) context.Warn(warning);
  }
  return InOrderOf(rig, detection.observations);
}

}  // namespace medius::apps
