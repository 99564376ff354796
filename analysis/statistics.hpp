#pragma once

#include <cstddef>
#include <span>

namespace medius::analysis {

/// t that 95 % of a Student distribution lies within (-t, t); infinity for no degree of freedom.
/// Exact for up to 2,000 degrees of freedom and as of 2,000 beyond (by then within 0.001 of 1.96).
/// Source: Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
[[nodiscard]] double StudentT95(std::size_t degrees_of_freedom);

/// Slope of y over x that a few wild values cannot turn: the median of the slopes between all pairs
/// of points; above 500 points between the means of as many as 500 equal groups of neighbours.
/// @return NaN for fewer than two different x.
/// Source: Theil 1950; Sen 1968, J Am Stat Assoc 63:1379.
[[nodiscard]] double TheilSenSlope(std::span<const double> x, std::span<const double> y);

}  // namespace medius::analysis
