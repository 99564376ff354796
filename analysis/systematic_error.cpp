#include "analysis/systematic_error.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "analysis/distributions.hpp"

namespace medius::analysis {
namespace {

constexpr double kTwoMoments = 1.4142135623730951;

// Axis of a segment that an angle turns about; index into SegmentError.
enum Axis : std::size_t { kAnterior, kSuperior, kRight };

// An angle by the segments that it is between. Names are parts: all angles of a joint at once.
struct AngleParts {
  std::string_view angle;  // with "<side>"
  Axis axis;
  std::string_view shared;  // pelvis or trunk, whose error both sides have; may be empty
  std::string_view own[2];  // of the leg; may be empty
  bool thigh_axis;          // whether the hip centre's place turns the thigh's axis in that plane
};

constexpr AngleParts kAngles[] = {
    {"pelvis_obliquity", kAnterior, "pelvis", {}, false},
    {"pelvis_obliquity_relative", kAnterior, "pelvis", {}, false},
    {"pelvis_tilt", kRight, "pelvis", {}, false},
    {"pelvis_tilt_relative", kRight, "pelvis", {}, false},
    {"pelvis_rotation", kSuperior, "pelvis", {}, false},
    {"<side>_hip_flexion", kRight, "pelvis", {"thigh"}, true},
    {"<side>_hip_adduction", kAnterior, "pelvis", {"thigh"}, true},
    {"<side>_hip_rotation", kSuperior, "pelvis", {"thigh"}, false},
    {"<side>_knee_flexion", kRight, "", {"thigh", "shank"}, true},
    {"<side>_knee_adduction", kAnterior, "", {"thigh", "shank"}, true},
    {"<side>_knee_rotation", kSuperior, "", {"thigh", "shank"}, false},
    {"<side>_knee_frontal_projection_2d", kAnterior, "", {"thigh", "shank"}, true},
    {"<side>_foot_progression", kSuperior, "", {"foot"}, false},
    {"trunk_lateral_lean", kAnterior, "trunk", {}, false},
    {"trunk_forward_lean", kRight, "trunk", {}, false},
};

SystematicPart RotationError(const SystematicErrors& errors, const std::string& segment, Axis axis,
                             bool difference) {
  for (const SegmentError& error : errors.segments) {
    if (error.segment != segment) continue;
    return difference ? error.varying[axis].Times(kTwoMoments) : error.whole[axis];
  }
  return {};
}

MetricError ErrorOfAngle(const MetricDefinition& metric, Side side,
                         const SystematicErrors& errors) {
  const auto* const found =
      std::find_if(std::begin(kAngles), std::end(kAngles),
                   [&](const AngleParts& a) { return a.angle == metric.angle; });
  MetricError error;
  if (found == std::end(kAngles) || metric.measure == Measure::kPeakTime) return error;
  const bool difference = metric.IsDifference();
  if (!found->shared.empty()) {
    const SystematicPart shared =
        RotationError(errors, std::string(found->shared), found->axis, difference);
    // What varies within a stride does not do the same in the stances of both sides.
    (difference ? error.own : found->axis == kRight ? error.common : error.opposed) = shared;
  }
  for (const std::string_view part : found->own) {
    if (part.empty()) continue;
    const std::string segment = std::string(ToString(side)) + "_" + std::string(part);
    error.own = error.own.With(RotationError(errors, segment, found->axis, difference));
  }
  if (found->thigh_axis && !difference) {
    error.own = error.own.With(errors.hip_centre[static_cast<std::size_t>(side)]);
  }
  return error;
}

}  // namespace

SystematicPart SystematicPart::Known(double sigma) {
  constexpr double kNormal95 = 1.959963984540054;
  return {sigma, kNormal95 * sigma};
}

SystematicPart SystematicPart::Estimated(double sigma, double degrees_of_freedom) {
  return {sigma, sigma == 0.0 ? 0.0 : StudentQuantile(0.975, degrees_of_freedom) * sigma};
}

SystematicPart SystematicPart::With(const SystematicPart& other) const {
  return {std::hypot(sigma, other.sigma), std::hypot(half_width, other.half_width)};
}

MetricError SystematicErrorOf(const MetricDefinition& metric, Side side,
                              const SystematicErrors& errors, double mean_stride_time) {
  switch (metric.measure) {
    case Measure::kContactTime:
    case Measure::kSwingTime:
    case Measure::kFlightTime:
      return {errors.contact_time, {}, {}};
    case Measure::kDutyFactor:
      return {errors.contact_time.Times(1.0 / mean_stride_time), {}, {}};
    default:
      return metric.IsOfAngle() ? ErrorOfAngle(metric, side, errors) : MetricError{};
  }
}

}  // namespace medius::analysis
