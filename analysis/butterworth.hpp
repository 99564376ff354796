#pragma once

#include <span>
#include <vector>

#include <Eigen/Core>

namespace medius::analysis {

/// A low-pass filter without delay: a second-order Butterworth run forwards and then backwards
/// (fourth order in effect), its corner moved so that the two passes together are at -3 dB (gain
/// 0.7071) exactly at the cut-off.
///
/// Source: Winter, Biomechanics and Motor Control of Human Movement, 4th ed., section 3.4.4.2 (the
/// correction C = (2^(1/2) - 1)^(1/4) of the warped corner); Research Methods in Biomechanics,
/// ch. 12.
class ZeroLagButterworth {
 public:
  /// @param cutoff_hz  0 < cutoff_hz < rate_hz / 2 (a bug if not).
  ZeroLagButterworth(double cutoff_hz, double rate_hz);

  /// Filters a run of samples without gaps in place. Both ends are continued by their odd
  /// reflection over kPaddingPeriods / cutoff_hz (or all that there is), so that an end keeps its
  /// value; a run that is shorter than the filter's memory is therefore smoothed less. One sample
  /// is left alone.
  void Apply(std::span<double> samples) const;
  void Apply(std::span<Eigen::Vector3d> samples) const;

  /// As Apply, on each run between NaN by itself. NaN stays NaN.
  void ApplyBetweenGaps(std::span<double> samples) const;

  /// Variance of the filtered over that of white noise fed in, far from the ends: the integral of
  /// the squared gain of the two passes.
  [[nodiscard]] double white_noise_gain() const { return white_noise_gain_; }

  /// Seconds after which the response to a sample has died away to below 1e-15 of it.
  [[nodiscard]] static double MemorySeconds(double cutoff_hz);

 private:
  template <typename Sample>
  void ApplyTo(std::span<Sample> samples) const;

  double b0_ = 0.0, b1_ = 0.0, b2_ = 0.0, a1_ = 0.0, a2_ = 0.0;
  double white_noise_gain_ = 0.0;
  std::size_t padding_ = 0;
};

}  // namespace medius::analysis
