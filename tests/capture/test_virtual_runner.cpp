#include <algorithm>
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/virtual_runner.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

RunScenario Steady() {
  RunScenario run;
  run.duration = 6.0;
  run.sd_pelvic_drop = run.sd_hip_adduction = run.sd_pelvis_tilt = run.sd_pelvis_rotation = 0.0;
  run.sd_hip_rotation = run.sd_knee_adduction = run.sd_stride_time = run.sd_contact_time = 0.0;
  run.sd_foot_placement = run.wander = 0.0;
  return run;
}

VirtualRunner RunnerOf(const RunScenario& run, std::uint64_t seed = 1) {
  return VirtualRunner(BodyScenario{}, run, {0.0, 0.0}, seed);
}

TEST(VirtualRunner, WithoutVariationRepeatsEveryStride) {
  const RunScenario run = Steady();
  const VirtualRunner runner = RunnerOf(run);
  const double stride = 120.0 / run.cadence;
  for (double t = 0.0; t < stride; t += 0.011) {
    const RunnerState a = runner.At(t);
    const RunnerState b = runner.At(t + 3.0 * stride);
    for (std::size_t s = 0; s < kSegmentCount; ++s) {
      const RigidTransform& x = a.pose.lab_from_segment[s];
      const RigidTransform& y = b.pose.lab_from_segment[s];
      ASSERT_TRUE(x.translation.isApprox(y.translation, 1e-9)) << s << " at " << t;
      ASSERT_TRUE(x.rotation.isApprox(y.rotation, 1e-9)) << s << " at " << t;
    }
  }
}

// Largest value of an angle over a part of each stride of a side.
template <typename Angle>
double PeakInStance(const VirtualRunner& runner, Side side, const Angle& angle) {
  const Step& step = runner.timing().StepOf(side, 5);
  double peak = -10.0;
  for (int i = 0; i <= 400; ++i) {
    const double t = step.strike + (step.toe_off - step.strike) * i / 400.0;
    peak = std::max(peak, angle(t));
  }
  return peak;
}

TEST(VirtualRunner, ReachesTheAnglesThatTheScenarioNames) {
  RunScenario run = Steady();
  run.pelvic_drop = {0.05, 0.11};
  run.hip_adduction = {0.12, 0.2};
  run.knee_flexion_stance = 0.80;
  run.knee_flexion_swing = 1.5;
  run.hip_flexion = 0.85;
  const VirtualRunner runner = RunnerOf(run);
  const auto drop = [&](double sign) {
    return [&runner, sign](double t) { return sign * runner.At(t).angles.pelvis_obliquity; };
  };
  constexpr double kGrid = 1e-4;  // rad, of sampling a smooth peak
  EXPECT_NEAR(PeakInStance(runner, Side::kRight, drop(1.0)), 0.11, kGrid);
  EXPECT_NEAR(PeakInStance(runner, Side::kLeft, drop(-1.0)), 0.05, kGrid);
  for (const Side side : kSides) {
    const std::size_t i = GaitTiming::Index(side);
    const double adduction =
        PeakInStance(runner, side, [&](double t) { return runner.At(t).angles.hip_adduction[i]; });
    EXPECT_NEAR(adduction, side == Side::kRight ? 0.2 : 0.12, kGrid);
    // The height of the pelvis sets the knee of the more bent leg; the other bends less.
    const double knee =
        PeakInStance(runner, side, [&](double t) { return runner.At(t).angles.knee_flexion[i]; });
    EXPECT_NEAR(knee, 0.80, 0.05);
    double swing_knee = 0.0, swing_hip = 0.0;
    const Step& step = runner.timing().StepOf(side, 5);
    for (double t = step.toe_off; t < step.next_strike; t += 0.001) {
      swing_knee = std::max(swing_knee, runner.At(t).angles.knee_flexion[i]);
      swing_hip = std::max(swing_hip, runner.At(t).angles.hip_flexion[i]);
    }
    EXPECT_NEAR(swing_knee, 1.5, 0.02);
    EXPECT_NEAR(swing_hip, 0.85, 0.02);
  }
}

TEST(VirtualRunner, TheDropPeaksWhereRealRunnersHaveIt) {
  const VirtualRunner runner = RunnerOf(Steady());
  const Step& step = runner.timing().StepOf(Side::kRight, 5);
  double best = step.strike;
  for (double t = step.strike; t < step.toe_off; t += 0.0005) {
    if (runner.PelvisObliquity(t) > runner.PelvisObliquity(best)) best = t;
  }
  const double share = (best - step.strike) / (step.next_strike - step.strike);
  EXPECT_GT(share, 0.14);
  EXPECT_LT(share, 0.18);
}

