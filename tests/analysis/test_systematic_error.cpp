#include <cmath>

#include <gtest/gtest.h>

#include "analysis/run_statistics.hpp"
#include "analysis/systematic_error.hpp"

namespace medius::analysis {
namespace {

SystematicErrors Errors() {
  SystematicErrors errors;
  const auto segment = [&errors](const char* name, double frontal, double varying) {
    SegmentError error{name};
    error.whole[0] = {frontal, 2.0 * frontal};
    error.varying[0] = {varying, 2.0 * varying};
    error.whole[1] = {0.5 * frontal, frontal};
    error.whole[2] = {0.1 * frontal, 0.2 * frontal};
    errors.segments.push_back(error);
  };
  segment("pelvis", 0.012, 0.004);
  segment("left_thigh", 0.016, 0.003);
  segment("right_thigh", 0.005, 0.003);
  segment("right_shank", 0.012, 0.004);
  errors.hip_centre = {SystematicPart{0.015, 0.03}, SystematicPart{0.0, 0.0}};
  errors.contact_time = {0.006, 0.012};
  return errors;
}

MetricError ErrorOf(const char* metric, Side side) {
  return SystematicErrorOf(*FindStrideMetric(metric), side, Errors(), 0.75);
}

TEST(SystematicError, GivesEachMetricItsOwn) {
  const auto sigma = [](const char* metric, Side side) {
    return ErrorOf(metric, side).Total().sigma;
  };
  EXPECT_EQ(sigma("contralateral_pelvic_drop_relative", Side::kLeft), 0.012);
  EXPECT_EQ(sigma("contralateral_pelvic_drop_midstance", Side::kLeft), 0.012);
  EXPECT_NEAR(sigma("contralateral_pelvic_drop_excursion", Side::kLeft), 0.004 * std::sqrt(2.0),
              1e-15);
  // Pelvis, thigh and hip centre: sqrt(12^2 + 16^2 + 15^2) = 25.
  EXPECT_NEAR(sigma("hip_adduction_peak", Side::kLeft), 0.025, 1e-15);
  EXPECT_NEAR(sigma("hip_adduction_peak", Side::kRight), 0.013, 1e-15);
  EXPECT_NEAR(sigma("hip_adduction_excursion", Side::kRight), 0.005 * std::sqrt(2.0), 1e-15);
  EXPECT_NEAR(sigma("hip_internal_rotation_peak", Side::kRight), 0.0065, 1e-15);
  EXPECT_NEAR(sigma("knee_abduction_peak", Side::kRight), 0.013, 1e-15);
  EXPECT_NEAR(sigma("knee_flexion_peak", Side::kRight), 0.0013, 1e-15);
  EXPECT_EQ(sigma("contralateral_pelvic_drop_peak_time", Side::kRight), 0.0);
  EXPECT_EQ(sigma("contact_time", Side::kRight), 0.006);
  EXPECT_NEAR(sigma("duty_factor", Side::kRight), 0.008, 1e-15);
  EXPECT_EQ(sigma("cadence", Side::kRight), 0.0);
  EXPECT_NEAR(ErrorOf("hip_adduction_peak", Side::kLeft).Total().half_width, 0.05, 1e-15);
}

TEST(SystematicError, OfThePelvisOpposesItselfBetweenTheSides) {
  const MetricError drop = ErrorOf("contralateral_pelvic_drop_peak", Side::kRight);
  EXPECT_EQ(drop.opposed.sigma, 0.012);
  EXPECT_EQ(drop.own.sigma, 0.0);
  const MetricError tilt = ErrorOf("pelvis_tilt_mean", Side::kRight);
  EXPECT_NEAR(tilt.common.sigma, 0.0012, 1e-15);
  EXPECT_EQ(tilt.opposed.sigma, 0.0);
  // Within a stride the skin does not do the same in both stances.
  EXPECT_EQ(ErrorOf("contralateral_pelvic_drop_excursion", Side::kRight).opposed.sigma, 0.0);
}

TEST(Asymmetry, CountsAnOpposedErrorTwice) {
  StrideTable table;
  StrideColumn drop{{"contralateral_pelvic_drop_peak", "rad", ""}, {}};
  StrideColumn contact{{"contact_time", "s", ""}, {}};
  for (int i = 0; i < 8; ++i) {
    table.side.push_back(i % 2 == 0 ? Side::kRight : Side::kLeft);
    table.start.push_back(0.35 * i);
    table.toe_off.push_back(0.35 * i + 0.25);
    table.end.push_back(0.35 * i + 0.7);
    table.accepted.push_back(1);
    table.rejection_reason.emplace_back();
    // Right 0.10 and 0.12 in turn, left 0.07 and 0.09.
    drop.value.push_back((i % 2 == 0 ? 0.10 : 0.07) + (i % 4 < 2 ? 0.0 : 0.02));
    contact.value.push_back(i % 2 == 0 ? 0.22 : 0.18);
  }
  table.metrics = {drop, contact};
  const RunStatistics run = DescribeRun(table, Errors());
  ASSERT_EQ(run.asymmetry.size(), 2U);
  const AsymmetryRow& row = run.asymmetry[0];
  EXPECT_NEAR(row.difference, 0.03, 1e-15);
  EXPECT_EQ(row.n_left, 4U);
  EXPECT_EQ(row.n_right, 4U);
  // sd of each side sqrt(4 x 0.0001 / 3); two variances of the mean of 4.
  EXPECT_NEAR(row.standard_error, std::sqrt(2.0 * 0.0004 / 3.0 / 4.0), 1e-15);
  EXPECT_NEAR(row.measurement_sigma, 0.024, 1e-15);
  // Welch with equal variances: 6 degrees of freedom, t 2.446912.
  const double half = std::hypot(2.446912 * row.standard_error, 0.048);
  EXPECT_NEAR(row.ci_low, 0.03 - half, 1e-8);
  EXPECT_NEAR(row.ci_high, 0.03 + half, 1e-8);
  EXPECT_TRUE(std::isnan(row.symmetry_index));  // an angle
  EXPECT_NEAR(run.asymmetry[1].symmetry_index, 200.0 * 0.04 / 0.40, 1e-9);
}

}  // namespace
}  // namespace medius::analysis
