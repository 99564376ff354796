#pragma once

#include "core/events.hpp"
#include "core/kinematics.hpp"
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
  /// Strikes of one side farther apart than this are not one stride but a hole; seconds.
  double longest_row_s = 3.0;

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// One row for each foot strike and the next of that side, sorted by start, with the curves of all
/// angles (101 points, cubic between frames; NaN beside gaps) and the metrics:
/// contralateral_pelvic_drop_peak, _relative, _excursion, hip_adduction_peak, _excursion,
/// stride_time, contact_time, cadence, duty_factor. Peaks are over stance, those of the hip over
/// its first 60 %.
///
/// A stride is accepted unless: it has no toe off; stride or contact time is out of range; pelvis
/// or hip are missing in stance; an angle is beyond what a body does; or a curve is an outlier.
/// Angles that the whole trial lacks are not held against a stride.
[[nodiscard]] StrideTable TabulateStrides(const Kinematics& kinematics, const TimeBase& time_base,
                                          const GaitEvents& events, const StrideOptions& options);

}  // namespace medius::analysis
