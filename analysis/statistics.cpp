#include "analysis/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "analysis/distributions.hpp"
#include "core/check.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

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

constexpr std::size_t kMaxPoints = 200;

std::vector<double> PairwiseSlopes(std::span<const double> x, std::span<const double> y) {
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
  return slopes;
}

// The value of that rank, from 0; reorders.
double Ranked(std::vector<double>& values, std::size_t rank) {
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

// Ranks from 1; equal values share the mean of theirs.
std::vector<double> MidRanks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&values](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> rank(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double shared = 0.5 * static_cast<double>(first + 1 + end);
    for (; first < end; ++first) rank[order[first]] = shared;
  }
  return rank;
}

}  // namespace

double StudentT95(std::size_t degrees_of_freedom) {
  if (degrees_of_freedom == 0) return std::numeric_limits<double>::infinity();
  return StudentQuantile(0.975, static_cast<double>(degrees_of_freedom));
}

double MeanOf(std::span<const double> values) {
  if (values.empty()) return kNaN;
  double sum = 0.0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

double StandardDeviationOf(std::span<const double> values) {
  if (values.size() < 2) return kNaN;
  const double mean = MeanOf(values);
  double sum = 0.0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double MedianOf(std::span<const double> values) {
  if (values.empty()) return kNaN;
  std::vector<double> sorted(values.begin(), values.end());
  const std::size_t half = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return Ranked(sorted, half);
  return 0.5 * (Ranked(sorted, half - 1) + Ranked(sorted, half));
}

Slope TheilSen(std::span<const double> x, std::span<const double> y) {
  MEDIUS_CHECK(x.size() == y.size(), "as many x as y");
  std::vector<double> slopes = PairwiseSlopes(x, y);
  if (slopes.empty()) return {kNaN, kNaN, kNaN};
  constexpr double kNormal95 = 1.959963984540054;
  const auto n = static_cast<double>(std::min(x.size(), kMaxPoints));
  const auto count = static_cast<double>(slopes.size());
  const double reach = kNormal95 * std::sqrt(n * (n - 1.0) * (2.0 * n + 5.0) / 18.0);
  // Ranks count from 1: the M1-th and the (M2 + 1)-th of the slopes.
  const double low = std::floor((count - reach) / 2.0);
  const double high = std::ceil((count + reach) / 2.0) + 1.0;
  Slope slope{0.0, -kInfinity, kInfinity};
  if (low >= 1.0) slope.ci_low = Ranked(slopes, static_cast<std::size_t>(low) - 1);
  if (high <= count) slope.ci_high = Ranked(slopes, static_cast<std::size_t>(high) - 1);
  slope.value = MedianOf(slopes);
  return slope;
}

double TheilSenSlope(std::span<const double> x, std::span<const double> y) {
  return TheilSen(x, y).value;
}

ChangePoint PettittTest(std::span<const double> values) {
  ChangePoint change;
  const std::size_t count = values.size();
  if (count < 2) return change;
  const std::vector<double> rank = MidRanks(values);
  const auto n = static_cast<double>(count);
  double sum = 0.0;
  double greatest = 0.0;
  for (std::size_t t = 1; t < count; ++t) {
    sum += rank[t - 1];
    // Equation 2.3 by ranks: U_t = 2 sum_{i <= t} R_i - t (n + 1).
    const double u = std::abs(2.0 * sum - static_cast<double>(t) * (n + 1.0));
    if (u <= greatest) continue;
    greatest = u;
    change.first_after = t;
  }
  change.p_value = std::min(1.0, 2.0 * std::exp(-6.0 * greatest * greatest / (n * n * n + n * n)));
  return change;
}

}  // namespace medius::analysis
