#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "calibration/bundle.hpp"
#include "calibration/reduced_normal.hpp"
#include "core/parallel.hpp"

namespace medius::calibration {

/// What the sightings themselves say of the covariance of the cameras, however the errors within
/// an instant, or within a run of instants, hang together.
struct ClusteredCovariance {
  /// [size, size] for unit sigma: the inverse as it was handed in where the errors look
  /// independent.
  Eigen::MatrixXd matrix;
  /// Variance of the parameters over what independent errors would give them, in the mean over all
  /// directions that are free; 1 where no more than chance.
  double inflation = 1.0;
  std::size_t instants = 1;  ///< poses taken together as one cluster
  std::size_t clusters = 0;
};

/// Covariance of the cameras where sightings of one instant err together: cameras that do not
/// expose at one time see a moving board displaced as a whole, and so do they in the next instant,
/// while the board still moves the same way. 70 corners that err together say no more than one.
///
/// With C the inverse of the reduced normal equations and s_k the part of their score that cluster
/// k adds, the inflation is sum s_k^T C s_k over its expectation for independent errors,
/// sigma^2 sum (tr(C A_k) - tr((C A_k)^2)), A_k being the cluster's part of the normal equations.
/// Where that exceeds 1 by more than 4 of its sd (sqrt(2 sum tr((C A_k)^2)) / n), the covariance is
/// the sandwich C (sum s_k s_k^T) C (Liang & Zeger 1986, doi 10.1093/biomet/73.1.13), drawn towards
/// inflation C as far as there are fewer clusters than parameters: with weights clusters and n.
/// Clusters are doubled, up to 1/16 of all poses, as long as that raises the inflation: errors of
/// neighbouring instants hang together too.
///
/// @param use      [sightings] those that were adjusted, at their least squares.
/// @param inverse  [size, size] as InvertFree gives it, zero where held.
/// @param sigma    of a standardized residual.
ClusteredCovariance EstimateClusteredCovariance(const BundleData& data,
                                                const std::vector<std::uint8_t>& use,
                                                const RigState& state, const ReducedNormal& normal,
                                                const Eigen::MatrixXd& inverse, double sigma,
                                                Parallelism parallelism);

}  // namespace medius::calibration
