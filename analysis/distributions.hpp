#pragma once

namespace medius::analysis {

/// Probability functions of the tests. Degrees of freedom may be fractions. Accurate to
/// 1e-10 or better.

/// P(Z < z) of the standard normal distribution.
[[nodiscard]] double NormalCdf(double z);
/// The z with NormalCdf(z) = p, 0 < p < 1.
[[nodiscard]] double NormalQuantile(double p);

/// I_x(a, b), a and b > 0, 0 <= x <= 1.
/// Source: Abramowitz & Stegun 26.5.8 (continued fraction), evaluated by Lentz' method.
[[nodiscard]] double RegularizedBeta(double x, double a, double b);

/// P(T < t) of Student's distribution; the normal one for infinite degrees of freedom.
/// @param degrees_of_freedom  > 0.
/// Source: Abramowitz & Stegun 26.7.1 through 26.5.27.
[[nodiscard]] double StudentCdf(double t, double degrees_of_freedom);
/// P(T > t): does not lose its digits where it is small.
[[nodiscard]] double StudentUpperTail(double t, double degrees_of_freedom);
/// The t with StudentCdf(t) = p, 0 < p < 1.
[[nodiscard]] double StudentQuantile(double p, double degrees_of_freedom);

}  // namespace medius::analysis
