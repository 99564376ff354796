#include <cmath>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "analysis/run_statistics.hpp"

namespace medius::analysis {
namespace {

constexpr double kStride = 0.7;

// Right strides of `minutes` minutes whose drop at a time is given, with a scatter of 0.01.
StrideTable RunOf(double minutes, unsigned seed, double (*drop_at)(double seconds)) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0.0, 0.01);
  StrideTable table;
  StrideColumn drop{{"contralateral_pelvic_drop_peak", "rad", "Drop"}, {}};
  for (double start = 5.0; start + kStride <= 5.0 + 60.0 * minutes; start += kStride) {
    table.side.push_back(Side::kRight);
    table.start.push_back(start);
    table.toe_off.push_back(start + 0.25);
    table.end.push_back(start + kStride);
    table.accepted.push_back(1);
    table.rejection_reason.emplace_back();
    drop.value.push_back(drop_at(start) + normal(random));
  }
  table.metrics = {drop};
  return table;
}

template <typename Row>
const Row& OfRight(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (row.side == Side::kRight) return row;
  }
  throw std::logic_error("no row");
}

TEST(DescribeRun, HasAWindowAMinuteAndTheRestWithTheLast) {
  const RunStatistics run =
      DescribeRun(RunOf(5.3, 1, [](double) { return 0.1; }), SystematicErrors());
  std::vector<WindowRow> right;
  for (const WindowRow& row : run.windows) {
    if (row.side == Side::kRight) right.push_back(row);
  }
  ASSERT_EQ(right.size(), 5U);
  std::size_t strides = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    EXPECT_NEAR(right[i].start, 5.0 + 60.0 * static_cast<double>(i), 1e-9);
    EXPECT_NEAR(right[i].mean, 0.1, 4.0 * 0.01 / std::sqrt(85.0));
    EXPECT_NEAR(right[i].sd, 0.01, 0.003);
    strides += right[i].n;
  }
  EXPECT_EQ(strides, static_cast<std::size_t>(5.3 * 60.0 / kStride));
  EXPECT_EQ(right.back().end, RunOf(5.3, 1, [](double) { return 0.1; }).end.back());
}

TEST(DescribeRun, FindsASlopeAndTheChangeFromFirstToLast) {
  // 0.002 a minute over 20 minutes.
  const StrideTable table = RunOf(20.0, 2, [](double t) { return 0.1 + 0.002 * t / 60.0; });
  const TrendRow row = OfRight(DescribeRun(table, SystematicErrors()).trends);
  // sd of the slope by least squares: 0.01 sqrt(12) / (20 sqrt(1714)).
  const double slope_sd = 0.01 * std::sqrt(12.0) / (20.0 * std::sqrt(1714.0));
  EXPECT_NEAR(row.slope_per_minute, 0.002, 4.0 * slope_sd);
  EXPECT_LT(row.ci_low, 0.002);
  EXPECT_GT(row.ci_high, 0.002);
  EXPECT_NEAR(row.ci_high - row.ci_low, 2.0 * 1.96 * slope_sd, 0.3 * slope_sd * 3.92);
  const double change_sd = 0.01 * std::sqrt(2.0 / 85.0);
  EXPECT_NEAR(row.change, 19.0 * 0.002, 4.0 * change_sd);
  EXPECT_NEAR(row.change, row.last_mean - row.first_mean, 1e-15);
  EXPECT_NEAR(row.change_ci_high - row.change_ci_low, 2.0 * 1.97 * change_sd, 0.3 * change_sd * 4);
}

TEST(DescribeRun, FindsAStepWhereThereIsOneAndNoneElsewhere) {
  const TrendRow step = OfRight(
      DescribeRun(RunOf(10.0, 3, [](double t) { return t < 305.0 ? 0.1 : 0.11; }), {}).trends);
  EXPECT_LT(step.change_point_p, 1e-6);
  EXPECT_NEAR(step.change_point, 305.0, 10.0 * kStride);  // a step of one sd of the strides
  EXPECT_NEAR(step.change_point_shift, 0.01, 5.0 * 0.01 * std::sqrt(1.57 * 4.0 / 857.0));
  const TrendRow none = OfRight(DescribeRun(RunOf(10.0, 4, [](double) { return 0.1; }), {}).trends);
  EXPECT_GT(none.change_point_p, kChangePointLevel);
  EXPECT_TRUE(std::isnan(none.change_point));
  EXPECT_TRUE(std::isnan(none.change_point_shift));
}

TEST(DescribeRun, OfAShortRunOrNoneHasNoChange) {
  const RunStatistics run = DescribeRun(RunOf(1.2, 5, [](double) { return 0.1; }), {});
  EXPECT_EQ(run.windows.size(), 2U);  // one a side
  EXPECT_TRUE(std::isnan(OfRight(run.trends).change));
  EXPECT_EQ(run.asymmetry.front().n_left, 0U);
  EXPECT_TRUE(std::isnan(run.asymmetry.front().difference));
  const RunStatistics none = DescribeRun(StrideTable(), {});
  EXPECT_TRUE(none.asymmetry.empty() && none.windows.empty() && none.trends.empty());
}

TEST(DescribeRun, IsTheSameForAnyNumberOfThreads) {
  const StrideTable table = RunOf(5.0, 6, [](double) { return 0.1; });
  const RunStatistics one = DescribeRun(table, {}, Parallelism(1));
  for (const int threads : {2, 7}) {
    const RunStatistics many = DescribeRun(table, {}, Parallelism(threads));
    ASSERT_EQ(many.windows.size(), one.windows.size());
    for (std::size_t i = 0; i < one.windows.size(); ++i) {
      EXPECT_EQ(many.windows[i].n, one.windows[i].n);
      if (one.windows[i].n == 0) continue;
      EXPECT_EQ(many.windows[i].mean, one.windows[i].mean);
    }
    EXPECT_EQ(OfRight(many.trends).slope_per_minute, OfRight(one.trends).slope_per_minute);
  }
}

}  // namespace
}  // namespace medius::analysis
