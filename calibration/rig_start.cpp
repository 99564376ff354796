#include "calibration/rig_start.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "calibration/degeneracy.hpp"
#include "calibration/implausible.hpp"
#include "calibration/intrinsics_start.hpp"
#include "calibration/view_graph.hpp"
#include "calibration/wand_joint.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kFewestPointsOfPlane = 6;
constexpr std::size_t kViewGrain = 8;
// A pair links two cameras where this share of what both saw agrees.
constexpr double kLeastLinkShare = 0.15;
constexpr double kLeastLinkWeight = 1.3;

void CheckFlat(const TargetObservations& observations) {
  for (const CalibrationTarget& target : observations.targets) {
    if (target.is_wand) continue;
    double size = 0.0;
    double height = 0.0;
    for (const Eigen::Vector3d& point : target.points) {
      size = std::max(size, point.head<2>().norm());
      height = std::max(height, std::abs(point.z()));
    }
    if (height > 0.01 * size) {
      throw InputError(fmt::format(
          "target {}: points up to {:.3g} m off its plane z = 0; calibration from boards needs "
          "flat targets (for a wand, calibrate from a wand)",
          target.name, height));
    }
  }
}

// Groups numbered by their first camera.
void AssignGroups(const CalibrationOptions& options, std::size_t cameras, RigState* state) {
  std::map<std::size_t, std::size_t> number;
  for (std::size_t c = 0; c < cameras; ++c) {
    const std::size_t name = options.intrinsics_group.empty() ? c : options.intrinsics_group[c];
    const auto [found, is_new] = number.emplace(name, number.size());
    state->group.push_back(found->second);
    if (!is_new) continue;
    state->kind.push_back(options.model_of_camera.empty() ? options.model
                                                          : options.model_of_camera[c]);
    state->intrinsics.push_back({});
  }
}

void TakeInitial(const std::vector<UncalibratedCamera>& cameras, const CameraRig& initial,
                 RigState* state) {
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    const Camera& known = initial[*initial.Find(cameras[c].name)];
    Intrinsics& intrinsics = state->intrinsics[state->group[c]];
    intrinsics.fill(0.0);
    std::copy(known.model.intrinsics().begin(), known.model.intrinsics().end(), intrinsics.begin());
    state->camera_from_lab[c] = known.camera_from_lab;
  }
}

std::vector<std::size_t> CountPlaneViews(const TargetObservations& observations) {
  std::vector<std::size_t> count(observations.cameras.size(), 0);
  for (const TargetView& view : observations.views) {
    if (observations.targets[view.target].is_wand) continue;
    if (view.xy.size() >= kFewestPointsOfPlane) ++count[view.camera.index()];
  }
  return count;
}

std::vector<IntrinsicsStart> StartAllIntrinsics(const TargetObservations& observations,
                                                const CalibrationOptions& options,
                                                const WorkControl& control, RigStart* start) {
  const RigState& state = start->state;
  std::vector<std::vector<std::span<const Sighting>>> views(state.kind.size());
  for (const BundleView& view : start->data.views) {
    views[state.group[view.camera]].push_back(start->data.SightingsOf(view));
  }
  std::vector<IntrinsicsStart> starts(state.kind.size());
  ParallelFor(options.parallelism, starts.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t g = begin; g < end; ++g) {
      const auto camera = static_cast<std::size_t>(
          std::find(state.group.begin(), state.group.end(), g) - state.group.begin());
      std::optional<double> guess;
      const bool has_guess = !options.focal_guess.empty() && options.focal_guess[camera] > 0.0;
      if (has_guess) guess = options.focal_guess[camera];
      const UncalibratedCamera& image = observations.cameras[camera];
      starts[g] =
          StartIntrinsics(state.kind[g], image.width, image.height, views[g], guess, control);
    }
  });
  for (std::size_t g = 0; g < starts.size(); ++g) {
    start->state.intrinsics[g] = starts[g].intrinsics;
  }
  return starts;
}

void FindCandidates(Parallelism parallelism, RigStart* start) {
  const RigState& state = start->state;
  start->candidates.resize(start->data.views.size());
  ParallelFor(
      parallelism, start->data.views.size(), kViewGrain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t v = begin; v < end; ++v) {
          const BundleView& view = start->data.views[v];
          const std::size_t group = state.group[view.camera];
          start->candidates[v] = PlanarPoseCandidates(
              state.kind[group], state.intrinsics[group].data(), start->data.SightingsOf(view));
        }
      });
}

void MeasureTilts(RigStart* start) {
  start->largest_tilt.assign(start->state.group.size(), 0.0);
  for (std::size_t v = 0; v < start->data.views.size(); ++v) {
    if (start->candidates[v].empty()) continue;
    const Eigen::Matrix3d& R = start->candidates[v].front().camera_from_target.rotation;
    double& largest = start->largest_tilt[start->data.views[v].camera];
    largest = std::max(largest, std::acos(std::min(1.0, std::abs(R(2, 2)))));
  }
}

// The pairs whose votes are more than chance. More than one target must vote: each votes for
// itself, and the two places that a plane can have cannot be told apart by one. Where the places
// are known, one target is enough.
std::vector<CameraPair> Links(const std::vector<CameraPair>& votes, bool are_places_known) {
  std::vector<CameraPair> links = votes;
  const double least = are_places_known ? 0.0 : kLeastLinkWeight;
  std::erase_if(links, [&](const CameraPair& pair) {
    return pair.weight < std::max(least, kLeastLinkShare * static_cast<double>(pair.common));
  });
  return links;
}

