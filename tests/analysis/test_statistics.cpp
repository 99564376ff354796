#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/distributions.hpp"
#include "analysis/statistics.hpp"

namespace medius::analysis {
namespace {

TEST(StudentT95, IsThatOfThePrintedTable) {
  EXPECT_NEAR(StudentT95(1), 12.7062, 1e-4);
  EXPECT_NEAR(StudentT95(2), 4.3027, 1e-4);
  EXPECT_NEAR(StudentT95(3), 3.1824, 1e-4);
  EXPECT_NEAR(StudentT95(9), 2.2622, 1e-4);
  EXPECT_NEAR(StudentT95(30), 2.0423, 1e-4);
  EXPECT_NEAR(StudentT95(120), 1.9799, 1e-4);
  EXPECT_NEAR(StudentT95(100000), 1.9600, 0.002);
  EXPECT_TRUE(std::isinf(StudentT95(0)));
}

TEST(TheilSenSlope, IsTheMedianOfTheSlopes) {
  // Slopes between the points: 1, 1, 1, 3, 3, 1 -> 1.
  EXPECT_NEAR(TheilSenSlope(std::vector<double>{0, 1, 2, 3}, std::vector<double>{0, 1, 2, 3}), 1.0,
              1e-15);
  EXPECT_TRUE(std::isnan(TheilSenSlope(std::vector<double>{1, 1}, std::vector<double>{1, 2})));
  EXPECT_TRUE(std::isnan(TheilSenSlope(std::vector<double>{}, std::vector<double>{})));
}

TEST(TheilSenSlope, IsNotTurnedByWildValuesAlsoOfAnHour) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  std::vector<double> x, y;
  for (int i = 0; i < 5000; ++i) {
    x.push_back(i * 0.012);
    y.push_back(0.1 + 0.003 * x.back() + 0.01 * normal(random) + (i % 1000 == 0 ? 5.0 : 0.0));
  }
  // Least squares: 0.01 / (17 min x sqrt(5000)) is 1e-5; Theil-Sen of groups somewhat more.
  EXPECT_NEAR(TheilSenSlope(x, y), 0.003, 5e-5);
}

TEST(TheilSen, HasTheIntervalThatSenWorked) {
  // The example of Sen 1968, section 6. Of its 21 slopes the middle one is 4; for 95 % the ranks
  // are (21 -+ 1.96 sqrt(7 x 6 x 19 / 18)) / 2 = 3.97 and 17.03: the 3rd and the 19th slope.
  const std::vector<double> x = {1, 2, 3, 4, 10, 12, 18};
  const std::vector<double> y = {9, 15, 19, 20, 45, 55, 78};
  std::vector<double> slopes;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) slopes.push_back((y[j] - y[i]) / (x[j] - x[i]));
  }
  std::sort(slopes.begin(), slopes.end());
  const Slope slope = TheilSen(x, y);
  EXPECT_NEAR(slope.value, 4.0, 1e-12);
  EXPECT_EQ(slope.ci_low, slopes[2]);
  EXPECT_EQ(slope.ci_high, slopes[18]);
}

TEST(TheilSen, HasAnIntervalThatHoldsTheSlopeAsOftenAsItSays) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  constexpr int kRuns = 1000;
  int held = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<double> x, y;
    for (int i = 0; i < 40; ++i) {
      x.push_back(i);
      y.push_back(0.5 * i + normal(random));
    }
    const Slope slope = TheilSen(x, y);
    held += slope.ci_low <= 0.5 && 0.5 <= slope.ci_high ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(held) / kRuns, 0.95, 3.0 * 0.0069);  // 3 sd of a proportion
}

TEST(TheilSen, OfTooFewPointsHasNoInterval) {
  const Slope slope = TheilSen(std::vector<double>{0, 1, 2}, std::vector<double>{0, 1, 4});
  EXPECT_EQ(slope.value, 2.0);
  EXPECT_TRUE(std::isinf(slope.ci_low) && std::isinf(slope.ci_high));
}

TEST(PettittTest, FindsTheStepAndItsProbabilityByHand) {
  // 1 2 3 | 4 5 6: U_3 = 2 (1 + 2 + 3) - 3 x 7 = -9, p = 2 exp(-6 x 81 / (216 + 36)).
  const ChangePoint point = PettittTest(std::vector<double>{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(point.first_after, 3U);
  EXPECT_NEAR(point.p_value, 2.0 * std::exp(-486.0 / 252.0), 1e-12);
  // Ties share their rank: nothing changes, so U is 0.
  EXPECT_EQ(PettittTest(std::vector<double>{5, 5, 5, 5}).p_value, 1.0);
  EXPECT_EQ(PettittTest(std::vector<double>{5}).p_value, 1.0);
}

TEST(PettittTest, IsSeldomDeceived) {
  std::mt19937_64 random(8);
  std::normal_distribution<double> normal;
  constexpr int kRuns = 1000;
  int alarms = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<double> values(60);
    for (double& v : values) v = normal(random);
    alarms += PettittTest(values).p_value < 0.05 ? 1 : 0;
  }
  EXPECT_LE(alarms, 50 + 21);  // its p is an upper bound; 3 sd of a proportion
  EXPECT_GE(alarms, 15);       // and not a useless one
}

TEST(Distributions, AreThoseOfPrintedTables) {
  EXPECT_NEAR(NormalCdf(1.959963984540054), 0.975, 1e-14);
  EXPECT_NEAR(NormalQuantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_NEAR(NormalQuantile(1e-10), -6.361340902404056, 1e-9);
  // One and two degrees of freedom have closed forms.
  for (const double t : {-30.0, -2.0, -0.3, 0.0, 0.7, 5.0, 100.0}) {
    EXPECT_NEAR(StudentCdf(t, 1.0), 0.5 + std::atan(t) / 3.14159265358979323846, 1e-13) << t;
    EXPECT_NEAR(StudentCdf(t, 2.0), 0.5 + t / (2.0 * std::sqrt(2.0 + t * t)), 1e-13) << t;
  }
  EXPECT_NEAR(StudentQuantile(0.975, 10.0), 2.228138851986274, 1e-11);
  EXPECT_NEAR(StudentQuantile(0.025, 10.0), -2.228138851986274, 1e-11);
  EXPECT_NEAR(StudentUpperTail(50.0, 2.0) / (0.5 * (1.0 - 50.0 / std::sqrt(2502.0))), 1.0, 1e-9);
  EXPECT_NEAR(StudentCdf(1.5, 1e9), NormalCdf(1.5), 1e-8);
}

TEST(Distributions, OfFractionalFreedomAgreeWithTheIntegralOfTheDensity) {
  // Simpson's rule over the density of 7.3 degrees of freedom, from 0 to 2.
  constexpr double kFreedom = 7.3;
  const double front = std::exp(std::lgamma(0.5 * (kFreedom + 1.0)) - std::lgamma(0.5 * kFreedom)) /
                       std::sqrt(kFreedom * 3.14159265358979323846);
  const auto density = [&](double t) {
    return front * std::pow(1.0 + t * t / kFreedom, -0.5 * (kFreedom + 1.0));
  };
  constexpr int kSteps = 2000;
  constexpr double kWidth = 2.0 / kSteps;
  double sum = density(0.0) + density(2.0);
  for (int i = 1; i < kSteps; ++i) sum += (i % 2 == 1 ? 4.0 : 2.0) * density(i * kWidth);
  EXPECT_NEAR(StudentCdf(2.0, kFreedom), 0.5 + sum * kWidth / 3.0, 1e-12);
}

}  // namespace
}  // namespace medius::analysis
