#pragma once

#include <array>
#include <string>
#include <vector>

#include "analysis/body_model.hpp"
#include "analysis/motion.hpp"

namespace medius::analysis {

/// What a functional trial must show for its joints to be used, and how far they may lie from what
/// the landmarks say.
struct FunctionalGates {
  double hip_flexion_range = 0.6981317007977318;    ///< radians, 40 degrees
  double hip_adduction_range = 0.3490658503988659;  ///< radians, 20 degrees
  double hip_residual = 0.010;                      ///< metres, of SCoRE, at most
  double hip_from_regression = 0.030;               ///< metres from Harrington's, at most
  double knee_flexion_range = 0.6981317007977318;   ///< radians, 40 degrees
  double knee_axis_turn = 0.4363323129985824;       ///< radians from the epicondyles', 25 degrees
};

/// One hip as a functional trial shows it.
struct FunctionalHip {
  Eigen::Vector3d centre;        ///< SCoRE's, pelvis frame, metres; NaN where there is none
  double residual = 0.0;         ///< metres
  double from_sphere = 0.0;      ///< metres to the centre by fitted spheres
  double from_regression = 0.0;  ///< metres to Harrington's
  double flexion_range = 0.0;    ///< radians, middle 96 %
  double adduction_range = 0.0;  ///< radians, likewise
  std::string refused;           ///< why it is not used; empty where it is
};

/// One knee as a functional trial shows it.
struct FunctionalKnee {
  double axis_turn = 0.0;      ///< radians about the thigh's long axis from the epicondyles'
  double residual = 0.0;       ///< radians, see JointAxis
  double flexion_range = 0.0;  ///< radians, middle 96 %
  std::string refused;         ///< why it is not used; empty where it is
};

struct FunctionalJoints {
  std::array<FunctionalHip, 2> hip;    ///< by Side
  std::array<FunctionalKnee, 2> knee;  ///< by Side
  BodySize size;                       ///< of the standing trial
};

/// Hip centres by SCoRE and knee axes by SARA from a trial in which the joints are moved one after
/// the other or together.
///
/// @param options  of the motion: gaps and filter.
/// @throws InputError as BuildBodyModel, where the trial is longer than ten minutes at 200 Hz.
[[nodiscard]] FunctionalJoints MeasureFunctionalJoints(
    const MarkerSet& set, const Recording& functional, const Recording& standing,
    const BodyOptions& body_options, const MotionOptions& options, const FunctionalGates& gates);

}  // namespace medius::analysis
