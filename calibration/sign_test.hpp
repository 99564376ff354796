#pragma once

#include <cstddef>
#include <cstdint>

#include <Eigen/Core>

namespace medius::calibration {

inline constexpr int kSignChanges = 499;

/// Neighbouring views that change their sign together: the cube root of their number.
/// Source: Kuensch, The jackknife and the bootstrap for general stationary observations, Annals of
/// Statistics 1989.
std::size_t ViewsOfBlock(std::size_t views);

/// A sum of parts that are symmetric about zero under the null hypothesis.
struct SignTest {
  double excess = 0.0;  ///< |sum|^2 less its mean over all sign changes of the parts
  double p = 1.0;       ///< share of kSignChanges random ones, and the one seen, with as much
};

/// @param parts  [parts, dimensions]; the statistic is the squared length of the sum of the rows.
/// Source: Winkler et al., Permutation inference for the general linear model, NeuroImage 2014.
SignTest TestSigns(const Eigen::MatrixXd& parts);

}  // namespace medius::calibration
