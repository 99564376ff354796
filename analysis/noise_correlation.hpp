#pragma once

#include <cstddef>
#include <vector>

namespace medius::analysis {

/// How alike the errors of two moments are after the low-pass: white noise of the markers comes out
/// of it correlated over some hundredths of a second.
class NoiseCorrelation {
 public:
  /// @param cutoff_hz  of ZeroLagButterworth; 0: no filter, so no correlation.
  NoiseCorrelation(double cutoff_hz, double rate_hz);

  /// Between frames that far apart, -1..1; between whole frames linearly.
  [[nodiscard]] double At(double frames) const;
  /// Variance of the mean of so many frames in a row over that of one, 0..1.
  [[nodiscard]] double VarianceOfMean(std::size_t frames) const;

 private:
  std::vector<double> correlation_;  // at 0, 1, ... frames; 0 beyond
};

}  // namespace medius::analysis
