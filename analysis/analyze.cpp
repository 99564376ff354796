#include "analysis/analyze.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "analysis/cross_talk.hpp"
#include "analysis/rigid_fit.hpp"
#include "analysis/run_statistics.hpp"
#include "analysis/signal.hpp"
#include "analysis/summary.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kDegrees = 57.29577951308232;
constexpr std::size_t kFewStrides = 15;  // a side; docs/methods.md

SegmentQuality QualityOf(Segment segment, const SegmentModel& model, const Motion& motion) {
  const SegmentRotations& rotations = motion.segments[IndexOf(segment)];
  SegmentQuality quality;
  quality.segment = segment;
  quality.deformation = motion.deformation[IndexOf(segment)];
  quality.markers = model.available() ? model.local.size() : 0;
  quality.median_rms =
      Quantile(std::vector<double>(rotations.residual.begin(), rotations.residual.end()), 0.5);
  for (std::size_t t = 0; t < rotations.residual.size(); ++t) {
    if (std::isnan(rotations.residual[t])) continue;
    ++quality.frames_fitted;
    quality.frames_flagged += rotations.flagged[t];
  }
  return quality;
}

// Error of a segment's rotation about each of its axes that the movement of its markers causes.
// @param freedom  numbers that the residual tells of that movement by.
std::array<SystematicPart, 3> RotationErrors(const SegmentModel& model, double residual_rms,
                                             double freedom) {
  std::array<SystematicPart, 3> errors;
  if (!model.available() || std::isnan(residual_rms) || !(freedom > 0.0)) return errors;
  const RigidFit at_rest = FitRigid(model.local, model.local);
  const double sd = SoftTissueSd(residual_rms, model.local.size());
  for (std::size_t axis = 0; axis < errors.size(); ++axis) {
    const auto i = static_cast<Eigen::Index>(axis);
    errors[axis] =
        SystematicPart::Estimated(sd * std::sqrt(at_rest.inverse_inertia(i, i)), freedom);
  }
  return errors;
}

// The markers stray alike in every stride, so the residual tells of them by few numbers only: 3N -
// 6 for what is constant, and twice as many for what comes and goes with the stride (a loop has two
// directions); together by Satterthwaite 1946, Biometrics Bull 2:110.
SegmentError ErrorOf(const SegmentModel& model, const SegmentQuality& q) {
  const double numbers = 3.0 * static_cast<double>(model.local.size()) - 6.0;
  const double constant = q.deformation.constant * q.deformation.constant;
  const double varying = q.deformation.varying * q.deformation.varying;
  const double whole = constant + varying;
  const double freedom =
      whole > 0.0
          ? whole * whole / (constant * constant / numbers + varying * varying / (2.0 * numbers))
          : numbers;
  return {std::string(ToString(q.segment)), RotationErrors(model, q.median_rms, freedom),
          RotationErrors(model, q.deformation.varying, 2.0 * numbers)};
}

// Of the events, those that no force plate gave.
double ShareByMarkers(const GaitEvents& events) {
  if (events.empty()) return 1.0;
  const auto count = std::count_if(events.begin(), events.end(), [](const GaitEvent& event) {
    return event.detector != EventDetector::kForce;
  });
  return static_cast<double>(count) / static_cast<double>(events.size());
}

SystematicErrors SystematicErrorsOf(const BodyModel& body,
                                    const std::vector<SegmentQuality>& quality,
                                    const std::array<HipCentreMethod, 2>& hip_centre,
                                    const GaitEvents& events, const AnalysisOptions& options) {
  SystematicErrors errors;
  for (const SegmentQuality& q : quality) {
    if (body[q.segment].available()) errors.segments.push_back(ErrorOf(body[q.segment], q));
  }
  errors.contact_time = SystematicPart::Known(options.contact_time_sd * ShareByMarkers(events));
  for (const Side side : kSides) {
    const auto index = static_cast<std::size_t>(side);
    const double length = body[ThighOf(side)].length;
    const double sd = options.hip_centre_sd.value_or(HipCentreSd(hip_centre[index]));
    if (sd > 0.0 && length > 0.0) errors.hip_centre[index] = SystematicPart::Known(sd / length);
  }
  return errors;
}

double MedianAngle(const Kinematics& kinematics, std::string_view name) {
  return Quantile(kinematics.Find(name)->value, 0.5);
}

