#include "apps/board_sightings.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

constexpr std::size_t kFramesPerBlock = 256;

// Views of each instant, the instants in order.
std::map<std::size_t, std::vector<const TargetView*>> ByFrame(
    const TargetObservations& observations) {
  std::map<std::size_t, std::vector<const TargetView*>> frames;
  for (const TargetView& view : observations.views) frames[view.frame].push_back(&view);
  return frames;
}

std::vector<std::string> LabelsOf(const TargetObservations& observations) {
  std::vector<std::string> labels;
  for (const CalibrationTarget& target : observations.targets) {
    for (std::size_t i = 0; i < target.points.size(); ++i) {
      labels.push_back(fmt::format("{}.{}", target.name, i));
    }
  }
  if (labels.size() > static_cast<std::size_t>(std::numeric_limits<std::int16_t>::max())) {
    throw InputError(fmt::format(
        "the boards have {} points together; a trial holds at most 32767 labels", labels.size()));
  }
  return labels;
}

// First label of each target.
std::vector<std::size_t> FirstLabels(const TargetObservations& observations) {
  std::vector<std::size_t> first = {0};
  for (const CalibrationTarget& target : observations.targets) {
    first.push_back(first.back() + target.points.size());
  }
  return first;
}

void AppendView(const TargetView& view, std::size_t first_label, CameraObservations* camera) {
  for (std::size_t i = 0; i < view.xy.size(); ++i) {
    camera->xy.emplace_back(view.xy[i].cast<float>());
    camera->sigma.push_back(view.sigma.empty() ? std::numeric_limits<float>::quiet_NaN()
                                               : view.sigma[i]);
    camera->label.push_back(static_cast<std::int16_t>(first_label + view.point[i]));
  }
}

// All sightings, a frame for each instant in which a board was seen.
ObservationBlock BlockOf(const TargetObservations& observations, TimeBase* time_base) {
  const auto frames = ByFrame(observations);
  const std::vector<std::size_t> first_label = FirstLabels(observations);
  ObservationBlock block;
  block.frames = {0, frames.size()};
  block.cameras.resize(observations.cameras.size());
  for (const auto& [frame, views] : frames) {
    for (CameraObservations& camera : block.cameras) {
      camera.time_stamp.push_back(std::numeric_limits<double>::quiet_NaN());
    }
    double sum = 0.0;
    for (const TargetView* view : views) {
      CameraObservations& camera = block.cameras[view->camera.index()];
      AppendView(*view, first_label[view->target], &camera);
      camera.time_stamp.back() = view->time;
      sum += view->time;
    }
    time_base->time.push_back(sum / static_cast<double>(views.size()));
    for (CameraObservations& camera : block.cameras) camera.frame_start.push_back(camera.xy.size());
  }
  if (frames.size() > 1) {
    time_base->rate_hz =
        static_cast<double>(frames.size() - 1) / (time_base->time.back() - time_base->time.front());
  }
  return block;
}

// Label -> (target, point).
using PointOfLabel = std::vector<std::optional<std::pair<std::size_t, std::uint32_t>>>;

PointOfLabel MatchLabels(const std::vector<std::string>& labels,
                         const std::vector<CalibrationTarget>& targets) {
  PointOfLabel points(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t dot = labels[i].rfind('.');
    if (dot == std::string::npos) continue;
    std::uint32_t point = 0;
    const char* end = labels[i].data() + labels[i].size();
    const auto parsed = std::from_chars(labels[i].data() + dot + 1, end, point);
    if (parsed.ec != std::errc() || parsed.ptr != end) continue;
    for (std::size_t t = 0; t < targets.size(); ++t) {
      if (labels[i].compare(0, dot, targets[t].name) == 0 && dot == targets[t].name.size() &&
          point < targets[t].points.size()) {
        points[i] = {t, point};
      }
    }
  }
  return points;
}

void RequireBoardLabels(const std::filesystem::path& path, const storage::TrialReader& trial,
                        const PointOfLabel& points, const std::vector<CalibrationTarget>& targets) {
  const auto matched = std::count_if(points.begin(), points.end(),
                                     [](const auto& point) { return point.has_value(); });
  if (matched == static_cast<std::ptrdiff_t>(points.size()) && matched > 0) return;
  std::vector<std::string> names;
  names.reserve(targets.size());
  for (const CalibrationTarget& target : targets) names.push_back(target.name);
  if (points.empty()) {
    throw InputError(fmt::format(
        "{}: has no labels; a trial of board sightings as --save-sightings writes it is expected",
        path.string()));
  }
  const auto unknown = static_cast<std::size_t>(
      std::find(points.begin(), points.end(), std::nullopt) - points.begin());
  throw InputError(fmt::format(
      "{}: label \"{}\" is no point of the boards given ({}); give the board files that the "
      "sightings were made with",
      path.string(), trial.labels()[unknown], fmt::join(names, ", ")));
}

