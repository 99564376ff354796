#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/session_comparison.hpp"
#include "analysis/session_trend.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr double kDegree = 0.017453292519943295;
const char* const kDrop = "contralateral_pelvic_drop_relative";

Session At(const std::string& name, const std::string& created, double mean, double speed = 3.0,
           std::size_t n = 25, double sd = 0.6 * kDegree) {
  Session session;
  session.name = name;
  session.created = created;
  for (const Side side : kSides) {
    const auto add = [&](const char* metric, const char* unit, double value, double spread) {
      SummaryRow row;
      row.metric = {metric, unit, ""};
      row.side = side;
      row.mean = value;
      row.sd = spread;
      row.n = n;
      session.summary.push_back(row);
    };
    add("belt_speed", "m/s", speed, 0.01);
    add(kDrop, "rad", mean, sd);
    add("stride_time", "s", 0.7, 0.01);
  }
  return session;
}

ComparisonOptions WithSem(double sem, std::optional<std::size_t> freedom = std::nullopt) {
  ComparisonOptions options;
  options.repeatability.name = "lab";
  options.repeatability.errors = {{kDrop, sem, freedom, false, "own visits"}};
  return options;
}

const MetricProgress& Drop(const SessionComparison& comparison, Side side = Side::kRight) {
  for (const MetricProgress& metric : comparison.metrics) {
    if (metric.metric.name == kDrop && metric.side == side) return metric;
  }
  throw std::logic_error("no drop");
}

TEST(CompareSessions, IsThatWorkedByHand) {
  const SessionComparison comparison =
      CompareSessions({At("after", "2026-03-22", 3.0 * kDegree),
                       At("before", "2026-03-01T10:00:00Z", 6.0 * kDegree)},
                      WithSem(0.9 * kDegree));
  EXPECT_EQ(comparison.sessions[0].name, "before");  // by date
  EXPECT_NEAR(*comparison.sessions[1].day, 21.0 - 10.0 / 24.0, 1e-9);
  const MetricProgress& drop = Drop(comparison);
  EXPECT_TRUE(drop.primary);
  EXPECT_EQ(comparison.metrics.front().metric.name, kDrop);  // primary ones first
  ASSERT_EQ(drop.from_first.size(), 1U);
  const SessionDifference& d = drop.from_first[0];
  // SE: sqrt(2 x 0.81 + 2 x 0.36 / 25) = 1.28421 degrees.
  const double error = std::sqrt(2.0 * 0.81 + 2.0 * 0.36 / 25.0);
  EXPECT_NEAR(d.difference, -3.0 * kDegree, 1e-12);
  EXPECT_NEAR(d.standard_error, error * kDegree, 1e-12);
  EXPECT_NEAR(d.mdc95, 1.959964 * error * kDegree, 1e-8);
  EXPECT_NEAR(d.reliable_change_index, -3.0 / error, 1e-9);
  EXPECT_EQ(d.verdict, ChangeVerdict::kDecreased);
  const auto normal = [](double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); };
  EXPECT_NEAR(d.probability_decrease, normal(3.0 / error), 1e-9);
  EXPECT_NEAR(d.probability_relevant_decrease, normal(2.0 / error), 1e-9);
  EXPECT_NEAR(d.probability_relevant_increase, normal(-4.0 / error), 1e-9);
  EXPECT_NEAR(drop.values[0].half_width, 1.959964 * std::sqrt(0.81 + 0.36 / 25.0) * kDegree, 1e-8);
}

TEST(CompareSessions, WidensForASemOfFewVisitsAndDoesNotCountStridesTwice) {
  const std::vector<Session> sessions = {At("a", "2026-01-01", 0.05), At("b", "2026-01-08", 0.06)};
  ComparisonOptions options = WithSem(0.01, 10);
  const SessionDifference few = Drop(CompareSessions(sessions, options)).from_first[0];
  EXPECT_NEAR(few.mdc95 / few.standard_error, 2.228139, 1e-5);  // t of 10
  options.repeatability.errors[0].includes_strides = true;
  const SessionDifference whole = Drop(CompareSessions(sessions, options)).from_first[0];
  EXPECT_NEAR(whole.standard_error, 0.01 * std::sqrt(2.0), 1e-12);
}