TEST(VirtualRunner, QuickAnglesAreThoseOfTheWholeBody) {
  const VirtualRunner runner = RunnerOf(RunScenario{}, 4);
  for (double t = 0.0; t < 3.0; t += 0.037) {
    const BodyAngles angles = runner.At(t).angles;
    EXPECT_EQ(runner.PelvisObliquity(t), angles.pelvis_obliquity);
    EXPECT_EQ(runner.HipAdduction(Side::kLeft, t), angles.hip_adduction[0]);
    EXPECT_EQ(runner.HipAdduction(Side::kRight, t), angles.hip_adduction[1]);
  }
}

TEST(VirtualRunner, PelvisAnglesAreTwiceDifferentiableAndLegAnglesOnce) {
  const VirtualRunner runner = RunnerOf(RunScenario{}, 4);
  constexpr double kStep = 2e-4;
  double largest_rate_change = 0.0;
  double largest_curvature_change = 0.0;
  double rate = 0.0, curvature = 0.0;
  for (int i = 0; i < 10000; ++i) {
    const double t = 1.0 + kStep * i;
    const double knee_rate =
        (runner.At(t + kStep).angles.knee_flexion[1] - runner.At(t).angles.knee_flexion[1]) / kStep;
    const double bend = (runner.PelvisObliquity(t + 1e-3) - 2.0 * runner.PelvisObliquity(t) +
                         runner.PelvisObliquity(t - 1e-3)) /
                        1e-6;
    if (i > 0) {
      largest_rate_change = std::max(largest_rate_change, std::abs(knee_rate - rate));
      largest_curvature_change = std::max(largest_curvature_change, std::abs(bend - curvature));
    }
    rate = knee_rate;
    curvature = bend;
  }
  // In 0.2 ms: a knee that accelerates by 1000 rad/s^2 changes its rate by 0.2 rad/s; the jerk of
  // the obliquity is below 0.1 rad times (2 pi 3 / stride)^3 = 2000 rad/s^3.
  EXPECT_LT(largest_rate_change, 0.3);
  EXPECT_LT(largest_curvature_change, 0.5);
}

TEST(VirtualRunner, DriftsByTheMinute) {
  RunScenario run = Steady();
  run.duration = 600.0;
  run.drift_pelvic_drop = {0.0, 0.002};
  run.drift_hip_adduction = {0.003, 0.0};
  const VirtualRunner runner = RunnerOf(run);
  const auto peak_near = [&](double time, Side side, const auto& angle) {
    const Step& step = runner.timing().StepOf(side, runner.timing().StepAt(side, time));
    double peak = -10.0;
    for (double t = step.strike; t < step.toe_off; t += 0.001) peak = std::max(peak, angle(t));
    return peak;
  };
  const auto drop = [&](double t) { return runner.PelvisObliquity(t); };
  const auto adduction = [&](double t) { return runner.HipAdduction(Side::kLeft, t); };
  EXPECT_NEAR(peak_near(590.0, Side::kRight, drop) - peak_near(50.0, Side::kRight, drop),
              9.0 * 0.002, 2e-4);
  EXPECT_NEAR(peak_near(590.0, Side::kLeft, adduction) - peak_near(50.0, Side::kLeft, adduction),
              9.0 * 0.003, 2e-4);
}

TEST(VirtualRunner, RunsAtTheSpeedsAndCadencesOfRealRuns) {
  struct Gait {
    double speed, cadence, duty_factor;
  };
  for (const Gait& gait : {Gait{2.2, 160, 0.40}, Gait{2.5, 156, 0.38}, Gait{2.8, 150, 0.36},
                           Gait{2.8, 190, 0.36}, Gait{3.5, 172, 0.33}, Gait{4.5, 184, 0.27}}) {
    RunScenario run = Steady();
    run.speed = gait.speed;
    run.cadence = gait.cadence;
    run.duty_factor = gait.duty_factor;
    EXPECT_NO_THROW(RunnerOf(run)) << gait.speed << " m/s at " << gait.cadence;
  }
}

TEST(VirtualRunner, SaysWhatToChangeWhereLegsCannotRunLikeThat) {
  RunScenario run = Steady();
  run.speed = 5.0;
  run.cadence = 150.0;
  run.duty_factor = 0.45;
  try {
    RunnerOf(run);
    FAIL() << "a leg of two metres";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("run.speed 5 m/s"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("lower the speed"));
  }
}

}  // namespace
}  // namespace medius::capture
