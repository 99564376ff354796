#include "calibration/wand_joint.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "calibration/wand_dots.hpp"
#include "calibration/wand_match.hpp"
#include "calibration/wand_start.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kFrameGrain = 16;
// Labelled sightings are looked for this far from where a marker is expected, of the image's width:
// what is wrong among them is for the outlier rule to say.
constexpr double kGateShare = 0.02;

using PoseKey = std::pair<std::size_t, std::size_t>;  // frame, target

DotObservations DotsOf(const TargetObservations& observations, std::size_t target) {
  DotObservations dots{observations.cameras, {}};
  for (const TargetView& view : observations.views) {
    if (view.target != target || view.xy.empty()) continue;
    DotView of_view{view.camera, view.frame, view.time, view.xy, view.sigma, {}};
    of_view.marker.assign(view.point.begin(), view.point.end());
    dots.views.push_back(std::move(of_view));
  }
  return dots;
}

PlacedCameras CamerasOf(const RigState& state) {
  PlacedCameras cameras;
  for (std::size_t c = 0; c < state.group.size(); ++c) {
    const std::size_t group = state.group[c];
    cameras.emplace_back(
        PlacedCamera(state.kind[group], state.intrinsics[group], state.camera_from_lab[c]));
  }
  return cameras;
}

void PlaceWand(const TargetObservations& observations, std::size_t target, Parallelism parallelism,
               const RigState& state, std::map<PoseKey, RigidTransform>* poses) {
  const WandShape shape = MakeWandShape(observations.targets[target]);
  const DotObservations dots = DotsOf(observations, target);
  const std::vector<DotFrame> frames = GroupFrames(dots);
  const PlacedCameras cameras = CamerasOf(state);
  double gate = 0.0;
  for (const UncalibratedCamera& camera : dots.cameras) {
    gate = std::max(gate, kGateShare * camera.width);
  }
  std::vector<std::vector<Labelling>> labellings(dots.views.size());
  std::vector<std::optional<WandMatch>> matches(frames.size());
  ParallelFor(parallelism, frames.size(), kFrameGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t f = begin; f < end; ++f) {
      for (const std::size_t v : frames[f].views) {
        labellings[v] = LabellingsOf(shape, dots.views[v]);
      }
      matches[f] = MatchWand(shape, dots, labellings, frames[f], cameras, gate);
    }
  });
  for (std::size_t f = 0; f < frames.size(); ++f) {
    if (matches[f]) poses->emplace(PoseKey{frames[f].frame, target}, matches[f]->lab_from_wand);
  }
}

}  // namespace

bool HasOnlyWands(const TargetObservations& observations) {
  return !observations.targets.empty() &&
         std::all_of(observations.targets.begin(), observations.targets.end(),
                     [](const CalibrationTarget& target) { return target.is_wand; });
}

void AddWandPoses(const TargetObservations& observations, Parallelism parallelism,
                  RigStart* start) {
  std::map<PoseKey, RigidTransform> poses;
  std::map<std::size_t, std::vector<PoseCandidate>> candidates;  // by view of the observations
  std::vector<std::uint8_t> use_view(observations.views.size(), 0);
  for (std::size_t p = 0; p < start->data.poses.size(); ++p) {
    const BundlePose& pose = start->data.poses[p];
    poses.emplace(PoseKey{pose.frame, pose.target}, start->state.lab_from_target[p]);
    for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
      use_view[start->data.views[v].source] = 1;
      candidates[start->data.views[v].source] = std::move(start->candidates[v]);
    }
  }
  for (std::size_t t = 0; t < observations.targets.size(); ++t) {
    if (observations.targets[t].is_wand) {
      PlaceWand(observations, t, parallelism, start->state, &poses);
    }
  }
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    const TargetView& view = observations.views[v];
    if (!observations.targets[view.target].is_wand || view.xy.empty()) continue;
    if (poses.count({view.frame, view.target}) == 0) continue;
    use_view[v] = 1;
    candidates[v].resize(1);  // there is no doubt which way a wand stands
  }
  start->data = MakeBundleData(observations, use_view);
  start->state.lab_from_target.clear();
  start->candidates.clear();
  for (const BundlePose& pose : start->data.poses) {
    start->state.lab_from_target.push_back(poses.at({pose.frame, pose.target}));
  }
  for (const BundleView& view : start->data.views) {
    start->candidates.push_back(std::move(candidates[view.source]));
  }
}

RigStart StartLabelledWand(const TargetObservations& observations,
                           const CalibrationOptions& options, const WorkControl& control) {
  WandStart wand = StartWand(DotsOf(observations, 0), observations.targets[0], options, control);
  if (wand.rig.status != CalibrationStatus::kConverged) return std::move(wand.rig);
  RigStart start = std::move(wand.rig);
  start.data = {};
  start.candidates.clear();
  start.state.lab_from_target.clear();
  AddWandPoses(observations, options.parallelism, &start);
  return start;
}

}  // namespace medius::calibration
