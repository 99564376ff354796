#pragma once

#include <cstdint>
#include <vector>

#include "calibration/temporal_bundle.hpp"
#include "calibration/temporal_normal.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"

namespace medius::calibration {

/// What a temporal adjustment works on, and what of it is free.
struct TemporalProblem {
  const TemporalData* data = nullptr;
  TemporalLayout layout;
  std::vector<double> known;      ///< [layout.size] as BuildArrow
  std::vector<std::uint8_t> use;  ///< [sightings] 0 for one to leave out
  bool has_lines = false;         ///< rows have their own time
  bool hold_twists = false;       ///< the motion is known; poses at the knots alone are free
  Parallelism parallelism{1};
};

/// Outcome of one solve.
struct TemporalSolve {
  bool converged = false;
  int iterations = 0;
  double cost = 0.0;  ///< half of the squares in their own sd, priors included
};

/// Moves all that is free to the least cost: Levenberg-Marquardt, knots eliminated along the
/// motion. Converged where a step promises less than 1e-3 of the cost's unit: no number moves by
/// more than a twentieth of its sd.
TemporalSolve SolveTemporal(const TemporalProblem& problem, const TemporalScales& scales,
                            RobustLoss loss, int max_iterations, const WorkControl& control,
                            TemporalState* state);

/// How much the data say of everything at the solution.
struct TemporalEvidence {
  ArrowFactor factor;       ///< undamped
  double squares = 0.0;     ///< of used standardized residuals
  double residuals = 0.0;   ///< their number, two a sighting
  double parameters = 0.0;  ///< that were fitted in effect: what priors decide is not counted
  double jitter_squares = 0.0;
  TemporalScales next;  ///< the scales by this evidence
};

/// Measures the solution and re-estimates the scales: each power is the sum of its squares over the
/// number of them that the data decide. Source: MacKay, Bayesian interpolation, Neural Computation
/// 1992, section 4.
TemporalEvidence WeighEvidence(const TemporalProblem& problem, const TemporalState& state,
                               const TemporalScales& scales);

/// Robust sd of a standardized residual's coordinate, by the median.
double MedianSigma(const TemporalProblem& problem, const TemporalState& state);

/// Velocities by differences of neighbouring knots, and scales that fit them.
/// @param sigma  of a standardized residual, to start with.
TemporalScales StartMotion(const TemporalData& data, double sigma, double jitter_sd,
                           TemporalState* state);

}  // namespace medius::calibration
