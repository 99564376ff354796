#include "calibration/sign_test.hpp"

#include <algorithm>
#include <cmath>

namespace medius::calibration {
namespace {

// Signs without a state: the same for every build and number of threads.
// Source: Steele et al., Fast splittable pseudorandom number generators (SplitMix64), 2014.
double SignOf(std::uint64_t change, std::uint64_t part) {
  std::uint64_t z = (change * 0x100000001B3ULL + part + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return ((z ^ (z >> 31U)) & 1U) != 0 ? 1.0 : -1.0;
}

}  // namespace

std::size_t ViewsOfBlock(std::size_t views) {
  return static_cast<std::size_t>(std::max(1L, std::lround(std::cbrt(static_cast<double>(views)))));
}

SignTest TestSigns(const Eigen::MatrixXd& parts) {
  SignTest test;
  if (parts.rows() < 2 || parts.cols() == 0) return test;
  const double seen = parts.colwise().sum().squaredNorm();
  test.excess = seen - parts.squaredNorm();
  int as_much = 0;
  Eigen::VectorXd sign(parts.rows());
  for (int change = 0; change < kSignChanges; ++change) {
    for (Eigen::Index part = 0; part < sign.size(); ++part) {
      sign[part] = SignOf(static_cast<std::uint64_t>(change), static_cast<std::uint64_t>(part));
    }
    // Rounding must not decide where all signs happen to be alike.
    if ((parts.transpose() * sign).squaredNorm() >= seen * (1.0 - 1e-12)) ++as_much;
  }
  test.p = (1.0 + as_much) / (1.0 + kSignChanges);
  return test;
}

}  // namespace medius::calibration
