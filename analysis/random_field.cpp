#include "analysis/random_field.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "analysis/distributions.hpp"
#include "core/check.hpp"

namespace medius::analysis {
namespace {

constexpr double kFourLogTwo = 4.0 * std::numbers::ln2;

// Gradient along the field: central differences, one-sided at the ends.
double Gradient(std::span<const double> row, std::size_t node) {
  if (row.size() < 2) return 0.0;
  if (node == 0) return row[1] - row[0];
  if (node + 1 == row.size()) return row[node] - row[node - 1];
  return 0.5 * (row[node + 1] - row[node - 1]);
}

// P(the extent of one cluster above u >= extent): Friston 1994, equation 12, in one dimension, its
// mean extent (nodes above u over clusters) counted in resels.
double ExtentTail(const RandomField& field, double u, double extent) {
  const double above = StudentUpperTail(u, field.degrees_of_freedom);
  const double mean_extent = field.resels() * above / field.ExpectedClusters(u);
  const double root = std::tgamma(1.5) * extent / mean_extent;
  return std::exp(-root * root);
}

// P(N >= count) of a Poisson distribution.
double PoissonTail(double mean, std::size_t count) {
  double term = std::exp(-mean);
  double below = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    below += term;
    term *= mean / static_cast<double>(i + 1);
  }
  return std::max(0.0, 1.0 - below);
}

}  // namespace

double RandomField::ExpectedClusters(double u) const {
  // Worsley 1996, table 2: densities of t in zero and one dimension.
  const double n = degrees_of_freedom;
  const double ec0 = StudentUpperTail(u, n);
  const double ec1 = std::sqrt(kFourLogTwo) / (2.0 * std::numbers::pi) *
                     std::pow(1.0 + u * u / n, -0.5 * (n - 1.0));
  return ec0 + resels() * ec1;
}

double RandomField::MaximumProbability(double u) const {
  return -std::expm1(-ExpectedClusters(u));
}

double RandomField::Threshold(double alpha) const {
  MEDIUS_CHECK(alpha > 0.0 && alpha < 1.0, "a level between 0 and 1");
  // Below 0 the expected number of clusters is no probability any more.
  double low = 0.0;
  double high = 8.0;
  while (MaximumProbability(high) > alpha && high < 1e12) high *= 2.0;
  for (int step = 0; step < 200; ++step) {
    const double middle = 0.5 * (low + high);
    (MaximumProbability(middle) > alpha ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double RandomField::ClusterProbability(double u, double extent) const {
  return -std::expm1(-ExpectedClusters(u) * ExtentTail(*this, u, extent));
}

double RandomField::SetProbability(double u, std::size_t clusters, double extent,
                                   int directions) const {
  return PoissonTail(directions * ExpectedClusters(u) * ExtentTail(*this, u, extent), clusters);
}

double EstimateFwhm(std::span<const double> residuals, std::size_t nodes) {
  MEDIUS_CHECK(nodes > 0 && residuals.size() % nodes == 0, "whole rows of residuals");
  const std::size_t rows = residuals.size() / nodes;
  double sum = 0.0;
  std::size_t count = 0;
  for (std::size_t node = 0; node < nodes; ++node) {
    double square = 0.0;
    double gradient_square = 0.0;
    for (std::size_t i = 0; i < rows; ++i) {
      const std::span<const double> row = residuals.subspan(i * nodes, nodes);
      const double gradient = Gradient(row, node);
      square += row[node] * row[node];
      gradient_square += gradient * gradient;
    }
    if (!(square > 0.0)) continue;
    sum += std::sqrt(gradient_square / square / kFourLogTwo);
    ++count;
  }
  if (count == 0 || sum == 0.0) return std::numeric_limits<double>::infinity();
  return static_cast<double>(count) / sum;
}

}  // namespace medius::analysis
