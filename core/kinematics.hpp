#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/events.hpp"

namespace medius {

/// What a column of numbers means: the one source of names, units and signs for files, tables and
/// pages. The unit is that in memory and in the file (SI): "rad", "s", "m", "1/min", "" for none.
struct QuantityDescription {
  std::string name;  ///< snake_case without a unit, e.g. "pelvis_obliquity"
  std::string unit;
  std::string definition;  ///< one sentence: what, sign, how
};

/// One angle over all frames of a trial.
struct AngleSeries {
  QuantityDescription description;
  std::vector<double> value;  ///< [T] radians, NaN where it could not be computed
  std::vector<float> sigma;   ///< [T] radians, 1 sd of measurement; empty where unknown
};

/// How one segment was turned in space in every frame, from which angles of any order can be
/// derived, and how well its markers kept their shape.
struct SegmentRotations {
  std::string segment;          ///< "pelvis", "left_thigh", ...
  std::vector<float> rotation;  ///< [T, 4] lab_from_segment as a unit quaternion w x y z, w >= 0
  std::vector<float> residual;  ///< [T] metres, rms over the markers fitted
  std::vector<std::uint8_t> flagged;  ///< [T] 1 where the residual is above three times the median
};

struct Kinematics {
  std::vector<AngleSeries> angles;
  /// The segments that could be had; NaN in the frames without a pose. Empty in older files.
  std::vector<SegmentRotations> segments = {};
  /// Name of the method whose definitions these are; empty where unknown.
  std::string method = {};
  [[nodiscard]] const AngleSeries* Find(std::string_view name) const;
};

inline constexpr std::size_t kCurvePoints = 101;

/// One metric over all strides.
struct StrideColumn {
  QuantityDescription description;
  std::vector<double> value;  ///< [S], NaN where it could not be computed
  /// [S], 1 sd that the markers' noise causes, NaN where not known; empty: of none. Not in files.
  std::vector<float> sigma = {};
};

/// One angle over all strides, each from foot strike (0 %) to the next of that side (100 %).
struct StrideCurves {
  QuantityDescription description;
  std::vector<float> value;  ///< [S, kCurvePoints] radians
};

/// One row a stride.
struct StrideTable {
  std::vector<Side> side;
  std::vector<double> start;    ///< foot strike, seconds
  std::vector<double> toe_off;  ///< seconds
  std::vector<double> end;      ///< next foot strike of that side, seconds
  std::vector<std::uint8_t> accepted;
  std::vector<std::string> rejection_reason;  ///< empty where accepted
  std::vector<StrideColumn> metrics;
  std::vector<StrideCurves> curves;

  [[nodiscard]] std::size_t stride_count() const { return side.size(); }
  [[nodiscard]] const StrideColumn* FindMetric(std::string_view name) const;
};

/// One metric of one side over the accepted strides of a trial.
struct SummaryRow {
  QuantityDescription metric;
  Side side = Side::kLeft;
  double mean = 0.0;
  double sd = 0.0;  ///< stride to stride
  std::size_t n = 0;
  /// 95 % interval of the mean: stride-to-stride spread and measurement_sigma together.
  double ci_low = 0.0;
  double ci_high = 0.0;
  double trend_per_minute = 0.0;   ///< slope over the run
  double measurement_sigma = 0.0;  ///< 1 sd of the mean that more strides do not reduce
  double median = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< sd / sqrt(n)
  /// 1 sd of one stride's value that the markers' noise causes, rms over the strides; it is part of
  /// sd. NaN where it is not known.
  double noise_sigma = std::numeric_limits<double>::quiet_NaN();
};

using Summary = std::vector<SummaryRow>;

}  // namespace medius