TEST(CompareSessions, GivesNoVerdictWithoutRepeatability) {
  const SessionComparison comparison = CompareSessions(
      {At("a", "2026-01-01", 0.05), At("b", "2026-01-08", 0.20)}, ComparisonOptions());
  const SessionDifference& d = Drop(comparison).from_first[0];
  EXPECT_EQ(d.verdict, ChangeVerdict::kUnknown);
  EXPECT_NEAR(d.difference, 0.15, 1e-12);
  EXPECT_TRUE(std::isnan(d.mdc95));
  EXPECT_FALSE(Drop(comparison).repeat_error.has_value());
}

TEST(CompareSessions, WarnsOfSpeedStridesAndDates) {
  const SessionComparison comparison =
      CompareSessions({At("a", "2026-01-01", 0.05, 3.0), At("b", "", 0.06, 3.2),
                       At("c", "2026-01-15", 0.06, 3.05, 9)},
                      WithSem(0.01));
  EXPECT_THAT(comparison.warnings, Contains(HasSubstr("b: run at 3.20 m/s, +6.7 % from a")));
  EXPECT_THAT(comparison.warnings, Not(Contains(HasSubstr("c: run at"))));  // 1.7 %
  EXPECT_THAT(comparison.warnings, Contains(HasSubstr("c: 9 accepted strides on the left side")));
  EXPECT_THAT(comparison.warnings, Contains(HasSubstr("not every trial says when")));
}

TEST(CompareSessions, SaysWhatIsWrongWithItsInput) {
  const auto message = [](std::vector<Session> sessions, const ComparisonOptions& options) {
    try {
      static_cast<void>(CompareSessions(std::move(sessions), options));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message({At("a", "", 0.1)}, {}), HasSubstr("1 session given: progress is between"));
  EXPECT_THAT(message({At("a", "", 0.1), At("b", "", 0.1)}, WithSem(-1.0)),
              HasSubstr("contralateral_pelvic_drop_relative has sem -1"));
  SessionComparison missing = CompareSessions({At("a", "", 0.1), Session()}, WithSem(0.01));
  EXPECT_EQ(Drop(missing).from_first[0].verdict, ChangeVerdict::kNoStrides);
}

// A session's mean without any change: the runner's own value, the visit, the strides.
Session Visit(std::mt19937_64& random, double sem, double truth) {
  std::normal_distribution<double> normal;
  constexpr std::size_t kStrides = 30;
  constexpr double kSpread = 0.6 * kDegree;
  const double visit = truth + sem * normal(random);
  std::vector<double> strides(kStrides);
  double mean = 0.0, square = 0.0;
  for (double& s : strides) mean += (s = visit + kSpread * normal(random)) / kStrides;
  for (const double s : strides) square += (s - mean) * (s - mean);
  return At("s", "2026-01-01", mean, 3.0, kStrides, std::sqrt(square / (kStrides - 1.0)));
}

TEST(CompareSessions, RaisesAFalseAlarmInFiveOfAHundredAndFindsThreeDegrees) {
  constexpr int kCases = 2000;
  constexpr double kSem = 0.9 * kDegree;
  // A lab of 12 subjects with 2 visits each knows its sem by 12 degrees of freedom.
  constexpr std::size_t kSubjects = 12;
  std::mt19937_64 random(2026);
  std::normal_distribution<double> normal;
  const auto alarms = [&](double change, bool estimated) {
    int count = 0;
    for (int i = 0; i < kCases; ++i) {
      double sem = kSem;
      if (estimated) {
        double square = 0.0;
        for (std::size_t s = 0; s < kSubjects; ++s) square += std::pow(normal(random), 2.0);
        sem = kSem * std::sqrt(square / kSubjects);
      }
      const SessionComparison comparison =
          CompareSessions({Visit(random, kSem, 0.1), Visit(random, kSem, 0.1 + change)},
                          WithSem(sem, estimated ? std::optional(kSubjects) : std::nullopt));
      const ChangeVerdict verdict = Drop(comparison).from_first[0].verdict;
      count += verdict == ChangeVerdict::kNotShown ? 0 : 1;
    }
    return static_cast<double>(count) / kCases;
  };
  // The sd of a proportion of 2,000 is 0.5 %.
  EXPECT_NEAR(alarms(0.0, false), 0.05, 0.01);
  EXPECT_NEAR(alarms(0.0, true), 0.05, 0.01);
  // Power by the normal distribution: P(|Z + 3 / 1.2817| > 1.96) = 0.648.
  const double power = alarms(-3.0 * kDegree, false);
  EXPECT_NEAR(power, 0.648, 0.03);
  std::printf("power for 3 degrees at SEM 0.9: %.3f\n", power);
}

TEST(FitSessionTrend, IsOrdinaryLeastSquaresWhereAllSessionsAreAlike) {
  const std::vector<double> day = {0, 7, 14, 21, 28};
  const std::vector<double> mean = {6.0, 5.1, 5.3, 4.0, 3.9};
  const auto trend = FitSessionTrend(day, mean, std::vector<double>(5, 0.01));
  ASSERT_TRUE(trend.has_value());
  // By hand: slope -0.53 a week, residuals (0.08, -0.29, 0.44, -0.33, 0.10), their squares 0.403;
  // with 3 degrees of freedom 0.13433, of which 0.01 is the strides'.
  EXPECT_NEAR(trend->slope_per_week, -0.53, 1e-9);
  EXPECT_NEAR(trend->intercept, 5.92, 1e-9);
  EXPECT_NEAR(trend->between_session_sd, std::sqrt(0.403 / 3.0 - 0.01), 1e-6);
  const double reach = 3.182446 * std::sqrt(0.403 / 3.0 / 10.0);
  EXPECT_NEAR(trend->ci_low, -0.53 - reach, 1e-6);
  EXPECT_NEAR(trend->ci_high, -0.53 + reach, 1e-6);
  EXPECT_LT(trend->p_value, 0.05);
}

TEST(FitSessionTrend, FindsNoSpreadBetweenSessionsWhereStridesExplainIt) {
  const std::vector<double> day = {0, 7, 14, 21};
  const auto trend =
      FitSessionTrend(day, std::vector<double>{6.0, 5.9, 6.1, 6.0}, std::vector<double>(4, 0.04));
  ASSERT_TRUE(trend.has_value());
  EXPECT_EQ(trend->between_session_sd, 0.0);
  EXPECT_GT(trend->p_value, 0.3);
}

TEST(FitSessionTrend, HoldsTheSlopeAsOftenAsItSays) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  const std::vector<double> day = {0, 5, 16, 21, 30, 44};
  const std::vector<double> variance = {0.01, 0.02, 0.03, 0.01, 0.05, 0.02};
  constexpr int kCases = 1000;
  int held = 0;
  for (int c = 0; c < kCases; ++c) {
    std::vector<double> mean;
    for (std::size_t i = 0; i < day.size(); ++i) {
      mean.push_back(5.0 - 0.1 * day[i] / 7.0 + std::sqrt(0.5 + variance[i]) * normal(random));
    }
    const auto trend = FitSessionTrend(day, mean, variance);
    held += trend->ci_low <= -0.1 && -0.1 <= trend->ci_high ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(held) / kCases, 0.95, 3.0 * 0.0069);
}

