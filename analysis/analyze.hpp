#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "analysis/events.hpp"
#include "analysis/force_events.hpp"
#include "analysis/functional_trial.hpp"
#include "analysis/method.hpp"
#include "analysis/motion.hpp"
#include "analysis/recording.hpp"
#include "analysis/strides.hpp"
#include "core/events.hpp"
#include "core/kinematics.hpp"
#include "core/marker_set.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/run_statistics.hpp"

namespace medius::analysis {

/// Everything that decides a result.
struct AnalysisOptions {
  /// The name that results of these definitions carry: see Method, and AnalysisOptionsOf.
  std::string method = "medius";
  BodyOptions body;
  MotionOptions motion;
  EventOptions events;
  ForceEventOptions forces;
  StrideOptions strides;
  /// The knee's axis by the functional trial (SARA) in place of the epicondyles'.
  bool functional_knee_axis = false;
  FunctionalGates gates;
  /// 1 sd of the hip centre's place, metres; nullopt: what is known of its method (HipCentreSd).
  std::optional<double> hip_centre_sd;
  /// 1 sd of contact time, seconds: measured against force plates, docs/methods.md.
  double contact_time_sd = 0.008;

  /// @throws InputError that names the field that is out of range.
  void Validate(double rate_hz) const;
};

/// The options that a method stands for. A marker set that names both hip centres
/// (`<side>_hip_centre`) has them used in place of the method's equation.
[[nodiscard]] AnalysisOptions AnalysisOptionsOf(const Method& method, const MarkerSet& set);

/// How well a segment's markers kept their shape.
struct SegmentQuality {
  Segment segment = Segment::kPelvis;
  std::size_t markers = 0;  ///< that track it; 0 where it could not be had
  std::size_t frames_fitted = 0;
  std::size_t frames_flagged = 0;  ///< residual above three times the run's median
  double median_rms = 0.0;         ///< metres; NaN without a fitted frame
  SegmentDeformation deformation;
};

/// What was recorded beside the run.
struct Companions {
  /// nullptr: none; then hip and knee only where the run has the landmarks, and nothing relative to
  /// standing.
  const Recording* standing = nullptr;
  const Recording* functional = nullptr;  ///< a trial in which hips and knees are moved
  const ForceRecording* forces = nullptr;

  // NOLINTNEXTLINE(google-explicit-constructor): most runs have a standing trial alone
  Companions(const Recording* standing_trial = nullptr) : standing(standing_trial) {}
};

struct AnalysisResult {
  Kinematics kinematics;
  GaitEvents events;
  StrideTable strides;
  Summary summary;
  RunStatistics statistics;
  std::vector<SegmentQuality> quality;
  double belt_speed = 0.0;  ///< m/s, see EventDetection
  /// By Side: the method that gave the hip centre, which is not the one asked for where a
  /// functional trial does not serve.
  std::array<HipCentreMethod, 2> hip_centre = {};
  std::array<bool, 2> functional_knee_axis = {};  ///< by Side: whether SARA's axis is used
  std::optional<FunctionalJoints> functional;     ///< as measured; nullopt: no functional trial
  std::optional<ForceEvents> forces;              ///< its events are moved to `events`
  std::array<double, 2> knee_cross_talk = {};     ///< by Side, see KneeCrossTalk
  std::vector<std::string> warnings;
  /// Why there are no strides, as a sentence; empty where there are. The kinematics stand all the
  /// same.
  std::string not_computed;
};

/// From labelled trajectories to angles, events, strides and their summary.
///
/// @return the same bits for any number of threads.
/// @throws InputError as BuildBodyModel and Validate; Cancelled.
[[nodiscard]] AnalysisResult Analyze(const MarkerSet& set, const Recording& run,
                                     const Companions& companions, const AnalysisOptions& options,
                                     Parallelism parallelism, const WorkControl& control);

}  // namespace medius::analysis