// A recording whose axes are not the lab's gives angles that look like a body's but are not.
void WarnOfAxes(const Kinematics& kinematics, const std::string& where,
                std::vector<std::string>& warnings) {
  constexpr double kHalfWay = 0.7853981633974483;
  const double heading = MedianAngle(kinematics, "pelvis_rotation");
  const double obliquity = MedianAngle(kinematics, "pelvis_obliquity");
  const double tilt = MedianAngle(kinematics, "pelvis_tilt");
  if (std::abs(obliquity) > kHalfWay || std::abs(tilt) > kHalfWay) {
    warnings.push_back(fmt::format(
        "{}: the pelvis lies on its side or back (obliquity {:.0f}, tilt {:.0f} deg): check up in "
        "[lab] of the marker set, and that left and right labels are not swapped",
        where, obliquity * kDegrees, tilt * kDegrees));
  } else if (std::abs(heading) > 3.0 * kHalfWay) {
    // Backwards, stance and swing would change places and the drop its sign.
    throw InputError(fmt::format(
        "{}: the runner faces {:.0f} deg from the lab's +X, the direction of running; correct "
        "forward in [lab] of the marker set and import again",
        where, heading * kDegrees));
  } else if (std::abs(heading) > kHalfWay) {
    warnings.push_back(
        fmt::format("{}: the runner faces {:.0f} deg from the lab's +X, the direction of running: "
                    "check forward in [lab] of the marker set",
                    where, heading * kDegrees));
  }
}

// The filter and the velocities take the frames as evenly spaced.
void WarnOfUnevenTime(const TimeBase& time_base, const std::string& where,
                      std::vector<std::string>& warnings) {
  constexpr double kTolerance = 0.1;  // of a frame
  std::size_t uneven = 0;
  for (std::size_t i = 1; i < time_base.time.size(); ++i) {
    const double frames = (time_base.time[i] - time_base.time[i - 1]) * time_base.rate_hz;
    if (!(std::abs(frames - 1.0) <= kTolerance)) ++uneven;
  }
  if (uneven == 0) return;
  warnings.push_back(fmt::format(
      "{}: {} of its frames do not follow the one before by 1/{:g} s; angles and events "
      "near them are not to be trusted",
      where, uneven, time_base.rate_hz));
}

void WarnOfQuality(const std::vector<SegmentQuality>& quality, std::size_t frame_count,
                   std::vector<std::string>& warnings) {
  constexpr double kWorthSaying = 0.01;  // of the frames
  // Metres: skin markers keep to 0.3-2 mm on thigh and shank, four pelvis markers to 2.6-4.1 mm.
  constexpr double kPoorFit = 0.006;
  const auto frames = static_cast<double>(frame_count);
  for (const SegmentQuality& q : quality) {
    if (q.markers == 0) continue;
    const auto missing = static_cast<double>(frame_count - q.frames_fitted);
    if (missing > kWorthSaying * frames) {
      warnings.push_back(fmt::format("the {} is lost in {:.1f} % of the frames",
                                     ToString(q.segment), 100.0 * missing / frames));
    }
    if (IsOptional(q.segment)) continue;  // a foot bends at its toes, shoulders move
    if (q.median_rms > kPoorFit) {
      warnings.push_back(fmt::format(
          "the markers of the {} fit their places in the standing trial to {:.1f} mm only: was one "
          "moved between the trials?",
          ToString(q.segment), 1000.0 * q.median_rms));
    }
    if (static_cast<double>(q.frames_flagged) > kWorthSaying * frames) {
      warnings.push_back(fmt::format(
          "the markers of the {} do not keep their shape in {:.1f} % of the frames (residual above "
          "three times its median of {:.1f} mm)",
          ToString(q.segment), 100.0 * static_cast<double>(q.frames_flagged) / frames,
          1000.0 * q.median_rms));
    }
  }
}

