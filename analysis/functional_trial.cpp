#include "analysis/functional_trial.hpp"

#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "analysis/butterworth.hpp"
#include "analysis/functional_joint.hpp"
#include "analysis/joint_angles.hpp"
#include "analysis/marker_chunk.hpp"
#include "analysis/rigid_fit.hpp"
#include "analysis/signal.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kDegrees = 57.29577951308232;
constexpr std::size_t kMostFrames = 120'000;

// Poses of all segments in all frames of a trial that is held whole.
class FittedTrial {
 public:
  FittedTrial(const BodyModel& body, const Recording& trial, const MotionOptions& options)
      : body_(body), chunk_(trial.read({0, trial.time_base.frame_count()}), body.columns) {
    const double rate = trial.time_base.rate_hz;
    chunk_.FillGaps(body.segments,
                    static_cast<std::size_t>(std::floor(options.max_gap_s * rate + 1e-9)));
    if (options.cutoff_hz > 0.0) {
      chunk_.Smooth(ZeroLagButterworth(options.cutoff_hz, rate),
                    static_cast<std::size_t>(std::ceil(0.5 * rate / options.cutoff_hz)));
    }
  }

  // One a frame; NaN where the segment has no pose.
  [[nodiscard]] std::vector<RigidTransform> PosesOf(Segment segment) const {
    const SegmentModel& model = body_[segment];
    std::vector<RigidTransform> poses;
    std::vector<Eigen::Vector3d> measured(model.columns.size());
    for (std::size_t frame = 0; frame < chunk_.frame_count(); ++frame) {
      for (std::size_t i = 0; i < measured.size(); ++i) {
        measured[i] = chunk_.Position(model.columns[i], frame);
      }
      poses.push_back(FitRigid(model.local, measured).target_from_local);
    }
    return poses;
  }

  // Markers of a segment in the frames given, one list a marker.
  [[nodiscard]] std::vector<std::vector<Eigen::Vector3d>> MarkersIn(
      const std::vector<RigidTransform>& lab_from_frame, Segment segment) const {
    std::vector<std::vector<Eigen::Vector3d>> markers;
    for (const std::size_t column : body_[segment].columns) {
      std::vector<Eigen::Vector3d> points;
      for (std::size_t t = 0; t < lab_from_frame.size(); ++t) {
        points.push_back(lab_from_frame[t].Inverse() * chunk_.Position(column, t));
      }
      markers.push_back(std::move(points));
    }
    return markers;
  }

 private:
  const BodyModel& body_;
  MarkerChunk chunk_;
};

std::vector<RigidTransform> Relative(const std::vector<RigidTransform>& lab_from_proximal,
                                     const std::vector<RigidTransform>& lab_from_distal) {
  std::vector<RigidTransform> relative;
  for (std::size_t t = 0; t < lab_from_proximal.size(); ++t) {
    relative.push_back(lab_from_proximal[t].Inverse() * lab_from_distal[t]);
  }
  return relative;
}

// Range of the middle 96 % of flexion and adduction: a single wild frame is no movement.
std::array<double, 2> RangesOf(const std::vector<RigidTransform>& proximal_from_distal, Side side) {
  std::array<std::vector<double>, 2> angles;
  for (const RigidTransform& frame : proximal_from_distal) {
    const Eigen::Vector3d value =
        JointAngles(Eigen::Matrix3d::Identity(), frame.rotation, Eigen::Matrix3d::Zero(), side)
            .value;
    for (std::size_t i = 0; i < 2; ++i) angles[i].push_back(value[static_cast<Eigen::Index>(i)]);
  }
  return {Quantile(angles[0], 0.98) - Quantile(angles[0], 0.02),
          Quantile(angles[1], 0.98) - Quantile(angles[1], 0.02)};
}

std::string RefusalOf(const FunctionalHip& hip, const FunctionalGates& gates) {
  if (!hip.centre.allFinite()) return "the thigh hardly turns against the pelvis";
  if (!(hip.flexion_range >= gates.hip_flexion_range)) {
    return fmt::format("flexion ranges over {:.0f} deg, {:.0f} needed",
                       kDegrees * hip.flexion_range, kDegrees * gates.hip_flexion_range);
  }
  if (!(hip.adduction_range >= gates.hip_adduction_range)) {
    return fmt::format("adduction ranges over {:.0f} deg, {:.0f} needed",
                       kDegrees * hip.adduction_range, kDegrees * gates.hip_adduction_range);
  }
  if (!(hip.residual <= gates.hip_residual)) {
    return fmt::format("its residual is {:.1f} mm, {:.0f} allowed", 1e3 * hip.residual,
                       1e3 * gates.hip_residual);
  }
  if (!(hip.from_regression <= gates.hip_from_regression)) {
    return fmt::format("it lies {:.0f} mm from Harrington's, {:.0f} allowed",
                       1e3 * hip.from_regression, 1e3 * gates.hip_from_regression);
  }
  return "";
}