TEST(FitSessionTrend, NeedsFourSessionsOnDifferentDays) {
  const std::vector<double> flat(4, 1.0);
  const std::vector<double> three = {0, 1, 2};
  EXPECT_FALSE(FitSessionTrend(three, three, three).has_value());
  EXPECT_FALSE(FitSessionTrend(flat, flat, flat).has_value());
  const std::vector<double> day = {0, 1, 2, 3};
  EXPECT_FALSE(FitSessionTrend(day, std::vector<double>{1, 2, std::nan(""), 3}, flat).has_value());
  // No spread at all: a slope without error, not a failure.
  const auto exact = FitSessionTrend(day, day, std::vector<double>(4, 0.0));
  ASSERT_TRUE(exact.has_value());
  EXPECT_NEAR(exact->slope_per_week, 7.0, 1e-6);
}

TEST(MakeControlChart, HasTheLimitsOfItsMovingRange) {
  // Ranges 1, 2, 1, 6: mean 2.5.
  const auto chart = MakeControlChart(std::vector<double>{5, 6, 4, 5, 11});
  ASSERT_TRUE(chart.has_value());
  EXPECT_NEAR(chart->centre, 6.2, 1e-12);
  EXPECT_NEAR(chart->upper, 6.2 + 2.66 * 2.5, 1e-12);
  EXPECT_TRUE(chart->outside.empty());
  std::vector<double> long_run(20, 5.0);
  for (std::size_t i = 0; i < long_run.size(); i += 2) long_run[i] = 5.2;
  long_run[19] = 9.0;
  EXPECT_EQ(MakeControlChart(long_run)->outside, std::vector<std::size_t>{19});
  EXPECT_FALSE(MakeControlChart(std::vector<double>{1, 2, 3}).has_value());
}

}  // namespace
}  // namespace medius::analysis
