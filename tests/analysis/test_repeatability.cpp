#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/repeatability.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

const char* const kDrop = "contralateral_pelvic_drop_relative";

SummaryRow Row(Side side, double mean, double sd, std::size_t n) {
  SummaryRow row;
  row.metric = {kDrop, "rad", ""};
  row.side = side;
  row.mean = mean;
  row.sd = sd;
  row.n = n;
  return row;
}

TEST(EstimateRepeatability, IsThatWorkedByHand) {
  // Two subjects, two visits: differences of 2 and 4 on the right, 0 on the left. Squares about the
  // means: 2 + 8 + 0 + 0 = 10 over 4 degrees of freedom; strides 25 / 100 = 0.25 of each.
  const auto visit = [](double right) {
    return Summary{Row(Side::kLeft, 5.0, 5.0, 100), Row(Side::kRight, right, 5.0, 100)};
  };
  const EstimatedRepeatability estimated =
      EstimateRepeatability({{visit(1.0), visit(3.0)}, {visit(10.0), visit(6.0)}, {visit(99.0)}});
  ASSERT_EQ(estimated.repeatability.errors.size(), 1U);
  const RepeatError& error = estimated.repeatability.errors[0];
  EXPECT_EQ(error.metric, kDrop);
  EXPECT_NEAR(error.sem, std::sqrt(2.5 - 0.25), 1e-12);
  EXPECT_FALSE(error.includes_strides);
  EXPECT_EQ(error.degrees_of_freedom, 2U);  // of the visits, not of the sides
  EXPECT_EQ(estimated.metrics[0].unit, "rad");
}

TEST(EstimateRepeatability, FindsTheSemThatWasMade) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  std::vector<std::vector<Summary>> visits;
  for (int subject = 0; subject < 200; ++subject) {
    visits.emplace_back();
    const double own = 5.0 + 2.0 * normal(random);
    for (int visit = 0; visit < 3; ++visit) {
      const double true_mean = own + 0.9 * normal(random);
      // 20 strides of sd 1.5 about it.
      visits.back().push_back(
          {Row(Side::kRight, true_mean + 1.5 / std::sqrt(20.0) * normal(random), 1.5, 20)});
    }
  }
  // 400 degrees of freedom: 3.5 % on an sd.
  EXPECT_NEAR(EstimateRepeatability(visits).repeatability.errors[0].sem, 0.9, 3.0 * 0.035 * 0.9);
}

TEST(EstimateRepeatability, SaysWhereStridesAreAllThereIs) {
  const auto visit = [](double mean) { return Summary{Row(Side::kRight, mean, 10.0, 4)}; };
  const RepeatError error =
      EstimateRepeatability({{visit(1.0), visit(3.0)}}).repeatability.errors[0];
  EXPECT_TRUE(error.includes_strides);
  EXPECT_NEAR(error.sem, std::sqrt(2.0), 1e-12);
  EXPECT_THROW(static_cast<void>(EstimateRepeatability({{visit(1.0)}, {visit(3.0)}})), InputError);
}

TEST(ZScores, TakeTheSidesOwnGroupAndTheNearestSpeed) {
  ReferenceValues values;
  values.values = {{kDrop, 4.0, 2.0, 30, "both", "all, slow", 2.5, "a"},
                   {kDrop, 6.0, 2.0, 30, "both", "all, fast", 4.0, "b"},
                   {kDrop, 3.0, 1.0, 30, "left", "left", 2.5, "c"}};
  const Summary summary = {Row(Side::kLeft, 5.0, 1.0, 20), Row(Side::kRight, 5.0, 1.0, 20)};
  const std::vector<ZScore> scores = ZScores(summary, values, 3.6);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].z, 2.0);
  EXPECT_EQ(scores[0].reference->who, "left");
  EXPECT_EQ(scores[1].z, -0.5);
  EXPECT_EQ(ZScores(summary, values, 2.6)[1].z, 0.5);
  EXPECT_TRUE(ZScores({}, values, 3.0).empty());
}

}  // namespace
}  // namespace medius::analysis
