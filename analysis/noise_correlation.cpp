#include "analysis/noise_correlation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace medius::analysis {
namespace {

// The spectrum of what white noise becomes: |H|^4 of one pass, H^2 = 1 / (1 + (W / Wc)^4), W the
// bilinear warp, its corner moved for two passes; see ZeroLagButterworth.
std::vector<double> Spectrum(double cutoff_hz, double rate_hz, std::size_t steps) {
  const double correction = std::pow(std::sqrt(2.0) - 1.0, 0.25);
  const double corner = std::tan(std::numbers::pi * cutoff_hz / rate_hz) / correction;
  std::vector<double> spectrum(steps);
  for (std::size_t i = 0; i < steps; ++i) {
    const double phase =
        0.5 * std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(steps);
    const double ratio = std::tan(phase) / corner;
    const double power = 1.0 / (1.0 + ratio * ratio * ratio * ratio);
    spectrum[i] = power * power;
  }
  return spectrum;
}

}  // namespace

NoiseCorrelation::NoiseCorrelation(double cutoff_hz, double rate_hz) : correlation_{1.0} {
  if (!(cutoff_hz > 0.0 && cutoff_hz < 0.5 * rate_hz)) return;
  constexpr std::size_t kSteps = 2048;
  constexpr double kPeriods = 2.0;  // of the cut-off; by then below 1e-3
  const std::vector<double> spectrum = Spectrum(cutoff_hz, rate_hz, kSteps);
  double total = 0.0;
  for (const double power : spectrum) total += power;
  const auto lags = static_cast<std::size_t>(std::ceil(kPeriods * rate_hz / cutoff_hz));
  for (std::size_t lag = 1; lag <= lags; ++lag) {
    double sum = 0.0;
    for (std::size_t i = 0; i < kSteps; ++i) {
      const double w = std::numbers::pi * (static_cast<double>(i) + 0.5) / kSteps;
      sum += spectrum[i] * std::cos(w * static_cast<double>(lag));
    }
    correlation_.push_back(sum / total);
  }
}

double NoiseCorrelation::At(double frames) const {
  const double lag = std::abs(frames);
  if (!(lag < static_cast<double>(correlation_.size() - 1))) return lag == 0.0 ? 1.0 : 0.0;
  const auto i = static_cast<std::size_t>(lag);
  const double u = lag - static_cast<double>(i);
  return (1.0 - u) * correlation_[i] + u * correlation_[i + 1];
}

double NoiseCorrelation::VarianceOfMean(std::size_t frames) const {
  if (frames == 0) return 1.0;
  const auto n = static_cast<double>(frames);
  double sum = n;
  for (std::size_t lag = 1; lag < std::min(frames, correlation_.size()); ++lag) {
    sum += 2.0 * (n - static_cast<double>(lag)) * correlation_[lag];
  }
  return std::max(0.0, sum) / (n * n);
}

}  // namespace medius::analysis
