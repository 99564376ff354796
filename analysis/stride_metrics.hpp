#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"
#include "core/kinematics.hpp"

namespace medius::analysis {

/// What is taken of an angle, or which time, length or speed a metric is.
enum class Measure {
  // Of an angle, over a span of stance or of the stride:
  kPeak,       ///< greatest value
  kExcursion,  ///< greatest value less that at foot strike
  kPeakTime,   ///< when the greatest value is, percent of stance
  kValue,      ///< at the beginning of the span
  kMean,       ///< over the span
  kRange,      ///< greatest less least
  // Of events:
  kStrideTime,
  kStepTime,
  kContactTime,
  kSwingTime,
  kFlightTime,
  kCadence,
  kDutyFactor,
  // Of positions:
  kStepWidth,
  kHeelToMidline,
  kCrossover,
  kVerticalOscillation,
  kBeltSpeed,
};

/// Which way round an angle is read.
enum class AngleSign {
  kAsIs,
  kNegative,
  /// As it is for a right stride and its negative for a left one: what rises on the right, drops on
  /// the left.
  kOwnSide,
};

/// One column of the table of strides: all that its name, unit, sign and computation are.
/// docs/methods.md is checked against these.
struct MetricDefinition {
  QuantityDescription description;
  std::string source;  ///< who defined it so; empty: the word itself
  Measure measure = Measure::kPeak;
  std::string angle;  ///< "<side>" stands for the stride's side; empty where it is of no angle
  AngleSign sign = AngleSign::kAsIs;
  /// Span in parts of stance (0 foot strike, 1 toe off), or of the stride.
  double from = 0.0;
  double to = 1.0;
  bool of_stride = false;

  [[nodiscard]] std::string AngleOf(Side side) const;
  [[nodiscard]] bool IsOfAngle() const { return !angle.empty(); }
  /// A difference of two moments: what is constant in the angle's error cancels.
  [[nodiscard]] bool IsDifference() const {
    return measure == Measure::kExcursion || measure == Measure::kRange;
  }
};

/// In the order of the table's columns.
[[nodiscard]] const std::vector<MetricDefinition>& StrideMetrics();
/// nullptr where there is none of that name.
[[nodiscard]] const MetricDefinition* FindStrideMetric(std::string_view name);

}  // namespace medius::analysis
