#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "capture/runner_truth.hpp"

namespace medius::capture {
namespace {

const SummaryRow& RowOf(const Summary& summary, const std::string& metric, Side side) {
  for (const SummaryRow& row : summary) {
    if (row.metric.name == metric && row.side == side) return row;
  }
  throw std::runtime_error("no " + metric);
}

class RunnerTruth : public ::testing::Test {
 protected:
  static constexpr double kStanding = 0.014;
  Scenario scenario_;
  VirtualRunner runner_{scenario_.body, scenario_.run, {0.0, 0.0}, 6};
};

TEST_F(RunnerTruth, StrideMetricsAreThoseOfAFineTableOfTheAngles) {
  const StrideTable strides = TrueStrides(runner_, scenario_.run.duration, kStanding);
  ASSERT_GT(strides.stride_count(), 150U);
  for (std::size_t row = 0; row < 20; ++row) {
    const Side side = strides.side[row];
    const double sign = side == Side::kRight ? 1.0 : -1.0;
    double drop = -10.0, adduction = -10.0;
    for (int i = 0; i <= 5000; ++i) {
      const double share = i / 5000.0;
      const double t = strides.start[row] + share * (strides.toe_off[row] - strides.start[row]);
      drop = std::max(drop, sign * runner_.PelvisObliquity(t));
      if (share <= 0.6) adduction = std::max(adduction, runner_.HipAdduction(side, t));
    }
    const auto metric = [&](const char* name) { return strides.FindMetric(name)->value[row]; };
    const double at_strike = sign * runner_.PelvisObliquity(strides.start[row]);
    EXPECT_NEAR(metric("contralateral_pelvic_drop_peak"), drop, 1e-8);
    EXPECT_NEAR(metric("contralateral_pelvic_drop_relative"), drop - sign * kStanding, 1e-8);
    EXPECT_NEAR(metric("contralateral_pelvic_drop_excursion"), drop - at_strike, 1e-8);
    EXPECT_NEAR(metric("hip_adduction_peak"), adduction, 1e-8);
    EXPECT_NEAR(metric("cadence") * metric("stride_time"), 120.0, 1e-9);
  }
}

TEST_F(RunnerTruth, SummaryAgreesWithTheScenario) {
  const Summary summary = TrueSummary(TrueStrides(runner_, scenario_.run.duration, kStanding));
  for (const Side side : kSides) {
    const bool right = side == Side::kRight;
    const SummaryRow& drop = RowOf(summary, "contralateral_pelvic_drop_peak", side);
    // Peaks of varied strides lie a little above their nominal ones; five standard errors.
    const double error = 5.0 * scenario_.run.sd_pelvic_drop / std::sqrt(drop.n);
    EXPECT_NEAR(drop.mean, right ? scenario_.run.pelvic_drop.right : scenario_.run.pelvic_drop.left,
                error + 1e-3);
    EXPECT_NEAR(drop.sd, scenario_.run.sd_pelvic_drop, 0.3 * scenario_.run.sd_pelvic_drop);
    EXPECT_EQ(drop.ci_low, drop.mean);
    EXPECT_NEAR(RowOf(summary, "cadence", side).mean, scenario_.run.cadence, 1.0);
  }
}

TEST_F(RunnerTruth, TrendIsTheDriftAskedFor) {
  RunScenario run = scenario_.run;
  run.duration = 900.0;
  run.drift_pelvic_drop = {0.001, -0.0015};
  const VirtualRunner runner(scenario_.body, run, {0.0, 0.0}, 6);
  const Summary summary = TrueSummary(TrueStrides(runner, run.duration, kStanding));
  // Standard error of a slope: sd over (spread of time times root n); 15 minutes, 1260 strides.
  const double error = run.sd_pelvic_drop / (15.0 / std::sqrt(12.0) * std::sqrt(1260.0));
  EXPECT_NEAR(RowOf(summary, "contralateral_pelvic_drop_peak", Side::kLeft).trend_per_minute, 0.001,
              5.0 * error);
  EXPECT_NEAR(RowOf(summary, "contralateral_pelvic_drop_peak", Side::kRight).trend_per_minute,
              -0.0015, 5.0 * error);
}

TEST_F(RunnerTruth, KinematicsHoldTheAnglesUnderTheNamesOfTheAnalysis) {
  Kinematics kinematics = DescribeTrueKinematics(3);
  const BodyAngles angles = runner_.At(1.234).angles;
  SetTrueAngles(angles, kStanding, 1, kinematics);
  EXPECT_EQ(kinematics.Find("pelvis_obliquity")->value[1], angles.pelvis_obliquity);
  EXPECT_EQ(kinematics.Find("pelvis_obliquity_relative")->value[1],
            angles.pelvis_obliquity - kStanding);
  EXPECT_EQ(kinematics.Find("pelvis_tilt")->value[1], angles.pelvis_tilt);
  EXPECT_EQ(kinematics.Find("left_hip_adduction")->value[1], angles.hip_adduction[0]);
  EXPECT_EQ(kinematics.Find("right_hip_flexion")->value[1], angles.hip_flexion[1]);
  EXPECT_EQ(kinematics.Find("right_knee_flexion")->value[1], angles.knee_flexion[1]);
}

}  // namespace
}  // namespace medius::capture
