#pragma once

#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/motion.hpp"
#include "core/events.hpp"
#include "core/kinematics.hpp"
#include "core/parallel.hpp"
#include "core/time_base.hpp"

namespace medius::analysis {

/// Which strides count. Those that do not stay in the table with the reason.
struct StrideOptions {
  double min_stride_s = 0.5;    ///< of running; seconds
  double max_stride_s = 1.0;    ///< seconds
  double min_contact_s = 0.15;  ///< seconds
  double max_contact_s = 0.45;  ///< seconds
  /// Largest deviation of a stride's time from its side's median, part of it.
  double stride_time_tolerance = 0.15;
  /// A stride whose curve lies farther (rms, from the median curve) than median + this many scaled
  /// median absolute deviations + outlier_floor is an outlier.
  double outlier_deviations = 4.0;
  double outlier_floor = 0.0087266462599716477;    ///< radians: 0.5 degrees
  double max_hip_extension = 0.78539816339744831;  ///< radians: 45 degrees
  double max_frontal_angle = 0.61086523819801530;  ///< radians: 35 degrees; hip and pelvis
  /// How much worse than the run's usual fits a segment's markers may fit it in a stride; metres. See
  /// RejectStrides.
  double lost_shape_residual = 0.005;
  /// Strikes of one side farther apart than this are not one stride but a hole; seconds.
  double longest_row_s = 3.0;

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// How well the markers of a segment kept their shape, in every frame.
struct SegmentFit {
  std::string_view segment;    ///< "pelvis", "left_thigh", ...
  std::span<const float> rms;  ///< [T] metres, NaN where not fitted
};

/// What strides are made from. Holds references: for the length of a call.
struct RunData {
  const Kinematics& kinematics;
  const TimeBase& time_base;
  const GaitEvents& events;
  /// nullptr: none; then there are no metrics of positions and mixed-up sides are not seen.
  const EventSignals* signals = nullptr;
  std::vector<SegmentFit> fits = {};  ///< of the segments that there are
  double cutoff_hz = 0.0;  ///< of the markers' filter, for the noise of the metrics; 0: none
};

/// Where a stride lies: frame indices with a fraction, NaN where the event is missing or beyond the
/// frames.
struct StridePlaces {
  double strike = std::numeric_limits<double>::quiet_NaN();
  double toe_off = std::numeric_limits<double>::quiet_NaN();
  double next = std::numeric_limits<double>::quiet_NaN();
};

/// One row for each foot strike and the next of that side, sorted by start, with the curves of all
/// angles (101 points, cubic between frames; NaN beside gaps) and the metrics of StrideMetrics()
/// that the run has the angle or positions for.
///
/// A stride is accepted unless something speaks against it; see RejectStrides. Angles that the
/// whole trial lacks are not held against a stride.
/// @return the same bits for any number of threads.
/// @throws InputError as StrideOptions::Validate.
[[nodiscard]] StrideTable TabulateStrides(const RunData& run, const StrideOptions& options,
                                          Parallelism parallelism = Parallelism(1));

}  // namespace medius::analysis
