#include "analysis/butterworth.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/check.hpp"

namespace medius::analysis {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kPaddingPeriods = 2.0;

// (2^(1/2) - 1)^(1/(2n)) with n = 2, the order of one pass.
double TwoPassCorrection() {
  return std::pow(std::sqrt(2.0) - 1.0, 0.25);
}

// Mean over all frequencies of |H|^4, H one pass: 1 / (1 + (W / Wc)^4) squared, W = tan(w / 2).
double WhiteNoiseGain(double warped_corner) {
  constexpr int kSteps = 4000;
  double sum = 0.0;
  for (int i = 0; i < kSteps; ++i) {
    const double ratio = std::tan(0.5 * kPi * (i + 0.5) / kSteps) / warped_corner;
    const double power = 1.0 / (1.0 + ratio * ratio * ratio * ratio);
    sum += power * power;
  }
  return sum / kSteps;
}

}  // namespace

ZeroLagButterworth::ZeroLagButterworth(double cutoff_hz, double rate_hz) {
  MEDIUS_CHECK(cutoff_hz > 0.0 && cutoff_hz < 0.5 * rate_hz, "cut-off beyond half the rate");
  const double w = std::tan(kPi * cutoff_hz / rate_hz) / TwoPassCorrection();
  const double scale = 1.0 / (1.0 + std::numbers::sqrt2 * w + w * w);
  b0_ = w * w * scale;
  b1_ = 2.0 * b0_;
  b2_ = b0_;
  a1_ = 2.0 * (w * w - 1.0) * scale;
  a2_ = (1.0 - std::numbers::sqrt2 * w + w * w) * scale;
  white_noise_gain_ = WhiteNoiseGain(w);
  padding_ = static_cast<std::size_t>(std::ceil(kPaddingPeriods * rate_hz / cutoff_hz));
}

double ZeroLagButterworth::MemorySeconds(double cutoff_hz) {
  // The poles lie at wc (-1 +- i) / sqrt(2): the response falls as exp(-wc t / sqrt(2)).
  const double decay_per_second = 2.0 * kPi * cutoff_hz / TwoPassCorrection() / std::numbers::sqrt2;
  return -std::log(1e-15) / decay_per_second;
}

template <typename Sample>
void ZeroLagButterworth::ApplyTo(std::span<Sample> samples) const {
  const std::size_t count = samples.size();
  if (count < 2) return;
  const std::size_t padding = std::min(padding_, count - 1);
  std::vector<Sample> padded(count + 2 * padding);
  for (std::size_t i = 0; i < padding; ++i) {
    padded[i] = 2.0 * samples[0] - samples[padding - i];
    padded[padding + count + i] = 2.0 * samples[count - 1] - samples[count - 2 - i];
  }
  std::copy(samples.begin(), samples.end(), padded.begin() + static_cast<std::ptrdiff_t>(padding));

  // Transposed direct form II, started as if its first input had stood for ever.
  const auto pass = [this](auto begin, auto end) {
    Sample z1 = (1.0 - b0_) * *begin;
    Sample z2 = (b2_ - a2_) * *begin;
    for (auto it = begin; it != end; ++it) {
      const Sample x = *it;
      const Sample y = b0_ * x + z1;
      z1 = b1_ * x - a1_ * y + z2;
      z2 = b2_ * x - a2_ * y;
      *it = y;
    }
  };
  pass(padded.begin(), padded.end());
  pass(padded.rbegin(), padded.rend());
  std::copy_n(padded.begin() + static_cast<std::ptrdiff_t>(padding), count, samples.begin());
}

void ZeroLagButterworth::Apply(std::span<double> samples) const {
  ApplyTo(samples);
}
void ZeroLagButterworth::Apply(std::span<Eigen::Vector3d> samples) const {
  ApplyTo(samples);
}

void ZeroLagButterworth::ApplyBetweenGaps(std::span<double> samples) const {
  std::size_t begin = 0;
  while (begin < samples.size()) {
    if (std::isnan(samples[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < samples.size() && !std::isnan(samples[end])) ++end;
    Apply(samples.subspan(begin, end - begin));
    begin = end;
  }
}

}  // namespace medius::analysis
