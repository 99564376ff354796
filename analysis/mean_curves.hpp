#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "core/events.hpp"
#include "core/kinematics.hpp"

namespace medius::analysis {

/// One angle over the stride, of the accepted strides of one side; radians.
struct MeanCurve {
  QuantityDescription angle;
  Side side = Side::kLeft;
  std::size_t n = 0;                           ///< strides that have a point of it
  std::array<double, kCurvePoints> mean = {};  ///< NaN where no stride has the point
  std::array<double, kCurvePoints> sd = {};    ///< stride to stride; NaN for fewer than two
};

/// Each angle of the table over the strides of each side, point by point over those strides that
/// have the point; angles in the order of the table, left before right.
[[nodiscard]] std::vector<MeanCurve> MeanCurves(const StrideTable& strides);

}  // namespace medius::analysis
