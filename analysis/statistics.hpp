#pragma once

#include <cstddef>
#include <span>

namespace medius::analysis {

/// t that 95 % of a Student distribution lies within (-t, t); infinity for no degree of freedom.
[[nodiscard]] double StudentT95(std::size_t degrees_of_freedom);

/// Mean, NaN of none; and standard deviation (n - 1), NaN for fewer than two.
[[nodiscard]] double MeanOf(std::span<const double> values);
[[nodiscard]] double StandardDeviationOf(std::span<const double> values);
/// The middle one, or half-way between the middle two; NaN of none.
[[nodiscard]] double MedianOf(std::span<const double> values);

/// A slope and its 95 % interval.
struct Slope {
  double value = 0.0;
  double ci_low = 0.0;
  double ci_high = 0.0;
};

/// Slope of y over x that a few wild values cannot turn: the median of the slopes between all pairs
/// of points; above 200 points between the means of 200 equal groups of neighbours. The
/// interval is that of Kendall's tau: the slopes of rank (N -+ 1.96 sqrt(n (n-1) (2n+5) / 18)) / 2
/// of the N; infinite where n is too small for one.
/// @return NaN for fewer than two different x.
/// Source: Theil 1950; Sen 1968, J Am Stat Assoc 63:1379.
[[nodiscard]] Slope TheilSen(std::span<const double> x, std::span<const double> y);
[[nodiscard]] double TheilSenSlope(std::span<const double> x, std::span<const double> y);

/// A step in a sequence.
struct ChangePoint {
  std::size_t first_after = 0;  ///< index of the first value after it; 0 for fewer than two values
  double p_value = 1.0;         ///< of none; exact enough below 0.5
};

/// Where a sequence most likely steps, without regard to its distribution: the greatest |U_t| of
/// the Mann-Whitney statistics of all its parts, p = 2 exp(-6 U^2 / (n^3 + n^2)). Equal values
/// share their rank. Source: Pettitt 1979, J R Stat Soc C 28:126, equations 2.3 and 3.1.
[[nodiscard]] ChangePoint PettittTest(std::span<const double> values);

}  // namespace medius::analysis
