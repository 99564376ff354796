#include "analysis/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "core/check.hpp"

namespace medius::analysis {
namespace {

// P(-t < T < t), Abramowitz & Stegun 26.7.3 (odd) and 26.7.4 (even).
double CentralProbability(double t, std::size_t n) {
  const double theta = std::atan(t / std::sqrt(static_cast<double>(n)));
  const double c = std::cos(theta);
  const bool odd = n % 2 == 1;
  double sum = 0.0;
  double term = odd ? c : 1.0;
  for (std::size_t k = odd ? 3 : 2; k <= n; k += 2) {
    sum += term;
    const auto power = static_cast<double>(k);
    term *= c * c * (power - 1.0) / power;
  }
  const double series = std::sin(theta) * sum;
  return odd ? 2.0 / std::numbers::pi * (theta + series) : series;
}

// Means of equal groups of neighbours.
std::vector<double> GroupMeans(std::span<const double> values, std::size_t groups) {
  std::vector<double> means;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t begin = g * values.size() / groups;
    const std::size_t end = (g + 1) * values.size() / groups;
    double sum = 0.0;
    for (std::size_t i = begin; i < end; ++i) sum += values[i];
    means.push_back(sum / static_cast<double>(end - begin));
  }
  return means;
}

}  // namespace

double StudentT95(std::size_t degrees_of_freedom) {
  if (degrees_of_freedom == 0) return std::numeric_limits<double>::infinity();
  const std::size_t n = std::min<std::size_t>(degrees_of_freedom, 2000);
  double low = 1.9;
  double high = 13.0;  // 12.706 for one
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (CentralProbability(middle, n) < 0.95 ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double TheilSenSlope(std::span<const double> x, std::span<const double> y) {
  MEDIUS_CHECK(x.size() == y.size(), "as many x as y");
  constexpr std::size_t kMaxPoints = 500;
  const std::size_t groups = std::min(x.size(), kMaxPoints);
  const std::vector<double> gx = GroupMeans(x, groups);
  const std::vector<double> gy = GroupMeans(y, groups);
  std::vector<double> slopes;
  slopes.reserve(groups * (groups + 1) / 2);
  for (std::size_t i = 0; i < groups; ++i) {
    for (std::size_t j = i + 1; j < groups; ++j) {
      if (gx[j] != gx[i]) slopes.push_back((gy[j] - gy[i]) / (gx[j] - gx[i]));
    }
  }
  if (slopes.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  if (slopes.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(slopes.begin(), middle));
}

}  // namespace medius::analysis