// What one camera saw in one frame, a view a target.
void TakeFrame(const CameraObservations& seen, std::size_t row, const PointOfLabel& points,
               const TargetView& view, std::vector<TargetView>* views) {
  std::map<std::size_t, TargetView> by_target;
  for (std::uint64_t i = seen.frame_start[row]; i < seen.frame_start[row + 1]; ++i) {
    if (seen.label.empty() || seen.label[i] < 0) continue;
    const auto& point = points[static_cast<std::size_t>(seen.label[i])];
    TargetView& own = by_target[point->first];
    own.point.push_back(point->second);
    own.xy.emplace_back(seen.xy[i].cast<double>());
    if (!seen.sigma.empty() && std::isfinite(seen.sigma[i])) own.sigma.push_back(seen.sigma[i]);
  }
  for (auto& [target, own] : by_target) {
    own.camera = view.camera;
    own.frame = view.frame;
    own.time = view.time;
    own.target = target;
    if (own.sigma.size() != own.xy.size()) own.sigma.clear();
    views->push_back(std::move(own));
  }
}

void CountViews(capture::BoardDetection* detection) {
  for (std::size_t c = 0; c < detection->cameras.size(); ++c) {
    capture::CameraBoards& camera = detection->cameras[c];
    camera.images = detection->frames;
    camera.median_sigma = std::numeric_limits<double>::quiet_NaN();
    for (const TargetView& view : detection->observations.views) {
      if (view.camera.index() != c) continue;
      ++camera.views;
      camera.points += view.xy.size();
    }
  }
}

void ReadViews(const storage::TrialReader& trial, const PointOfLabel& points,
               const std::vector<std::string>& cameras, CommandContext& context,
               TargetObservations* observations) {
  const WorkControl control = context.Work("reading sightings", "frames");
  const std::size_t frames = trial.time_base().frame_count();
  for (const FrameRange& range : SplitFrames(frames, kFramesPerBlock)) {
    control.Report(range.first, frames);
    const ObservationBlock block = trial.ReadObservations(range, cameras);
    for (std::size_t c = 0; c < cameras.size(); ++c) {
      for (std::size_t row = 0; row < range.count; ++row) {
        TargetView view;
        view.camera = CameraId(c);
        view.frame = range.first + row;
        view.time = trial.time_base().time[view.frame];
        const auto& stamps = block.cameras[c].time_stamp;
        if (!stamps.empty() && std::isfinite(stamps[row])) view.time = stamps[row];
        TakeFrame(block.cameras[c], row, points, view, &observations->views);
      }
    }
  }
}

}  // namespace

void SaveBoardSightings(const std::filesystem::path& path, const TargetObservations& observations,
                        const TrialHeader& header, const StageProvenance& provenance,
                        Parallelism parallelism) {
  TimeBase time_base;
  const ObservationBlock block = BlockOf(observations, &time_base);
  std::vector<std::string> cameras;
  std::vector<std::optional<ImageSize>> sizes;
  for (const UncalibratedCamera& camera : observations.cameras) {
    cameras.push_back(camera.name);
    sizes.emplace_back(ImageSize{camera.width, camera.height});
  }
  storage::TrialWriter writer(path, parallelism);
  writer.WriteHeader(header);
  writer.WriteTimeBase(time_base);
  writer.WriteLabels(LabelsOf(observations));
  storage::TrialWriter::ObservationColumns columns;
  columns.sigma = true;
  columns.label = true;
  columns.time_stamp = true;
  writer.BeginObservations(cameras, columns, sizes);
  writer.AppendObservations(block);
  writer.WriteProvenance(provenance);
  writer.Commit();
}

BoardRecording ReadBoardSightings(const std::filesystem::path& path,
                                  std::vector<capture::Board> boards, CommandContext& context,
                                  ProvenanceRecorder* provenance) {
  const storage::TrialReader trial(path, context.parallelism());
  provenance->AddInput(path);
  BoardRecording recording{std::move(boards), {}};
  TargetObservations& observations = recording.detection.observations;
  for (const capture::Board& board : recording.boards) {
    observations.targets.push_back(capture::MakeTarget(board));
  }
  const PointOfLabel points = MatchLabels(trial.labels(), observations.targets);
  RequireBoardLabels(path, trial, points, observations.targets);
  for (std::size_t c = 0; c < trial.observation_cameras().size(); ++c) {
    const std::string& name = trial.observation_cameras()[c];
    const std::optional<ImageSize>& size = trial.image_sizes()[c];
    if (!size) {
      throw InputError(fmt::format(
          "{}: does not say how large the images of camera {} are; detect the boards again",
          path.string(), name));
    }
    observations.cameras.push_back({name, size->width, size->height});
    capture::CameraBoards camera;
    camera.name = name;
    camera.width = size->width;
    camera.height = size->height;
    recording.detection.cameras.push_back(camera);
  }
  recording.detection.frames = trial.time_base().frame_count();
  ReadViews(trial, points, trial.observation_cameras(), context, &observations);
  CountViews(&recording.detection);
  return recording;
}

}  // namespace medius::apps
