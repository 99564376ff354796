#include <cmath>

#include "calibration/temporal.hpp"
#include "calibration/temporal_setup.hpp"

namespace medius::calibration {
namespace {

constexpr int kIterations = 40;

// The twist at a time of a motion, 0 outside of it.
Vector6 TwistAt(const std::vector<TrajectoryFit::Knot>& motion, std::size_t target, double time) {
  for (std::size_t k = 0; k + 1 < motion.size(); ++k) {
    const TrajectoryFit::Knot& knot = motion[k];
    const double after = time - knot.time;
    if (knot.target != target || after < 0.0 || after > knot.interval) continue;
    return SampleMotion(knot.motion, motion[k + 1].motion, knot.interval, after).twist;
  }
  // Beside its first or last instant a motion goes on for one interval.
  Vector6 twist = Vector6::Zero();
  for (std::size_t k = 0; k < motion.size(); ++k) {
    const bool starts = motion[k].interval > 0.0;
    const double reach = starts ? motion[k].interval : (k > 0 ? motion[k - 1].interval : 0.0);
    if (motion[k].target == target && std::abs(time - motion[k].time) <= reach) {
      twist = motion[k].motion.twist;
    }
  }
  return twist;
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
