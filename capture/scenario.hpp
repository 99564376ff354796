#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <Eigen/Core>

#include "core/trial.hpp"

namespace medius::capture {

/// A value for each side of the body.
struct Sided {
  double left = 0.0;
  double right = 0.0;
};

/// The runner's body. Lengths that are not given follow from the stature (Winter 2009, Biomechanics
/// and Motor Control of Human Movement, 4th ed., fig. 4.1).
struct BodyScenario {
  double stature = 1.75;         ///< m; [1.2, 2.2]
  double pelvis_width = 0.240;   ///< m between the ASIS; [0.15, 0.35]
  double pelvis_depth = 0.150;   ///< m from mid-ASIS to mid-PSIS; [0.09, 0.25]
  double marker_radius = 0.007;  ///< m; the common 14 mm sphere; [0.001, 0.03]
  bool limbs_hide = true;        ///< solid limbs hide markers from cameras

  /// How far a marker strays from its place on the bone: rms of the 3D displacement over a stride,
  /// m. Markers on skin move most on the thigh and with the frequencies of the movement itself
  /// (review: Leardini et al. 2005, Gait & Posture 21:212); the amounts here are chosen, of the
  /// order of well placed clusters, and single markers of real runners may move several times as
  /// much. Zero in the standing trial; four fifths of the power repeat every stride.
  double skin_pelvis = 0.001;  ///< [0, 0.05]
  double skin_thigh = 0.003;   ///< [0, 0.05]
  double skin_shank = 0.002;   ///< [0, 0.05]
  double skin_foot = 0.0005;   ///< [0, 0.05]
  double skin_trunk = 0.002;   ///< [0, 0.05]
  double skin_arm = 0.002;     ///< [0, 0.05]
};

/// How the runner stands in the static trial. Radians, signs of the design.
struct StandingScenario {
  double duration = 3.0;            ///< s; [0.1, 600]
  double pelvis_obliquity = 0.014;  ///< right side up > 0; few people stand level; [-0.35, 0.35]
  double pelvis_tilt = -0.14;       ///< anterior tilt < 0; [-0.7, 0.7]
  double hip_adduction = -0.04;     ///< feet a little wider than the hips; [-0.35, 0.35]
  double knee_flexion = 0.05;       ///< [0, 0.7]
};

/// How the runner runs. Radians, seconds, metres; signs of the design.
struct RunScenario {
  double duration = 60.0;               ///< s; [2, 7200]
  double speed = 2.8;                   ///< m/s of the belt; [1.8, 5.5]
  double cadence = 168.0;               ///< steps/min; [130, 220]
  double duty_factor = 0.365;           ///< contact time / stride time; [0.2, 0.48]
  double step_width = 0.05;             ///< m between the ankles' lines; [-0.1, 0.25]
  double vertical_oscillation = 0.060;  ///< m, highest - lowest place of the pelvis; [0.01, 0.15]

  /// Highest contralateral drop of the pelvis in the stance of each side, against the horizontal.
  /// Means of 25 men at 2.5 m/s lie near 5 degrees; [-0.2, 0.35]
  Sided pelvic_drop{0.087, 0.070};
  double pelvis_tilt = -0.20;           ///< mean; anterior < 0; [-0.7, 0.35]
  double pelvis_tilt_range = 0.05;      ///< max - min over a step; [0, 0.35]
  double pelvis_rotation_range = 0.17;  ///< max - min over a stride; [0, 0.7]

  Sided hip_adduction{0.17, 0.15};    ///< highest in stance; [-0.2, 0.45]
  double hip_adduction_range = 0.21;  ///< highest - lowest over the stride; [0, 0.5]
  double hip_flexion = 0.80;          ///< highest, in swing; [0.4, 1.4]
  double hip_rotation = 0.05;         ///< mean; internal > 0; [-0.35, 0.35]
  double hip_rotation_range = 0.14;   ///< max - min over a stride; [0, 0.5]

  double knee_flexion_stance = 0.78;   ///< highest in stance; [0.4, 1.1]
  double knee_flexion_swing = 1.60;    ///< highest in swing; [1.1, 2.2]
  double knee_adduction = -0.03;       ///< mean; abduction (valgus) < 0; [-0.3, 0.3]
  double knee_adduction_range = 0.06;  ///< max - min over a stride; [0, 0.3]
  double foot_pitch_at_strike = 0.12;  ///< toe up > 0, rearfoot strike; 0 for a flat foot; [0, 0.5]

