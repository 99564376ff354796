#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "core/kinematics.hpp"

namespace medius::analysis {

/// An error that more strides do not average away. Radians or seconds.
struct SystematicPart {
  double sigma = 0.0;       ///< 1 sd
  double half_width = 0.0;  ///< of its 95 % interval: more than 1.96 sigma where sigma is a guess

  /// Of a known sd: 1.96 sigma.
  [[nodiscard]] static SystematicPart Known(double sigma);
  /// Of an sd that was estimated from so many degrees of freedom: Student's t times sigma.
  [[nodiscard]] static SystematicPart Estimated(double sigma, std::size_t degrees_of_freedom);
  [[nodiscard]] SystematicPart Times(double factor) const {
    return {factor * sigma, factor * half_width};
  }
  /// Of two independent parts together.
  [[nodiscard]] SystematicPart With(const SystematicPart& other) const;
};

/// What more strides do not average away.
struct SystematicErrors {
  SystematicPart obliquity;                     ///< the pelvis' markers do not stay on the pelvis
  SystematicPart obliquity_varying;             ///< the part of it that changes within a stride
  std::array<SystematicPart, 2> hip_adduction;  ///< by Side: of pelvis and thigh markers
  std::array<SystematicPart, 2> hip_adduction_varying;  ///< by Side
  std::array<SystematicPart, 2> hip_centre;  ///< by Side: the hip centre's place, on adduction
  SystematicPart contact_time;               ///< of the event detectors, seconds
};

/// The part of a metric's mean that more strides do not reduce. A difference of two moments of a
/// stride (an excursion) has the varying part of the markers' movement twice and what is constant
/// not at all. Stride time and cadence: none, since the detectors' offset is the same at both
/// strikes.
/// @param mean_stride_time  seconds, for the duty factor.
[[nodiscard]] SystematicPart SystematicPartOf(std::string_view metric, Side side,
                                              const SystematicErrors& errors,
                                              double mean_stride_time);

/// One row for each side and metric over the accepted strides that have it: mean, sd, n, the 95 %
/// interval of the mean and the Theil-Sen trend over the time of foot strike.
///
/// The interval's half width is sqrt((t sd / sqrt(n))^2 + h^2), t of Student for n - 1 and h that
/// of the systematic part. NaN where it cannot be had: mean for n = 0, sd, interval and trend
/// for n < 2.
[[nodiscard]] Summary Summarize(const StrideTable& strides, const SystematicErrors& errors);

}  // namespace medius::analysis
