#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace medius::reconstruct {

/// Median, the upper one of an even number; NaN where there is none. All values are numbers.
[[nodiscard]] inline double Median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace medius::reconstruct