  /// Stride-to-stride standard deviations. Drop and adduction as measured within real runs
  /// (0.4-0.8 degrees).
  double sd_pelvic_drop = 0.010;     ///< rad; [0, 0.1]
  double sd_hip_adduction = 0.012;   ///< rad; [0, 0.1]
  double sd_pelvis_tilt = 0.006;     ///< rad; [0, 0.1]
  double sd_pelvis_rotation = 0.01;  ///< rad; [0, 0.1]
  double sd_hip_rotation = 0.012;    ///< rad; [0, 0.1]
  double sd_knee_adduction = 0.005;  ///< rad; [0, 0.1]
  double sd_stride_time = 0.010;     ///< of the stride time, no unit; [0, 0.05]
  double sd_contact_time = 0.015;    ///< of the contact time, no unit; [0, 0.05]
  double sd_foot_placement = 0.006;  ///< m, forward place of the foot at strike; [0, 0.03]

  /// Slow drift over the run, per minute: fatigue.
  Sided drift_pelvic_drop{0.0, 0.0};    ///< rad/min; [-0.05, 0.05]
  Sided drift_hip_adduction{0.0, 0.0};  ///< rad/min; [-0.05, 0.05]
  double drift_cadence = 0.0;           ///< steps/min per min; [-5, 5]

  double wander = 0.03;  ///< m, slow walk of the runner fore and aft on the belt; [0, 0.3]
};

/// A wand of three markers in a line, waved through the volume.
struct WandScenario {
  double duration = 30.0;  ///< s; [1, 600]
  double length = 0.500;   ///< m, first to last marker; [0.1, 2]
  double middle = 0.180;   ///< m, first to middle marker; < length
  Eigen::Vector3d volume =
      Eigen::Vector3d(1.6, 1.2, 1.4);  ///< m, box that the wand's middle visits
  double centre_height = 1.0;          ///< m above the floor; [0.2, 3]
};

/// Cameras on a ring round the treadmill, looking inwards.
struct RigScenario {
  int cameras = 8;      ///< [2, 64]
  double radius = 4.0;  ///< m, ring; [1.5, 30]
  Eigen::Vector2d centre =
      Eigen::Vector2d::Zero();   ///< m, of the ring, lab x and y; also where the runner runs
  double height_low = 1.1;       ///< m, every second camera; [0.1, 10]
  double height_high = 2.3;      ///< m, the others; [0.1, 10]
  double target_height = 0.9;    ///< m, where all look; [0, 5]
  int width = 1280;              ///< px; [64, 16384]
  int height = 1024;             ///< px; [64, 16384]
  double focal_length = 1320.0;  ///< px; [50, 50000]
  /// Brown-Conrady k1 k2 p1 p2 k3 of the typical lens; each camera differs a little.
  std::array<double, 5> distortion = {-0.10, 0.05, 0.0004, -0.0003, 0.0};
  double time_offset_spread = 0.0;  ///< s; each camera exposes up to this late; [0, 0.05]
  double spread =
      0.01;  ///< how much cameras differ in focal length and distortion, no unit; [0, 0.2]
};

/// What stands between the world and the sightings.
struct CameraEffects {
  double noise_px = 0.3;           ///< px, 1 sd of each coordinate; [0, 10]
  double drop_rate = 0.001;        ///< probability that a camera loses a frame; [0, 1]
  double reflections = 0.1;        ///< false sightings a camera and frame, mean; [0, 30]
  double hidden_rate = 0.0;        ///< probability that a camera misses a marker in a frame; [0, 1]
  double merge_distance_px = 0.0;  ///< px, sightings closer than this become one; 0: never; [0, 50]
  bool labels = true;              ///< true labels on the sightings
  /// Share of the time that a marker is lost by all cameras at once, expected; [0, 0.45]. Its
  /// absences are of random length, from kShortestLoss evenly up to lost_longest.
  double lost_share = 0.0;
  double lost_longest = 1.0;  ///< s; [0.05, 10]

  /// @throws InputError that names the field out of range.
  void Validate() const;
};

/// Everything that `medius simulate` needs to know. Aggregate with defaults: a scene from a seed.
struct Scenario {
  std::string name = "virtual-lab";
  std::uint64_t seed = 1;
  std::string subject = "virtual-runner";
  std::string session = "1";
  /// ISO 8601; part of the scenario, so that the same scenario gives the same bytes on any day.
  std::string created = "2026-01-01T00:00:00Z";
  double rate_hz = 200.0;  ///< [20, 2000]
  BodyScenario body;
  StandingScenario standing;
  RunScenario run;
  WandScenario wand;
  RigScenario rig;
  CameraEffects effects;

  /// @throws InputError that names the field that is out of range, its value and the range.
  void Validate() const;

  [[nodiscard]] TrialHeader Header(const std::string& trial, const std::string& activity) const {
    return {trial, subject, session, activity, created};
  }
};

}  // namespace medius::capture
