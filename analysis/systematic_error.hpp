#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "analysis/stride_metrics.hpp"
#include "core/events.hpp"

namespace medius::analysis {

/// An error that more strides do not average away. Radians or seconds.
struct SystematicPart {
  double sigma = 0.0;       ///< 1 sd
  double half_width = 0.0;  ///< of its 95 % interval: more than 1.96 sigma where sigma is a guess

  /// Of a known sd: 1.96 sigma.
  [[nodiscard]] static SystematicPart Known(double sigma);
  /// Of an sd that was estimated from so many degrees of freedom: Student's t times sigma.
  [[nodiscard]] static SystematicPart Estimated(double sigma, double degrees_of_freedom);
  [[nodiscard]] SystematicPart Times(double factor) const {
    return {factor * sigma, factor * half_width};
  }
  /// Of two independent parts together.
  [[nodiscard]] SystematicPart With(const SystematicPart& other) const;
};

/// How far a segment's rotation is wrong since its markers do not stay on the bone, about its axes
/// (anterior, superior, right). Radians.
struct SegmentError {
  std::string segment;                         ///< "pelvis", "left_thigh", ...
  std::array<SystematicPart, 3> whole = {};    ///< in every stride alike
  std::array<SystematicPart, 3> varying = {};  ///< the part of it that changes within a stride
};

/// What more strides do not average away.
struct SystematicErrors {
  std::vector<SegmentError> segments;
  std::array<SystematicPart, 2> hip_centre;  ///< by Side: its place, on the thigh's direction
  SystematicPart contact_time;               ///< of the event detectors, seconds
};

/// The systematic error of a metric's mean, in two parts by what happens to right less left.
struct MetricError {
  SystematicPart own;      ///< independent between the sides
  SystematicPart opposed;  ///< as much on one side as the other, with the other sign
  SystematicPart common;   ///< the same on both sides

  [[nodiscard]] SystematicPart Total() const { return own.With(opposed).With(common); }
};

/// Of an angle the errors of its two segments about the axis it turns on: whole for what is read at
/// one moment; for a difference of two moments the varying part twice, and what is constant not at
/// all. The pelvis' (and trunk's) error opposes itself between the sides in the frontal and
/// transverse plane: a pelvis that seems tipped to the left adds to the drop on one leg what it
/// takes from the other. Contact time and what hangs on it: that of the detectors; stride time and
/// cadence: none, since the detectors' offset is the same at both strikes. Positions: none.
/// @param mean_stride_time  seconds, for the duty factor.
[[nodiscard]] MetricError SystematicErrorOf(const MetricDefinition& metric, Side side,
                                            const SystematicErrors& errors,
                                            double mean_stride_time);

}  // namespace medius::analysis