bool StartPlaces(const TargetObservations& observations, const CalibrationOptions& options,
                 RigStart* start) {
  const std::size_t cameras = observations.cameras.size();
  if (options.initial && options.hold_places) return true;
  const auto votes = VoteOnPairs(start->data, cameras, start->candidates, options.parallelism);
  const auto links = Links(votes, options.initial.has_value());
  if (auto found = FindDisconnectedCameras(observations, start->data, votes, links)) {
    start->degeneracy = *found;
    return false;
  }
  if (options.initial) return true;  // its places are better than the votes
  start->state.camera_from_lab = AveragePlaces(links, cameras, options.reference_camera.index());
  return true;
}

// Keeps only the poses that have a start.
void DropLostPoses(const TargetObservations& observations, const TargetStart& targets,
                   RigStart* start) {
  std::vector<std::uint8_t> use_view(observations.views.size(), 0);
  std::vector<std::vector<PoseCandidate>> candidates;
  start->state.lab_from_target.clear();
  for (std::size_t p = 0; p < start->data.poses.size(); ++p) {
    if (targets.valid[p] == 0) continue;
    start->state.lab_from_target.push_back(targets.lab_from_target[p]);
    const BundlePose& pose = start->data.poses[p];
    for (std::size_t v = pose.view_begin; v < pose.view_end; ++v) {
      use_view[start->data.views[v].source] = 1;
      candidates.push_back(std::move(start->candidates[v]));
    }
  }
  start->candidates = std::move(candidates);
  start->data = MakeBundleData(observations, use_view);
}

}  // namespace

RigState EmptyState(const std::vector<UncalibratedCamera>& cameras,
                    const CalibrationOptions& options) {
  RigState state;
  AssignGroups(options, cameras.size(), &state);
  state.camera_from_lab.resize(cameras.size());
  if (options.initial) TakeInitial(cameras, *options.initial, &state);
  return state;
}

HeldParameters HeldBy(const CalibrationOptions& options, const RigState& state) {
  HeldParameters held;
  for (std::size_t g = 0; g < state.kind.size(); ++g) {
    std::vector<int> indices = options.held_intrinsics;
    if (options.hold_intrinsics) {
      indices.resize(static_cast<std::size_t>(IntrinsicCountOf(state, g)));
      std::iota(indices.begin(), indices.end(), 0);
    }
    std::sort(indices.begin(), indices.end());
    indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    held.intrinsics.push_back(indices);
  }
  held.pose.assign(state.group.size(), options.hold_places ? 1 : 0);
  held.pose[options.reference_camera.index()] = 1;
  return held;
}

namespace {

bool StartCameras(const TargetObservations& observations, const CalibrationOptions& options,
                  const WorkControl& control, RigStart* start) {
  const std::vector<std::size_t> plane_views = CountPlaneViews(observations);
  std::vector<IntrinsicsStart> starts(start->state.kind.size());
  if (!options.initial) starts = StartAllIntrinsics(observations, options, control, start);
  for (const std::size_t group : start->state.group) {
    start->error_alone.push_back(starts[group].median_error_px);
  }
  for (std::size_t c = 0; c < observations.cameras.size(); ++c) {
    const bool shares =
        std::count(start->state.group.begin(), start->state.group.end(), start->state.group[c]) > 1;
    const auto found =
        FindCameraDegeneracy(observations, CameraId(c), plane_views[c],
                             starts[start->state.group[c]], options.initial.has_value() || shares);
    if (!found) continue;
    start->degeneracy = *found;
    return false;
  }
  return true;
}

}  // namespace

RigStart StartRig(const TargetObservations& observations, const CalibrationOptions& options,
                  const WorkControl& control) {
  if (HasOnlyWands(observations)) return StartLabelledWand(observations, options, control);
  CheckFlat(observations);
  RigStart start;
  std::vector<std::uint8_t> use_view;
  bool has_wand = false;
  for (const TargetView& view : observations.views) {
    const bool is_wand = observations.targets[view.target].is_wand;
    has_wand = has_wand || is_wand;
    use_view.push_back(view.xy.empty() || is_wand ? 0 : 1);
  }
  start.data = MakeBundleData(observations, use_view);
  start.state = EmptyState(observations.cameras, options);
  start.status = CalibrationStatus::kDegenerate;
  if (auto found = FindSightingsOutside(observations)) {
    start.degeneracy = *found;
    return start;
  }
  if (!StartCameras(observations, options, control, &start)) return start;
  FindCandidates(options.parallelism, &start);
  MeasureTilts(&start);
  control.ThrowIfCancelled();
  if (auto found = FindMirroredCameras(observations, start.data, start.candidates)) {
    start.degeneracy = *found;
    return start;
  }
  if (!StartPlaces(observations, options, &start)) return start;
  control.ThrowIfCancelled();
  const TargetStart targets =
      StartTargets(start.data, start.state, start.candidates, options.parallelism);
  DropLostPoses(observations, targets, &start);
  if (has_wand) AddWandPoses(observations, options.parallelism, &start);
  start.held = HeldBy(options, start.state);
  for (std::size_t t = 0; options.estimate_bend && t < observations.targets.size(); ++t) {
    start.state.shape.push_back(ShapeOf(observations.targets[t]));
    start.state.bend.emplace_back(Eigen::Vector2d::Zero());
  }
  if (start.data.poses.empty()) {
    start.degeneracy = DescribeLostBoards();
    return start;
  }
  start.status = CalibrationStatus::kConverged;
  return start;
}

}  // namespace medius::calibration
