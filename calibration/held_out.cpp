#include "calibration/held_out.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "calibration/bundle.hpp"
#include "calibration/options.hpp"
#include "calibration/planar_pose.hpp"
#include "calibration/target_pose.hpp"
#include "calibration/view_graph.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

constexpr std::size_t kGrain = 8;
// A scale of the loss that no residual reaches: plain least squares.
constexpr double kNoLoss = 1e6;
constexpr int kIterations = 20;

RigState StateOf(const CameraRig& rig, const TargetObservations& observations) {
  if (rig.cameras.size() != observations.cameras.size()) {
    throw InputError(
        fmt::format("held-out score: a rig of {} cameras and views of {}; take the "
                    "rig of these cameras",
                    rig.cameras.size(), observations.cameras.size()));
  }
  RigState state;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const Camera& camera = rig.cameras[c];
    if (camera.name != observations.cameras[c].name) {
      throw InputError(
          fmt::format("held-out score: camera {} of the rig is {}, of the views {}; "
                      "take the rig of these cameras, in their order",
                      c + 1, camera.name, observations.cameras[c].name));
    }
    Intrinsics intrinsics{};
    std::copy(camera.model.intrinsics().begin(), camera.model.intrinsics().end(),
              intrinsics.begin());
    state.kind.push_back(camera.model.kind());
    state.intrinsics.push_back(intrinsics);
    state.group.push_back(c);
    state.camera_from_lab.push_back(camera.camera_from_lab);
  }
  return state;
}

std::vector<std::vector<PoseCandidate>> CandidatesOf(const BundleData& data, const RigState& state,
                                                     Parallelism parallelism) {
  std::vector<std::vector<PoseCandidate>> candidates(data.views.size());
  ParallelFor(parallelism, data.views.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t v = begin; v < end; ++v) {
      const std::size_t camera = data.views[v].camera;
      candidates[v] = PlanarPoseCandidates(state.kind[camera], state.intrinsics[camera].data(),
                                           data.SightingsOf(data.views[v]));
    }
  });
  return candidates;
}

void RefinePoses(const BundleData& data, RigState* state, TargetStart* start,
                 Parallelism parallelism) {
  ParallelFor(parallelism, data.poses.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      if (start->valid[p] == 0) continue;
      std::vector<PoseView> views;
      for (std::size_t v = data.poses[p].view_begin; v < data.poses[p].view_end; ++v) {
        const std::size_t camera = data.views[v].camera;
        views.push_back({state->kind[camera], state->intrinsics[camera].data(),
                         state->camera_from_lab[camera], data.SightingsOf(data.views[v])});
      }
      RefineTargetPose(views, kNoLoss, kIterations, &start->lab_from_target[p]);
    }
  });
  state->lab_from_target = start->lab_from_target;
}

void Measure(const BundleData& data, const RigState& state, const TargetStart& start,
             HeldOutScore* score) {
  for (const BundleView& view : data.views) {
    if (start.valid[view.pose] == 0) continue;
    for (std::size_t i = view.begin; i < view.end; ++i) {
      score->residuals[view.source][i - view.begin] = ResidualOf(state, view, data.sightings[i]);
    }
  }
  for (std::size_t p = 0; p < data.poses.size(); ++p) {
    if (start.valid[p] == 0) continue;
    const BundlePose& pose = data.poses[p];
    score->target_poses.push_back(
        {pose.frame, pose.target, start.lab_from_target[p], pose.view_end - pose.view_begin});
  }
  score->poses = score->target_poses.size();
  score->parameters = 6.0 * static_cast<double>(score->poses);
}

}  // namespace

double HeldOutScore::CorrectedRms() const {
  const double count = 2.0 * static_cast<double>(sightings);
  return rms * std::sqrt(count / std::max(1.0, count - parameters));
}

void SummarizeResiduals(const TargetObservations& observations, HeldOutScore* score) {
  std::vector<double> sum(observations.cameras.size(), 0.0);
  std::vector<double> count(observations.cameras.size(), 0.0);
  std::vector<double> lengths;
  score->lost_views = 0;
  for (std::size_t v = 0; v < observations.views.size(); ++v) {
    const std::size_t camera = observations.views[v].camera.index();
    bool is_lost = false;
    for (const Eigen::Vector2d& residual : score->residuals[v]) {
      is_lost = is_lost || !residual.allFinite();
      if (!residual.allFinite()) continue;
      sum[camera] += residual.squaredNorm();
      count[camera] += 1.0;
      lengths.push_back(residual.norm());
    }
    score->lost_views += is_lost ? 1 : 0;
  }
  double total = 0.0;
  score->rms_of_camera.clear();
  for (std::size_t c = 0; c < sum.size(); ++c) {
    score->rms_of_camera.push_back(std::sqrt(0.5 * sum[c] / count[c]));
    total += sum[c];
  }
  score->sightings = lengths.size();
  score->rms = std::sqrt(0.5 * total / static_cast<double>(lengths.size()));
  score->median = std::numeric_limits<double>::quiet_NaN();
  if (lengths.empty()) return;
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  score->median = *middle;
}

HeldOutScore ScoreHeldOut(const CameraRig& rig, const TargetObservations& observations,
                          Parallelism parallelism) {
  ValidateObservations(observations);
  RigState state = StateOf(rig, observations);
  std::vector<std::uint8_t> use_view;
  HeldOutScore score;
  for (const TargetView& view : observations.views) {
    use_view.push_back(view.xy.empty() ? 0 : 1);
    score.residuals.emplace_back(
        view.xy.size(), Eigen::Vector2d::Constant(std::numeric_limits<double>::quiet_NaN()));
  }
  const BundleData data = MakeBundleData(observations, use_view);
  const auto candidates = CandidatesOf(data, state, parallelism);
  TargetStart start = StartTargets(data, state, candidates, parallelism);
  RefinePoses(data, &state, &start, parallelism);
  Measure(data, state, start, &score);
  SummarizeResiduals(observations, &score);
  return score;
}

TargetObservations EverySecondInstant(const TargetObservations& observations, bool odd) {
  std::set<std::size_t> frames;
  for (const TargetView& view : observations.views) frames.insert(view.frame);
  std::set<std::size_t> chosen;
  bool is_odd = false;
  for (const std::size_t frame : frames) {
    if (is_odd == odd) chosen.insert(frame);
    is_odd = !is_odd;
  }
  TargetObservations part{observations.cameras, observations.targets, {}};
  for (const TargetView& view : observations.views) {
    if (chosen.count(view.frame) != 0) part.views.push_back(view);
  }
  return part;
}

}  // namespace medius::calibration