// Where the functional trial is given and serves, its joints in the place of the landmarks'.
BodyOptions WithFunctionalJoints(const MarkerSet& set, const Companions& companions,
                                 const AnalysisOptions& options, AnalysisResult& result) {
  BodyOptions body = options.body;
  result.hip_centre.fill(body.hip_centre);
  const bool hips = body.hip_centre == HipCentreMethod::kFunctional;
  if (companions.functional == nullptr) {
    if (!hips && !options.functional_knee_axis) return body;
    throw InputError("a functional hip centre or knee axis needs a functional trial: --functional");
  }
  if (companions.standing == nullptr) {
    throw InputError(fmt::format("{}: a functional trial needs a standing trial too: --static",
                                 companions.functional->where));
  }
  if (hips && body.convention == FrameConvention::kPelvisAsStanding) {
    throw InputError(
        fmt::format("{}: the method ric takes its hips from the trochanters; leave --functional "
                    "out, or type --hip-centre trochanter to use it for --knee-axis sara",
                    companions.functional->where));
  }
  result.functional = MeasureFunctionalJoints(set, *companions.functional, *companions.standing,
                                              body, options.motion, options.gates);
  const std::string& where = companions.functional->where;
  for (const Side side : kSides) {
    const std::size_t i = IndexOf(side);
    const FunctionalHip& hip = result.functional->hip[i];
    if (hips) body.functional_hip_centre[i] = hip.centre;
    if (hips && !hip.refused.empty()) {
      result.hip_centre[i] = HipCentreMethod::kHarrington;
      body.functional_hip_centre[i] = RegressionHipCentre(
          HipCentreMethod::kHarrington, result.functional->size, body.marker_offset, side);
      result.warnings.push_back(fmt::format(
          "functional trial {}: the {} hip's centre is not used, since {}; Harrington's "
          "equation gives it instead",
          where, ToString(side), hip.refused));
    }
    const FunctionalKnee& knee = result.functional->knee[i];
    if (!options.functional_knee_axis) continue;
    result.functional_knee_axis[i] = knee.refused.empty();
    if (knee.refused.empty()) body.knee_axis_turn[i] = knee.axis_turn;
    if (knee.refused.empty()) continue;
    result.warnings.push_back(
        fmt::format("functional trial {}: the {} knee's axis is not used, since {}; that of the "
                    "epicondyles is",
                    where, ToString(side), knee.refused));
  }
  return body;
}

void TakeForces(const Recording& run, const ForceRecording& forces, const AnalysisOptions& options,
                AnalysisResult& result) {
  result.forces =
      EventsFromForces(result.events, forces, run.time_base.time.front(), options.forces);
  result.events = std::move(result.forces->events);
  for (const std::string& warning : result.forces->warnings) result.warnings.push_back(warning);
}

void WarnOfCrossTalk(AnalysisResult& result) {
  constexpr double kTooMuch = 0.5;  // docs/methods.md
  for (const Side side : kSides) {
    const double cross_talk = KneeCrossTalk(result.kinematics, side);
    result.knee_cross_talk[IndexOf(side)] = cross_talk;
    if (!(std::abs(cross_talk) >= kTooMuch)) continue;
    result.warnings.push_back(
        fmt::format("{} knee: adduction follows flexion (correlation {:.2f}; below {:g} expected): "
                    "its axis is turned, by misplaced epicondyle markers perhaps; do not rely on "
                    "its adduction and rotation",
                    ToString(side), cross_talk, kTooMuch));
  }
}

std::size_t AcceptedStrides(const StrideTable& strides, Side side) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < strides.stride_count(); ++row) {
    if (strides.side[row] == side && strides.accepted[row] != 0) ++count;
  }
  return count;
}

void JudgeStrides(const EventDetection& detection, AnalysisResult& result) {
  std::array<std::size_t, 2> accepted = {};
  for (const Side side : kSides) {
    accepted[static_cast<std::size_t>(side)] = AcceptedStrides(result.strides, side);
  }
  if (result.strides.stride_count() == 0) {
    result.not_computed = fmt::format(
        "{} foot strikes were found and no two of one foot within 3 s: no stride to measure; is "
        "this "
        "a run towards the lab's +X with heel markers?",
        result.events.size());
    return;
  }
  if (accepted[0] + accepted[1] == 0) {
    result.not_computed =
        fmt::format("{} strides were found and none accepted; the first one: {}",
                    result.strides.stride_count(), result.strides.rejection_reason.front());
    return;
  }
  for (const Side side : kSides) {
    const std::size_t count = accepted[static_cast<std::size_t>(side)];
    if (count >= kFewStrides) continue;
    result.warnings.push_back(fmt::format(
        "{} accepted strides on the {} side; {} or more make a mean that can be relied on", count,
        ToString(side), kFewStrides));
  }
  if (detection.from_foot_only + detection.from_pelvis_only > 0) {
    result.warnings.push_back(fmt::format(
        "{} foot strikes were timed by the foot alone and {} by the pelvis alone, where the other "
        "gave no time",
        detection.from_foot_only, detection.from_pelvis_only));
  }
}

}  // namespace

