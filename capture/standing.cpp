#include "capture/standing.hpp"

#include <algorithm>
#include <cmath>

#include "capture/leg_pose.hpp"
#include "capture/leg_solver.hpp"

namespace medius::capture {
namespace {

LegTask TaskOf(Side side, const Anthropometry& anthropometry, const StandingScenario& standing,
               const Eigen::Matrix3d& pelvis) {
  LegTask task;
  task.lab_from_pelvis = pelvis;
  task.thigh_length = anthropometry.thigh_length;
  task.shank_length = anthropometry.shank_length;
  task.hip_frontal = Sign(side) * standing.hip_adduction;
  task.gives_way = false;
  return task;
}

// Height of the hip over the ankle of a leg whose knee is bent as asked for and whose ankle is
// right under the hip in the sagittal plane.
double StandingHeight(const LegTask& task, double knee_flexion) {
  // The leg with the hip not flexed has the right length and frontal lean; turning it in the
  // sagittal plane brings the ankle under the hip and keeps the length there.
  LegTask upright = task;
  upright.hip.setZero();
  const SolvedLeg leg = PoseLeg(upright, 0.5 * knee_flexion, knee_flexion);
  return leg.ankle.head<2>().norm();
}

}  // namespace

StandingState Stand(const Anthropometry& anthropometry, const StandingScenario& standing,
                    const Eigen::Vector2d& place) {
  StandingState state;
  state.angles.pelvis_obliquity = standing.pelvis_obliquity;
  state.angles.pelvis_tilt = standing.pelvis_tilt;
  const Eigen::Matrix3d pelvis =
      PelvisRotation(standing.pelvis_obliquity, standing.pelvis_tilt, 0.0);
  double mid_asis_height = 10.0;  // the lower of what both legs allow
  for (const Side side : kSides) {
    const double height =
        StandingHeight(TaskOf(side, anthropometry, standing, pelvis), standing.knee_flexion);
    mid_asis_height = std::min(mid_asis_height, anthropometry.ankle_height + height -
                                                    (pelvis * anthropometry.Hip(side)).y());
  }
  const Eigen::Vector3d mid_asis(0.0, mid_asis_height, 0.0);
  state.pose[Segment::kPelvis] = {LabFromAnatomical() * pelvis, InLab(mid_asis)};
  for (const Side side : kSides) {
    const std::size_t i = GaitTiming::Index(side);
    LegTask task = TaskOf(side, anthropometry, standing, pelvis);
    task.hip = mid_asis + pelvis * anthropometry.Hip(side);
    task.ankle = {task.hip.x(), anthropometry.ankle_height};
    const SolvedLeg leg = SolveLeg(task);
    state.angles.hip_adduction[i] = standing.hip_adduction;
    state.angles.hip_flexion[i] = leg.hip_flexion;
    state.angles.knee_flexion[i] = leg.knee_flexion;
    SetLeg(side, leg, task.hip, 0.0, state.pose);
  }
  UpperBody upper;
  upper.shoulder_abduction = 0.7;
  upper.elbow_flexion = 0.3;
  PoseUpperBody(anthropometry, upper, state.pose);
  for (RigidTransform& segment : state.pose.lab_from_segment) {
    segment.translation += Eigen::Vector3d(place.x(), place.y(), 0.0);
  }
  return state;
}

}  // namespace medius::capture
