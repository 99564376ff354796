#include "analysis/distributions.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "core/check.hpp"

namespace medius::analysis {
namespace {

// Abramowitz & Stegun 26.5.8, converging fast for x < (a + 1) / (a + b + 2).
double BetaFraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  constexpr int kMostTerms = 500;
  const auto guarded = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1.0;
  double d = 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0));
  double fraction = d;
  for (int m = 1; m <= kMostTerms; ++m) {
    const double k = m;
    const double even = k * (b - k) * x / ((a + 2.0 * k - 1.0) * (a + 2.0 * k));
    d = 1.0 / guarded(1.0 + even * d);
    c = guarded(1.0 + even / c);
    fraction *= d * c;
    const double odd = -(a + k) * (a + b + k) * x / ((a + 2.0 * k) * (a + 2.0 * k + 1.0));
    d = 1.0 / guarded(1.0 + odd * d);
    c = guarded(1.0 + odd / c);
    const double step = d * c;
    fraction *= step;
    if (std::abs(step - 1.0) < 1e-15) break;
  }
  return fraction;
}

// lgamma writes a global sign; this one is for positive arguments and any thread.
double LogGamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

// Root of an increasing function by bisection, to the last bit that matters.
template <typename Function>
double Invert(const Function& function, double wanted, double low, double high) {
  for (int step = 0; step < 200 && high - low > 1e-15 * (1.0 + std::abs(low)); ++step) {
    const double middle = 0.5 * (low + high);
    (function(middle) < wanted ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

double NormalCdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

double NormalQuantile(double p) {
  MEDIUS_CHECK(p > 0.0 && p < 1.0, "a probability between 0 and 1");
  // The smaller tail keeps its digits.
  if (p > 0.5) return -NormalQuantile(1.0 - p);
  return Invert(NormalCdf, p, -40.0, 0.0);
}

double RegularizedBeta(double x, double a, double b) {
  MEDIUS_CHECK(a > 0.0 && b > 0.0, "parameters of a beta distribution");
  if (!(x > 0.0)) return std::isnan(x) ? x : 0.0;
  if (x >= 1.0) return 1.0;
  const double front =
      std::exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1.0) / (a + b + 2.0)) return front * BetaFraction(x, a, b) / a;
  return 1.0 - front * BetaFraction(1.0 - x, b, a) / b;
}

double StudentUpperTail(double t, double degrees_of_freedom) {
  MEDIUS_CHECK(degrees_of_freedom > 0.0, "degrees of freedom above 0");
  if (std::isnan(t)) return t;
  if (t < 0.0) return 1.0 - StudentUpperTail(-t, degrees_of_freedom);
  if (std::isinf(degrees_of_freedom)) return NormalCdf(-t);
  const double n = degrees_of_freedom;
  const double square = t * t;
  // Abramowitz & Stegun 26.7.8, wrong by some 1 / n^2; the beta function's logarithms lose digits.
  constexpr double kAlmostNormal = 1e5;
  if (n > kAlmostNormal) {
    return NormalCdf(-t * (1.0 - 0.25 / n) / std::sqrt(1.0 + 0.5 * square / n));
  }
  // Far in the middle the complement keeps more digits.
  if (square < n) return 0.5 - 0.5 * RegularizedBeta(square / (n + square), 0.5, 0.5 * n);
  return 0.5 * RegularizedBeta(n / (n + square), 0.5 * n, 0.5);
}

double StudentCdf(double t, double degrees_of_freedom) {
  return StudentUpperTail(-t, degrees_of_freedom);
}

double StudentQuantile(double p, double degrees_of_freedom) {
  MEDIUS_CHECK(p > 0.0 && p < 1.0, "a probability between 0 and 1");
  if (p == 0.5) return 0.0;
  if (p > 0.5) return -StudentQuantile(1.0 - p, degrees_of_freedom);
  const auto cdf = [&](double t) { return StudentCdf(t, degrees_of_freedom); };
  double low = -1.0;
  while (cdf(low) > p && low > -1e150) low *= 2.0;
  return Invert(cdf, p, low, 0.0);
}

}  // namespace medius::analysis
