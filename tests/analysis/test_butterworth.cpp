#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/butterworth.hpp"

namespace medius::analysis {
namespace {

constexpr double kPi = 3.14159265358979323846;

std::vector<double> Sine(double frequency_hz, double rate_hz, std::size_t count) {
  std::vector<double> samples;
  for (std::size_t i = 0; i < count; ++i) {
    samples.push_back(std::sin(2.0 * kPi * frequency_hz * static_cast<double>(i) / rate_hz));
  }
  return samples;
}

// In-phase and quadrature part of a filtered sine, over whole periods in the middle.
std::pair<double, double> Response(const ZeroLagButterworth& filter, double frequency_hz,
                                   double rate_hz) {
  const std::size_t count = static_cast<std::size_t>(20.0 * rate_hz);
  std::vector<double> samples = Sine(frequency_hz, rate_hz, count);
  filter.Apply(samples);
  double in_phase = 0.0, quadrature = 0.0;
  const auto first = static_cast<std::size_t>(5.0 * rate_hz);
  const auto length = static_cast<std::size_t>(10.0 * rate_hz);
  for (std::size_t i = first; i < first + length; ++i) {
    const double phase = 2.0 * kPi * frequency_hz * static_cast<double>(i) / rate_hz;
    in_phase += 2.0 * samples[i] * std::sin(phase) / static_cast<double>(length);
    quadrature += 2.0 * samples[i] * std::cos(phase) / static_cast<double>(length);
  }
  return {in_phase, quadrature};
}

TEST(ZeroLagButterworth, IsAtMinusThreeDecibelsAtTheCutoffWithoutDelay) {
  for (const double rate : {60.0, 100.0, 200.0, 1000.0}) {
    for (const double cutoff : {5.0, 10.0, 12.0}) {
      const auto [gain, delayed] = Response(ZeroLagButterworth(cutoff, rate), cutoff, rate);
      EXPECT_NEAR(gain, std::sqrt(0.5), 1e-9) << cutoff << " of " << rate;
      EXPECT_NEAR(delayed, 0.0, 1e-9);
    }
  }
}

TEST(ZeroLagButterworth, FallsAsFourthOrder) {
  // Analog prototype, one pass of order 2 with corner fc / C: |H|^4 at 4 fc.
  const double c4 = std::sqrt(2.0) - 1.0;  // C^4
  const double expected = 1.0 / (1.0 + 256.0 * c4);
  EXPECT_NEAR(Response(ZeroLagButterworth(10.0, 10000.0), 40.0, 10000.0).first, expected, 1e-5);
}

TEST(ZeroLagButterworth, LeavesAStraightLineAloneUpToItsEnds) {
  std::vector<double> line;
  for (int i = 0; i < 50; ++i) line.push_back(3.0 + 0.25 * i);
  const std::vector<double> before = line;
  ZeroLagButterworth(10.0, 200.0).Apply(line);
  for (std::size_t i = 0; i < line.size(); ++i) EXPECT_NEAR(line[i], before[i], 1e-4);
}

TEST(ZeroLagButterworth, KnowsHowMuchNoiseItLets) {
  const ZeroLagButterworth filter(10.0, 200.0);
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  constexpr std::size_t kCount = 400000;
  std::vector<double> noise(kCount);
  for (double& v : noise) v = normal(random);
  filter.Apply(noise);
  double square = 0.0;
  for (const double v : noise) square += v * v / static_cast<double>(kCount);
  // Filtered samples are worth about gain x count independent ones.
  const double tolerance =
      5.0 * std::sqrt(2.0 / (filter.white_noise_gain() * static_cast<double>(kCount)));
  EXPECT_NEAR(square / filter.white_noise_gain(), 1.0, tolerance);
}

TEST(ZeroLagButterworth, ForgetsASampleWithinItsMemory) {
  constexpr double kRate = 200.0;
  for (const double cutoff : {2.0, 6.0, 10.0, 20.0}) {
    std::vector<double> impulse(8001, 0.0);
    impulse[4000] = 1.0;
    ZeroLagButterworth(cutoff, kRate).Apply(impulse);
    const auto memory =
        static_cast<std::size_t>(std::ceil(ZeroLagButterworth::MemorySeconds(cutoff) * kRate));
    // Two passes: the exponential comes times a factor that grows with time, some tens here.
    for (std::size_t i = memory; i < 4000; ++i) EXPECT_LT(std::abs(impulse[4000 + i]), 1e-13);
  }
}

TEST(ZeroLagButterworth, TreatsEachRunBetweenGapsByItself) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> samples = {nan, 1.0, 1.0, 1.0, nan, nan, 5.0, nan, 2.0, 2.0};
  const ZeroLagButterworth filter(10.0, 100.0);
  filter.ApplyBetweenGaps(samples);
  const std::vector<double> expected = {nan, 1.0, 1.0, 1.0, nan, nan, 5.0, nan, 2.0, 2.0};
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(samples[i]));
    } else {
      EXPECT_NEAR(samples[i], expected[i], 1e-12);
    }
  }
}

TEST(ZeroLagButterworth, RefusesACutoffBeyondHalfTheRate) {
  EXPECT_THROW(ZeroLagButterworth(50.0, 100.0), std::logic_error);
  EXPECT_THROW(ZeroLagButterworth(0.0, 100.0), std::logic_error);
}

}  // namespace
}  // namespace medius::analysis
