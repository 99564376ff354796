#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "calibration/temporal.hpp"
#include "calibration/temporal_setup.hpp"

namespace medius::calibration {
namespace {

constexpr int kIterations = 40;

// The twist at a time of a motion, 0 outside of it.
// @param motion  by target, then time.
Vector6 TwistAt(const std::vector<TrajectoryFit::Knot>& motion, std::size_t target, double time) {
  const auto after = std::upper_bound(
      motion.begin(), motion.end(), std::pair(target, time),
      [](const std::pair<std::size_t, double>& at, const TrajectoryFit::Knot& knot) {
        return at < std::pair(knot.target, knot.time);
      });
  const bool has_next = after != motion.end() && after->target == target;
  const bool has_previous = after != motion.begin() && std::prev(after)->target == target;
  if (has_previous) {
    const TrajectoryFit::Knot& knot = *std::prev(after);
    const double since = time - knot.time;
    if (has_next && knot.interval > 0.0 && since <= knot.interval) {
      return SampleMotion(knot.motion, after->motion, knot.interval, since).twist;
    }
  }
  // Beside its first or last instant a motion goes on for one interval.
  if (has_next && after->interval > 0.0 && after->time - time <= after->interval) {
    return after->motion.twist;
  }
  if (!has_previous) return Vector6::Zero();
  const auto last = std::prev(after);
  const bool has_before = last != motion.begin() && std::prev(last)->target == target;
  const double reach =
      last->interval > 0.0 ? last->interval : (has_before ? std::prev(last)->interval : 0.0);
  return time - last->time <= reach ? last->motion.twist : Vector6::Zero();
}

// Targets before cameras that stand still.
class KnownRig {
 public:
  KnownRig(const CameraRig& rig, const TargetObservations& observations,
           const std::vector<TargetPose>& poses, const TemporalOptions& options,
           Parallelism parallelism)
      : observations_(observations) {
    const PoseMap map = MapPoses(poses);
    data_ = LayOut(observations, ViewsWithPose(observations, map, {}), options);
    state_.rig = StateOf(rig, {});
    for (const Camera& camera : rig.cameras) {
      state_.timing.push_back({camera.time_offset + camera.time_drift * data_.middle_time,
                               camera.time_drift, camera.line_time});
      problem_.has_lines = problem_.has_lines || camera.line_time != 0.0;
    }
    PlaceKnots(data_, map, &state_);
    problem_.data = &data_;
    problem_.parallelism = parallelism;
    problem_.use.assign(data_.bundle.sightings.size(), 1);
    problem_.layout = MakeTemporalLayout(state_.rig);
    problem_.known.assign(static_cast<std::size_t>(problem_.layout.size), 0.0);
  }

  void TakeTwists(const std::vector<TrajectoryFit::Knot>& motion) {
    problem_.hold_twists = true;
    for (std::size_t k = 0; k < state_.knots.size(); ++k) {
      const std::size_t target = data_.bundle.poses[data_.pose[k]].target;
      state_.knots[k].twist = TwistAt(motion, target, data_.knot_time[k]);
    }
  }

  TrajectoryFit Fit(const TemporalScales& scales, const WorkControl& control) {
    if (!problem_.hold_twists) StartMotion(data_, scales.sigma, scales.jitter_sd, &state_);
    SolveTemporal(problem_, scales, RobustLoss{}, kIterations, control, &state_);
    TrajectoryFit fit;
    fit.residuals = EmptyResiduals(observations_);
    ScatterResiduals(data_, TemporalResiduals(data_, state_, problem_.parallelism), &fit.residuals);
    for (std::size_t k = 0; k < state_.knots.size(); ++k) {
      fit.knots.push_back({data_.bundle.poses[data_.pose[k]].target, data_.knot_time[k],
                           data_.interval[k], state_.knots[k]});
    }
    return fit;
  }

 private:
  const TargetObservations& observations_;
  TemporalData data_;
  TemporalState state_;
  TemporalProblem problem_;
};

}  // namespace

TrajectoryFit FitTrajectory(const CameraRig& rig, const TargetObservations& observations,
                            const std::vector<TargetPose>& poses, const TemporalScales& scales,
                            const TemporalOptions& options, Parallelism parallelism,
                            const WorkControl& control) {
  return KnownRig(rig, observations, poses, options, parallelism).Fit(scales, control);
}

TrajectoryFit FitPosesInMotion(const CameraRig& rig, const TargetObservations& observations,
                               const std::vector<TargetPose>& poses,
                               const std::vector<TrajectoryFit::Knot>& motion,
                               const TemporalScales& scales, const TemporalOptions& options,
                               Parallelism parallelism, const WorkControl& control) {
  TemporalOptions apart = options;
  apart.largest_gap = 0.0;  // each pose by itself
  KnownRig known(rig, observations, poses, apart, parallelism);
  known.TakeTwists(motion);
  return known.Fit(scales, control);
}

}  // namespace medius::calibration