void AnalysisOptions::Validate(double rate_hz) const {
  motion.Validate(rate_hz);
  events.Validate();
  forces.Validate();
  strides.Validate();
  const auto require = [](bool ok, const std::string& text) {
    if (!ok) throw InputError(text);
  };
  require(body.marker_offset >= 0.0 && body.marker_offset < 0.05,
          fmt::format("marker_offset {}: 0 to 0.05 m expected", body.marker_offset));
  const double sd = hip_centre_sd.value_or(0.0);
  require(sd >= 0.0 && sd < 0.05, fmt::format("hip_centre_sd {}: 0 to 0.05 m expected", sd));
  require(contact_time_sd >= 0.0 && contact_time_sd < 0.1,
          fmt::format("contact_time_sd {}: 0 to 0.1 s expected", contact_time_sd));
}

AnalysisOptions AnalysisOptionsOf(const Method& method, const MarkerSet& set) {
  AnalysisOptions options;
  options.method = method.name;
  options.body.convention = method.frames;
  options.body.pelvis_order = method.pelvis_order;
  options.body.joint_order = method.joint_order;
  const bool marked = set.LabelOf("left_hip_centre") && set.LabelOf("right_hip_centre");
  options.body.hip_centre = marked ? HipCentreMethod::kMarker : method.hip_centre;
  options.motion.cutoff_hz = method.cutoff_hz;
  options.motion.max_gap_s = method.max_gap_s;
  return options;
}

AnalysisResult Analyze(const MarkerSet& set, const Recording& run, const Companions& companions,
                       const AnalysisOptions& options, Parallelism parallelism,
                       const WorkControl& control) {
  options.Validate(run.time_base.rate_hz);
  AnalysisResult result;
  const BodyOptions body_options = WithFunctionalJoints(set, companions, options, result);
  const BodyModel body = BuildBodyModel(set, run, companions.standing, body_options);
  Motion motion = ComputeMotion(body, run, options.motion, parallelism, control);

  result.warnings.insert(result.warnings.begin(), body.warnings.begin(), body.warnings.end());
  for (const Segment segment : kSegments) {
    result.quality.push_back(QualityOf(segment, body[segment], motion));
  }
  WarnOfUnevenTime(run.time_base, run.where, result.warnings);
  WarnOfAxes(motion.kinematics, run.where, result.warnings);
  WarnOfQuality(result.quality, run.time_base.frame_count(), result.warnings);

  control.ThrowIfCancelled();
  const EventDetection detection =
      DetectEvents(motion.signals, run.time_base, options.events, options.motion.cutoff_hz);
  result.events = detection.events;
  if (companions.forces != nullptr) TakeForces(run, *companions.forces, options, result);
  result.belt_speed = detection.belt_speed;
  result.kinematics = std::move(motion.kinematics);
  result.kinematics.method = options.method;
  for (const Segment segment : kSegments) {
    if (!body[segment].available()) continue;
    result.kinematics.segments.push_back(std::move(motion.segments[IndexOf(segment)]));
  }
  WarnOfCrossTalk(result);
  control.ThrowIfCancelled();
  RunData data{result.kinematics, run.time_base, result.events, &motion.signals};
  data.cutoff_hz = options.motion.cutoff_hz;
  for (const SegmentRotations& segment : result.kinematics.segments) {
    // A foot bends at its toes and shoulders move: that is no marker which flew off.
    const bool bends = segment.segment.ends_with("_foot") || segment.segment == "trunk";
    if (!bends) data.fits.push_back({segment.segment, segment.residual});
  }
  result.strides = TabulateStrides(data, options.strides, parallelism);
  const SystematicErrors errors =
      SystematicErrorsOf(body, result.quality, result.hip_centre, result.events, options);
  result.summary = Summarize(result.strides, errors);
  result.statistics = DescribeRun(result.strides, errors, parallelism);
  JudgeStrides(detection, result);
  return result;
}

}  // namespace medius::analysis
