#include <cmath>

#include <gtest/gtest.h>

#include "capture/gait_timing.hpp"

namespace medius::capture {
namespace {

TEST(GaitTiming, WithoutVariationEveryStrideIsTheSame) {
  RunScenario run;
  run.sd_stride_time = run.sd_contact_time = 0.0;
  const GaitTiming timing(run, 1);
  const double stride = 120.0 / run.cadence;
  for (const Side side : kSides) {
    for (std::size_t k = 0; k < timing.step_count(); ++k) {
      const Step& step = timing.StepOf(side, k);
      ASSERT_NEAR(step.next_strike - step.strike, stride, 1e-9);
      ASSERT_NEAR(step.toe_off - step.strike, run.duty_factor * stride, 1e-9);
    }
  }
  EXPECT_NEAR(timing.StepOf(Side::kLeft, 5).strike - timing.StepOf(Side::kRight, 5).strike,
              0.5 * stride, 1e-9);
}

TEST(GaitTiming, StrikesAreWhereTheStrideCoordinateIsWhole) {
  const GaitTiming timing(RunScenario{}, 3);
  for (std::size_t k = 0; k < timing.step_count(); ++k) {
    for (const Side side : kSides) {
      const double coordinate = timing.StrideCoordinate(timing.StepOf(side, k).strike);
      ASSERT_NEAR(GaitTiming::OfSide(coordinate, side), static_cast<double>(k), 1e-9);
    }
  }
}

TEST(GaitTiming, ThePhaseIsTwiceDifferentiableInTime) {
  const GaitTiming timing(RunScenario{}, 3);
  constexpr double kStep = 1e-3;
  double before = 0.0;
  double largest_change = 0.0;
  for (int i = 0; i < 20000; ++i) {
    const double t = 1.0 + 1e-4 * i;
    const double acceleration =
        (timing.StrideCoordinate(t + kStep) - 2.0 * timing.StrideCoordinate(t) +
         timing.StrideCoordinate(t - kStep)) /
        (kStep * kStep);
    if (i > 0) largest_change = std::max(largest_change, std::abs(acceleration - before));
    before = acceleration;
  }
  // The second derivative is piecewise linear: over 0.1 ms it changes by little; a jump would show
  // as tenths of a stride/s^2.
  EXPECT_LT(largest_change, 0.01);
}

TEST(GaitTiming, VariationAndDriftAreAsAskedFor) {
  RunScenario run;
  run.duration = 1800.0;
  run.drift_cadence = -0.3;
  run.sd_stride_time = 0.01;
  const GaitTiming timing(run, 9);
  double sum = 0.0, squares = 0.0;
  const auto count = static_cast<double>(timing.step_count());
  for (std::size_t k = 0; k < timing.step_count(); ++k) {
    const Step& step = timing.StepOf(Side::kRight, k);
    const double minutes = std::clamp(step.strike, 0.0, run.duration) / 60.0;
    const double expected = 120.0 / (run.cadence + run.drift_cadence * minutes);
    const double relative = (step.next_strike - step.strike) / expected - 1.0;
    sum += relative;
    squares += relative * relative;
  }
  const double error = 5.0 / std::sqrt(count);
  EXPECT_NEAR(sum / count, 0.0, run.sd_stride_time * error);
  EXPECT_NEAR(std::sqrt(squares / count), run.sd_stride_time, run.sd_stride_time * error);
}

TEST(StrideValues, HoldWithinAStanceAndGoOverSmoothly) {
  const StrideValues values({1.0, 3.0, 2.0});
  EXPECT_EQ(values.At(0.0), 1.0);
  EXPECT_EQ(values.At(0.45), 1.0);
  EXPECT_NEAR(values.At(0.70), 2.0, 1e-12);
  EXPECT_EQ(values.At(0.95), 3.0);
  EXPECT_EQ(values.At(1.3), 3.0);
  EXPECT_EQ(values.At(-5.0), 1.0);
}

}  // namespace
}  // namespace medius::capture
