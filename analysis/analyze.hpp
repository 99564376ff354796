#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/events.hpp"
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
  StrideOptions strides;
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

struct AnalysisResult {
  Kinematics kinematics;
  GaitEvents events;
  StrideTable strides;
  Summary summary;
  RunStatistics statistics;
  std::vector<SegmentQuality> quality;
  double belt_speed = 0.0;  ///< m/s, see EventDetection
  std::vector<std::string> warnings;
  /// Why there are no strides, as a sentence; empty where there are. The kinematics stand all the
  /// same.
  std::string not_computed;
};

/// From labelled trajectories to angles, events, strides and their summary.
///
/// @param standing  nullptr: none; then hip and knee only where the run has the landmarks, and
///                  nothing relative to standing.
/// @return the same bits for any number of threads.
/// @throws InputError as BuildBodyModel and Validate; Cancelled.
[[nodiscard]] AnalysisResult Analyze(const MarkerSet& set, const Recording& run,
                                     const Recording* standing, const AnalysisOptions& options,
                                     Parallelism parallelism, const WorkControl& control);

}  // namespace medius::analysis
