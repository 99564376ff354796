#include "capture/scenario.hpp"

#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::capture {
namespace {

void Require(double value, double low, double high, const char* field) {
  if (value >= low && value <= high) return;
  throw InputError(
      fmt::format("{} is {:g}; between {:g} and {:g} expected", field, value, low, high));
}

// Angles are told in degrees, as people give them.
void RequireAngle(double value, double low, double high, const std::string& field) {
  if (value >= low && value <= high) return;
  constexpr double kDegrees = 57.29577951308232;
  throw InputError(fmt::format("{} is {:.4g} degrees; between {:.3g} and {:.3g} degrees expected",
                               field, value * kDegrees, low * kDegrees, high * kDegrees));
}

void RequireAngle(const Sided& value, double low, double high, const std::string& field) {
  RequireAngle(value.left, low, high, field + ".left");
  RequireAngle(value.right, low, high, field + ".right");
}

void ValidateBody(const BodyScenario& body) {
  Require(body.stature, 1.2, 2.2, "body.stature");
  Require(body.pelvis_width, 0.15, 0.35, "body.pelvis_width");
  Require(body.pelvis_depth, 0.09, 0.25, "body.pelvis_depth");
  Require(body.marker_radius, 0.001, 0.03, "body.marker_radius");
  Require(body.skin_pelvis, 0.0, 0.05, "body.skin_pelvis");
  Require(body.skin_thigh, 0.0, 0.05, "body.skin_thigh");
  Require(body.skin_shank, 0.0, 0.05, "body.skin_shank");
  Require(body.skin_foot, 0.0, 0.05, "body.skin_foot");
  Require(body.skin_trunk, 0.0, 0.05, "body.skin_trunk");
  Require(body.skin_arm, 0.0, 0.05, "body.skin_arm");
}

void ValidateStanding(const StandingScenario& standing) {
  Require(standing.duration, 0.1, 600.0, "standing.duration");
  RequireAngle(standing.pelvis_obliquity, -0.35, 0.35, "standing.pelvis_obliquity");
  RequireAngle(standing.pelvis_tilt, -0.7, 0.7, "standing.pelvis_tilt");
  RequireAngle(standing.hip_adduction, -0.35, 0.35, "standing.hip_adduction");
  RequireAngle(standing.knee_flexion, 0.0, 0.7, "standing.knee_flexion");
}

void ValidateRunAngles(const RunScenario& run) {
  RequireAngle(run.pelvic_drop, -0.2, 0.35, "run.pelvic_drop");
  RequireAngle(run.pelvis_tilt, -0.7, 0.35, "run.pelvis_tilt");
  RequireAngle(run.pelvis_tilt_range, 0.0, 0.35, "run.pelvis_tilt_range");
  RequireAngle(run.pelvis_rotation_range, 0.0, 0.7, "run.pelvis_rotation_range");
  RequireAngle(run.hip_adduction, -0.2, 0.45, "run.hip_adduction");
  RequireAngle(run.hip_adduction_range, 0.0, 0.5, "run.hip_adduction_range");
  RequireAngle(run.hip_flexion, 0.4, 1.4, "run.hip_flexion");
  RequireAngle(run.hip_rotation, -0.35, 0.35, "run.hip_rotation");
  RequireAngle(run.hip_rotation_range, 0.0, 0.5, "run.hip_rotation_range");
  RequireAngle(run.knee_flexion_stance, 0.4, 1.1, "run.knee_flexion_stance");
  RequireAngle(run.knee_flexion_swing, 1.1, 2.2, "run.knee_flexion_swing");
  RequireAngle(run.knee_adduction, -0.3, 0.3, "run.knee_adduction");
  RequireAngle(run.knee_adduction_range, 0.0, 0.3, "run.knee_adduction_range");
  RequireAngle(run.foot_pitch_at_strike, 0.0, 0.5, "run.foot_pitch_at_strike");
}

void ValidateRunVariation(const RunScenario& run) {
  RequireAngle(run.sd_pelvic_drop, 0.0, 0.1, "run.sd_pelvic_drop");
  RequireAngle(run.sd_hip_adduction, 0.0, 0.1, "run.sd_hip_adduction");
  RequireAngle(run.sd_pelvis_tilt, 0.0, 0.1, "run.sd_pelvis_tilt");
  RequireAngle(run.sd_pelvis_rotation, 0.0, 0.1, "run.sd_pelvis_rotation");
  RequireAngle(run.sd_hip_rotation, 0.0, 0.1, "run.sd_hip_rotation");
  RequireAngle(run.sd_knee_adduction, 0.0, 0.1, "run.sd_knee_adduction");
  Require(run.sd_stride_time, 0.0, 0.05, "run.sd_stride_time");
  Require(run.sd_contact_time, 0.0, 0.05, "run.sd_contact_time");
  Require(run.sd_foot_placement, 0.0, 0.03, "run.sd_foot_placement");
  RequireAngle(run.drift_pelvic_drop, -0.05, 0.05, "run.drift_pelvic_drop");
  RequireAngle(run.drift_hip_adduction, -0.05, 0.05, "run.drift_hip_adduction");
  Require(run.drift_cadence, -5.0, 5.0, "run.drift_cadence");
  Require(run.wander, 0.0, 0.3, "run.wander");
}

void ValidateRun(const RunScenario& run) {
  Require(run.duration, 2.0, 7200.0, "run.duration");
  Require(run.speed, 1.8, 5.5, "run.speed");
  Require(run.cadence, 130.0, 220.0, "run.cadence");
  Require(run.cadence + run.drift_cadence * run.duration / 60.0, 130.0, 220.0,
          "run.cadence at the end of the run (with run.drift_cadence)");
  Require(run.duty_factor, 0.2, 0.48, "run.duty_factor");
  Require(run.step_width, -0.1, 0.25, "run.step_width");
  Require(run.vertical_oscillation, 0.01, 0.15, "run.vertical_oscillation");
  ValidateRunAngles(run);
  ValidateRunVariation(run);
}

void ValidateWand(const WandScenario& wand) {
  Require(wand.duration, 1.0, 600.0, "wand.duration");
  Require(wand.length, 0.1, 2.0, "wand.length");
  Require(wand.middle, 0.02, wand.length - 0.02, "wand.middle");
  for (const double side : {wand.volume.x(), wand.volume.y(), wand.volume.z()}) {
    Require(side, 0.0, 20.0, "wand.volume");
  }
  Require(wand.centre_height, 0.2, 3.0, "wand.centre_height");
}

void ValidateRigScenario(const RigScenario& rig) {
  Require(rig.cameras, 2, 64, "rig.cameras");
  Require(rig.radius, 1.5, 30.0, "rig.radius");
  Require(rig.centre.x(), -1000.0, 1000.0, "rig.centre x");
  Require(rig.centre.y(), -1000.0, 1000.0, "rig.centre y");
  Require(rig.height_low, 0.1, 10.0, "rig.height_low");
  Require(rig.height_high, 0.1, 10.0, "rig.height_high");
  Require(rig.target_height, 0.0, 5.0, "rig.target_height");
  Require(rig.width, 64, 16384, "rig.width");
  Require(rig.height, 64, 16384, "rig.height");
  Require(rig.focal_length, 50.0, 50000.0, "rig.focal_length");
  for (const double k : rig.distortion) Require(k, -2.0, 2.0, "rig.distortion");
  Require(rig.spread, 0.0, 0.2, "rig.spread");
  Require(rig.time_offset_spread, 0.0, 0.05, "rig.time_offset_spread");
}

}  // namespace

void CameraEffects::Validate() const {
  Require(noise_px, 0.0, 10.0, "effects.noise_px");
  Require(drop_rate, 0.0, 1.0, "effects.drop_rate");
  Require(reflections, 0.0, 30.0, "effects.reflections");
  Require(hidden_rate, 0.0, 1.0, "effects.hidden_rate");
  Require(merge_distance_px, 0.0, 50.0, "effects.merge_distance_px");
  Require(lost_share, 0.0, 0.45, "effects.lost_share");
  Require(lost_longest, 0.05, 10.0, "effects.lost_longest");
}

void Scenario::Validate() const {
  Require(rate_hz, 20.0, 2000.0, "rate_hz");
  ValidateBody(body);
  ValidateStanding(standing);
  ValidateRun(run);
  ValidateWand(wand);
  ValidateRigScenario(rig);
  effects.Validate();
}

}  // namespace medius::capture
