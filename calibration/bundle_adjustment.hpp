#pragma once

#include <cstdint>
#include <vector>

#include "calibration/bundle.hpp"
#include "calibration/view_normal.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"

namespace medius::calibration {

/// What of the cameras stays as it is, or near to it.
struct HeldParameters {
  std::vector<std::vector<int>> intrinsics;  ///< [groups] indices of intrinsics; empty: none held
  std::vector<std::uint8_t> pose;            ///< [cameras] 1: camera_from_lab; the gauge needs one
  /// [groups] weak knowledge of intrinsics: 1 / sd by which each is pulled to 0, times the sd of a
  /// standardized residual; 0: none. Empty: none at all.
  std::vector<Intrinsics> pull;
  /// [targets] the same for the bends of the state, where it has any.
  std::vector<double> bend_pull = {};
};

/// When one solve ends.
struct SolveLimits {
  int max_iterations = 50;
  /// Relative decrease of the cost below which it has converged. A cost of N squared standardized
  /// residuals is flat to 1 / N: 1e-10 leaves 1e-2 sd of the worst parameter at N = 1e6.
  double function_tolerance = 1e-10;
};

/// Outcome of one solve.
struct SolveSummary {
  bool converged = false;
  int iterations = 0;
  double cost = 0.0;  ///< half the sum of the losses
};

/// Adjusts intrinsics, camera places and target poses at once to the used sightings: Ceres'
/// Levenberg-Marquardt on the Schur complement, target poses eliminated first. Each view is handed
/// to Ceres as the square root of its own normal equations (16 rows in place of 140), which leaves
/// the Gauss-Newton step unchanged; the views are linearized in parallel, each to its own slot, so
/// that the result does not depend on the number of threads.
///
/// @param use    [sightings] 0 for one to leave out.
/// @param state  start and result; untouched where the start cannot be projected. Where it has
///               bends, the sightings must be bent as they start, and are stale afterwards: see
///               BendSightings.
/// Source: Triggs et al., Bundle adjustment: a modern synthesis, 2000; Agarwal et al., Ceres.
SolveSummary AdjustBundle(const BundleData& data, const std::vector<std::uint8_t>& use,
                          const HeldParameters& held, RobustLoss loss, const SolveLimits& limits,
                          Parallelism parallelism, const WorkControl& control, RigState* state);

}  // namespace medius::calibration
