#pragma once

#include <array>
#include <string_view>

#include "core/kinematics.hpp"

namespace medius::analysis {

/// What more strides do not average away, 1 sd each. Radians and seconds.
struct SystematicSigma {
  double obliquity = 0.0;                    ///< the pelvis' markers do not stay on the pelvis
  double obliquity_varying = 0.0;            ///< the part of it that changes within a stride
  std::array<double, 2> hip_adduction = {};  ///< by Side: of pelvis and thigh markers
  std::array<double, 2> hip_adduction_varying = {};  ///< by Side
  std::array<double, 2> hip_centre = {};  ///< by Side: the hip centre's place, on adduction
  double contact_time = 0.0;              ///< of the event detectors, seconds
};

/// 1 sd of a metric's mean that more strides do not reduce. A difference of two moments of a stride
/// (an excursion) has the varying part of the markers' movement twice and what is constant not at
/// all. Stride time and cadence: 0, since the detectors' offset is the same at both strikes.
/// @param mean_stride_time  seconds, for the duty factor.
[[nodiscard]] double MeasurementSigma(std::string_view metric, Side side,
                                      const SystematicSigma& systematic, double mean_stride_time);

/// One row for each side and metric over the accepted strides that have it: mean, sd, n, the 95 %
/// interval of the mean and the Theil-Sen trend over the time of foot strike.
///
/// The interval's half width is sqrt((t sd / sqrt(n))^2 + (1.96 measurement_sigma)^2), t of Student
/// for n - 1. NaN where it cannot be had: mean for n = 0, sd, interval and trend for n < 2.
[[nodiscard]] Summary Summarize(const StrideTable& strides, const SystematicSigma& systematic);

}  // namespace medius::analysis
