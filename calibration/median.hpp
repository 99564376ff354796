#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "core/check.hpp"

namespace medius::calibration {

/// The upper median of N >= 1 values.
inline double Median(std::vector<double> values) {
  MEDIUS_CHECK(!values.empty(), "a median of something");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The median of each coordinate of N >= 1 vectors.
template <int kRows>
Eigen::Matrix<double, kRows, 1> MedianOfVectors(
    const std::vector<Eigen::Matrix<double, kRows, 1>>& all) {
  Eigen::Matrix<double, kRows, 1> median;
  for (int row = 0; row < kRows; ++row) {
    std::vector<double> values;
    values.reserve(all.size());
    for (const auto& value : all) values.push_back(value[row]);
    median[row] = Median(std::move(values));
  }
  return median;
}

}  // namespace medius::calibration
