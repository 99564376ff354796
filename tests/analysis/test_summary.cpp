#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "analysis/statistics.hpp"
#include "analysis/summary.hpp"

namespace medius::analysis {
namespace {

StrideTable Table(const std::vector<double>& drops) {
  StrideTable table;
  StrideColumn drop{{"contralateral_pelvic_drop_peak", "rad", ""}, {}};
  StrideColumn stride_time{{"stride_time", "s", ""}, {}};
  for (std::size_t i = 0; i < drops.size(); ++i) {
    table.side.push_back(Side::kRight);
    table.start.push_back(static_cast<double>(i) * 30.0);  // two a minute
    table.toe_off.push_back(table.start.back() + 0.25);
    table.end.push_back(table.start.back() + 0.7);
    table.accepted.push_back(1);
    table.rejection_reason.emplace_back();
    drop.value.push_back(drops[i]);
    stride_time.value.push_back(0.7);
  }
  table.metrics = {drop, stride_time};
  return table;
}

// An error of the obliquity and of nothing else.
SegmentError Pelvis(const SystematicPart& frontal) {
  SegmentError error{"pelvis"};
  error.whole[0] = frontal;
  return error;
}

const SummaryRow& Row(const Summary& summary, const std::string& metric, Side side) {
  for (const SummaryRow& row : summary) {
    if (row.metric.name == metric && row.side == side) return row;
  }
  throw std::logic_error("no row");
}

TEST(Summarize, IsThatWorkedByHand) {
  StrideTable table = Table({0.10, 0.12, 0.11, 0.13, 0.9, 0.14});
  table.accepted[4] = 0;
  SystematicErrors errors;
  errors.segments = {Pelvis(SystematicPart::Known(0.01))};
  const Summary summary = Summarize(table, errors);
  const SummaryRow& row = Row(summary, "contralateral_pelvic_drop_peak", Side::kRight);
  EXPECT_EQ(row.n, 5U);
  EXPECT_NEAR(row.mean, 0.12, 1e-15);
  EXPECT_NEAR(row.sd, std::sqrt(0.001 / 4.0), 1e-15);
  // t of 4 degrees of freedom: 2.7764.
  const double half = std::hypot(2.7764451 * row.sd / std::sqrt(5.0), 1.9599640 * 0.01);
  EXPECT_NEAR(row.ci_low, 0.12 - half, 1e-9);
  EXPECT_NEAR(row.ci_high, 0.12 + half, 1e-9);
  EXPECT_EQ(row.measurement_sigma, 0.01);
  EXPECT_NEAR(row.median, 0.12, 1e-15);
  EXPECT_NEAR(row.standard_error, row.sd / std::sqrt(5.0), 1e-15);
  EXPECT_TRUE(std::isnan(row.noise_sigma));  // the columns have none
  // Minutes 0, 0.5, 1, 1.5, 2.5 with 0.10 0.12 0.11 0.13 0.14. Ten slopes in order: -0.02, 0.01
  // four times, 0.016, 0.02 twice, 0.04 twice; half-way between the fifth and the sixth.
  EXPECT_NEAR(row.trend_per_minute, 0.013, 1e-12);
}

TEST(Summarize, HasEveryRowAndNaNWhereNothingIsToBeHad) {
  const Summary summary = Summarize(Table({0.1}), {});
  EXPECT_EQ(summary.size(), 4U);
  const SummaryRow& one = Row(summary, "contralateral_pelvic_drop_peak", Side::kRight);
  EXPECT_EQ(one.n, 1U);
  EXPECT_EQ(one.mean, 0.1);
  EXPECT_TRUE(std::isnan(one.sd));
  EXPECT_TRUE(std::isnan(one.ci_low));
  EXPECT_TRUE(std::isnan(one.trend_per_minute));
  const SummaryRow& none = Row(summary, "contralateral_pelvic_drop_peak", Side::kLeft);
  EXPECT_EQ(none.n, 0U);
  EXPECT_TRUE(std::isnan(none.mean));
  EXPECT_TRUE(Summarize(StrideTable(), {}).empty());
}

TEST(Summarize, IntervalHoldsTheTruthAsOftenAsItSays) {
  // Strides scatter by 0.02 about a mean that a session's own error of 0.005 has moved.
  std::mt19937_64 random(99);
  std::normal_distribution<double> normal;
  SystematicErrors errors;
  errors.segments = {Pelvis(SystematicPart::Known(0.005))};
  constexpr int kSessions = 2000;
  int held = 0;
  for (int session = 0; session < kSessions; ++session) {
    const double moved = 0.1 + 0.005 * normal(random);
    std::vector<double> drops;
    for (int i = 0; i < 12; ++i) drops.push_back(moved + 0.02 * normal(random));
    const Summary summary = Summarize(Table(drops), errors);
    const SummaryRow& row = Row(summary, "contralateral_pelvic_drop_peak", Side::kRight);
    held += row.ci_low <= 0.1 && 0.1 <= row.ci_high ? 1 : 0;
  }
  // 95 % of 2,000 with an sd of 0.5 %.
  EXPECT_NEAR(static_cast<double>(held) / kSessions, 0.95, 0.015);
}

TEST(SystematicPart, IsWiderWhereItsSdIsEstimatedFromLittle) {
  EXPECT_NEAR(SystematicPart::Known(0.01).half_width, 0.0196, 1e-6);
  // Four markers leave 6 degrees of freedom, three leave 3.
  EXPECT_NEAR(SystematicPart::Estimated(0.01, 6).half_width, 0.024469, 1e-6);
  EXPECT_NEAR(SystematicPart::Estimated(0.01, 3).half_width, 0.031824, 1e-6);
  EXPECT_EQ(SystematicPart::Estimated(0.0, 6.0).half_width, 0.0);
}

TEST(Summarize, SaysHowMuchOfTheSpreadIsNoise) {
  StrideTable table = Table({0.10, 0.12, 0.11});
  table.metrics[0].sigma = {0.003F, 0.004F, 0.005F};
  table.accepted[2] = 0;
  const Summary summary = Summarize(table, {});
  EXPECT_NEAR(Row(summary, "contralateral_pelvic_drop_peak", Side::kRight).noise_sigma,
              std::sqrt((9e-6 + 16e-6) / 2.0), 1e-8);
}

}  // namespace
}  // namespace medius::analysis
