#include "calibration/temporal_setup.hpp"

#include <algorithm>
#include <limits>

namespace medius::calibration {

PoseMap MapPoses(const std::vector<TargetPose>& poses) {
  PoseMap map;
  for (const TargetPose& pose : poses) map[{pose.frame, pose.target}] = pose.lab_from_target;
  return map;
}

std::vector<std::uint8_t> ViewsWithPose(const TargetObservations& observations,
                                        const PoseMap& poses,
                                        const std::vector<std::size_t>& unused) {
  std::vector<std::uint8_t> use;
  for (const TargetView& view : observations.views) {
    use.push_back(!view.xy.empty() && poses.count({view.frame, view.target}) != 0 ? 1 : 0);
  }
  for (const std::size_t view : unused) use[view] = 0;
  return use;
}

TemporalData LayOut(const TargetObservations& observations,
                    const std::vector<std::uint8_t>& use_view, const TemporalOptions& options) {
  TemporalData data = MakeTemporalData(observations, use_view, options.largest_gap);
  for (std::size_t v = 0; v < data.stamp.size() && options.common_stamps; ++v) {
    data.stamp[v] = data.knot_time[data.knot_of_view[v]];
  }
  return data;
}

// Knots at rest at the start's poses.
void PlaceKnots(const TemporalData& data, const PoseMap& poses, TemporalState* state) {
  for (const std::size_t p : data.pose) {
    const BundlePose& pose = data.bundle.poses[p];
    MotionKnot knot;
    knot.lab_from_target = poses.at({pose.frame, pose.target});
    knot.lab_from_target.translation = knot.lab_from_target * data.centre[pose.target];
    state->knots.push_back(knot);
  }
  state->jitter.assign(data.bundle.views.size(), 0.0);
}

// The rig as the adjustment holds it; cameras that share intrinsics by `group`.
RigState StateOf(const CameraRig& rig, const std::vector<std::size_t>& group) {
  RigState state;
  std::map<std::size_t, std::size_t> number;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const Camera& camera = rig.cameras[c];
    state.camera_from_lab.push_back(camera.camera_from_lab);
    const auto [found, is_new] = number.emplace(group.empty() ? c : group[c], number.size());
    state.group.push_back(found->second);
    if (!is_new) continue;
    Intrinsics intrinsics{};
    std::copy(camera.model.intrinsics().begin(), camera.model.intrinsics().end(),
              intrinsics.begin());
    state.kind.push_back(camera.model.kind());
    state.intrinsics.push_back(intrinsics);
  }
  return state;
}

std::vector<std::vector<Eigen::Vector2d>> EmptyResiduals(const TargetObservations& observations) {
  std::vector<std::vector<Eigen::Vector2d>> residuals;
  for (const TargetView& view : observations.views) {
    residuals.emplace_back(view.xy.size(),
                           Eigen::Vector2d::Constant(std::numeric_limits<double>::quiet_NaN()));
  }
  return residuals;
}

void ScatterResiduals(const TemporalData& data, const std::vector<Eigen::Vector2d>& flat,
                      std::vector<std::vector<Eigen::Vector2d>>* residuals) {
  for (const BundleView& view : data.bundle.views) {
    for (std::size_t i = view.begin; i < view.end; ++i) {
      (*residuals)[view.source][i - view.begin] = flat[i];
    }
  }
}

}  // namespace medius::calibration
