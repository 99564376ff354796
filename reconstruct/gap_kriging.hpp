#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include <Eigen/Core>

namespace medius::reconstruct {

/// How a residual at one frame goes with one some frames later: per axis, from a series that was
/// sampled every few frames. Between lag 0 and the first sample it is a parabola through the first
/// two; what is missing from there to the variance is white noise (the nugget).
class Autocovariance {
 public:
  /// @param series  [grid] residuals, NaN where there is none, metres.
  /// @param step    frames between two of them.
  /// @param max_lag in frames; beyond it counts as zero.
  Autocovariance(const std::vector<Eigen::Vector3d>& series, std::size_t step, std::size_t max_lag);

  /// Of two different samples, metres^2.
  [[nodiscard]] double At(int axis, double lag_frames) const;
  /// Of a sample with itself.
  [[nodiscard]] double Variance(int axis) const { return lags_[0][axis]; }
  [[nodiscard]] double Nugget(int axis) const;

 private:
  double step_;
  std::vector<Eigen::Array3d> lags_;  ///< [L] one a step
  Eigen::Array3d at_zero_;            ///< of the part that is not white
  Eigen::Array3d bend_;               ///< of the parabola, per frame^2
};

/// Weights that carry the residuals seen on both sides of a gap into it, and what error they leave.
struct EndMatching {
  std::array<Eigen::MatrixXd, 3> weights;  ///< per axis [nodes, gap]
  Eigen::MatrixXd variance;                ///< [3, gap] metres^2, as the autocovariance has it
};

/// Simple kriging (Gaussian-process regression) of the residual.
///
/// @param nodes  offsets from the first hidden frame, see EndNodes.
/// @param extra  [nodes] variance of each beyond the usual, metres^2.
/// Source: Cressie 1993, Statistics for Spatial Data, section 3.4.5.
[[nodiscard]] EndMatching MatchEnds(const Autocovariance& covariance,
                                    const std::vector<std::ptrdiff_t>& nodes,
                                    const std::vector<double>& extra, std::size_t gap_length);

}  // namespace medius::reconstruct