std::string RefusalOf(const FunctionalKnee& knee, const FunctionalGates& gates) {
  if (!(knee.flexion_range >= gates.knee_flexion_range)) {
    return fmt::format("flexion ranges over {:.0f} deg, {:.0f} needed",
                       kDegrees * knee.flexion_range, kDegrees * gates.knee_flexion_range);
  }
  if (!(std::abs(knee.axis_turn) <= gates.knee_axis_turn)) {
    return fmt::format("its axis lies {:.0f} deg from the epicondyles', {:.0f} allowed",
                       kDegrees * std::abs(knee.axis_turn), kDegrees * gates.knee_axis_turn);
  }
  return "";
}

FunctionalHip MeasureHip(const FittedTrial& trial, const BodyModel& body, Side side,
                         double marker_offset, const FunctionalGates& gates) {
  const std::vector<RigidTransform> pelvis = trial.PosesOf(Segment::kPelvis);
  const std::vector<RigidTransform> relative = Relative(pelvis, trial.PosesOf(ThighOf(side)));
  const JointCentre centre = SymmetricalCentre(relative);
  FunctionalHip hip;
  hip.centre = centre.in_proximal;
  hip.residual = centre.residual;
  hip.from_sphere = (hip.centre - SphereCentre(trial.MarkersIn(pelvis, ThighOf(side)))).norm();
  hip.from_regression = (hip.centre - RegressionHipCentre(HipCentreMethod::kHarrington, body.size,
                                                          marker_offset, side))
                            .norm();
  const std::array<double, 2> ranges = RangesOf(relative, side);
  hip.flexion_range = ranges[0];
  hip.adduction_range = ranges[1];
  hip.refused = RefusalOf(hip, gates);
  return hip;
}

FunctionalKnee MeasureKnee(const FittedTrial& trial, Side side, const FunctionalGates& gates) {
  const std::vector<RigidTransform> relative =
      Relative(trial.PosesOf(ThighOf(side)), trial.PosesOf(ShankOf(side)));
  JointAxis axis = SymmetricalAxis(relative);
  // Which way an axis points is free: to the right, as the segments' z.
  if (axis.in_proximal.z() < 0.0) axis.in_proximal = -axis.in_proximal;
  FunctionalKnee knee;
  knee.axis_turn = std::atan2(axis.in_proximal.x(), axis.in_proximal.z());
  knee.residual = axis.residual;
  knee.flexion_range = RangesOf(relative, side)[0];
  knee.refused = RefusalOf(knee, gates);
  return knee;
}

}  // namespace

FunctionalJoints MeasureFunctionalJoints(const MarkerSet& set, const Recording& functional,
                                         const Recording& standing, const BodyOptions& body_options,
                                         const MotionOptions& options,
                                         const FunctionalGates& gates) {
  options.Validate(functional.time_base.rate_hz);
  if (functional.time_base.frame_count() > kMostFrames) {
    throw InputError(fmt::format("{}: {} frames; a functional trial has at most {}",
                                 functional.where, functional.time_base.frame_count(),
                                 kMostFrames));
  }
  BodyOptions by_landmarks = body_options;
  if (by_landmarks.hip_centre == HipCentreMethod::kFunctional) {
    by_landmarks.hip_centre = HipCentreMethod::kHarrington;
  }
  by_landmarks.knee_axis_turn = {};
  const BodyModel body = BuildBodyModel(set, functional, &standing, by_landmarks);
  const FittedTrial trial(body, functional, options);
  FunctionalJoints joints;
  joints.size = body.size;
  for (const Side side : kSides) {
    FunctionalHip& hip = joints.hip[IndexOf(side)];
    FunctionalKnee& knee = joints.knee[IndexOf(side)];
    hip.centre.setConstant(kNaN);
    const bool thigh = body[ThighOf(side)].available();
    if (thigh) hip = MeasureHip(trial, body, side, body_options.marker_offset, gates);
    if (!thigh) hip.refused = "the thigh is not tracked";
    if (thigh && body[ShankOf(side)].available()) {
      knee = MeasureKnee(trial, side, gates);
    } else {
      knee.refused = "thigh or shank is not tracked";
    }
  }
  return joints;
}

}  // namespace medius::analysis
