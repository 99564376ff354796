#pragma once

#include <cstdint>
#include <vector>

#include "calibration/bundle.hpp"
#include "calibration/reduced_normal.hpp"
#include "core/parallel.hpp"

namespace medius::calibration {

/// Squared length of each residual in units of its own predicted covariance: sigma^2 (1 - J C J^T)
/// for a sighting that was used, sigma^2 (1 + J C J^T) for one that was not, with C the covariance
/// of all that its pixel depends on. So a corner that pulls its board hard is not excused, and one
/// whose board is badly known is not blamed. Infinite where it cannot be predicted.
///
/// @param inverse  covariance of the cameras for unit sigma.
/// @return [sightings]
std::vector<double> StandardizedSquares(const BundleData& data,
                                        const std::vector<std::uint8_t>& use, const RigState& state,
                                        const ReducedNormal& normal, const Eigen::MatrixXd& inverse,
                                        double sigma, Parallelism parallelism);

/// Squared standardized length above which a sighting is an outlier: that which a sighting of
/// Gaussian noise exceeds `expected_false_alarms` times in `count`, for two coordinates
/// 2 ln(count / expected_false_alarms).
double OutlierLimit(std::size_t count, double expected_false_alarms);

/// Which sightings to use, by the limit. A pose that is left with fewer than
/// BundlePose::fewest, or after an outlier with fewer than 4, is not used at all.
std::vector<std::uint8_t> UseBelow(const BundleData& data, const std::vector<double>& squares,
                                   double limit);

/// Robust sd of a residual's coordinate: the median length over that of a Rayleigh distribution.
/// @param use  [sightings] those to look at.
double RobustSigma(const BundleData& data, const std::vector<std::uint8_t>& use,
                   const RigState& state, Parallelism parallelism);

}  // namespace medius::calibration
