#include "analysis/mean_curves.hpp"

#include <cmath>
#include <limits>

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::size_t> AcceptedRows(const StrideTable& strides, Side side) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < strides.stride_count(); ++row) {
    if (strides.side[row] == side && strides.accepted[row] != 0) rows.push_back(row);
  }
  return rows;
}

bool HasAPoint(const StrideCurves& curves, std::size_t row) {
  for (std::size_t i = 0; i < kCurvePoints; ++i) {
    if (!std::isnan(curves.value[row * kCurvePoints + i])) return true;
  }
  return false;
}

void SetPoint(const StrideCurves& curves, const std::vector<std::size_t>& rows, std::size_t point,
              MeanCurve* curve) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const std::size_t row : rows) {
    const double value = curves.value[row * kCurvePoints + point];
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  const double mean = count == 0 ? kNaN : sum / static_cast<double>(count);
  double squares = 0.0;
  for (const std::size_t row : rows) {
    const double value = curves.value[row * kCurvePoints + point];
    if (!std::isnan(value)) squares += (value - mean) * (value - mean);
  }
  curve->mean[point] = mean;
  curve->sd[point] = count < 2 ? kNaN : std::sqrt(squares / static_cast<double>(count - 1));
}

}  // namespace

std::vector<MeanCurve> MeanCurves(const StrideTable& strides) {
  std::vector<MeanCurve> means;
  for (const StrideCurves& curves : strides.curves) {
    for (const Side side : kSides) {
      const std::vector<std::size_t> rows = AcceptedRows(strides, side);
      MeanCurve& curve = means.emplace_back();
      curve.angle = curves.description;
      curve.side = side;
      for (const std::size_t row : rows) curve.n += HasAPoint(curves, row) ? 1U : 0U;
      for (std::size_t point = 0; point < kCurvePoints; ++point) {
        SetPoint(curves, rows, point, &curve);
      }
    }
  }
  return means;
}

}  // namespace medius::analysis
