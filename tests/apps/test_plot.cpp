#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/plot.hpp"

namespace medius::apps {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(RoundTicks, AreRoundNumbersWithinTheRange) {
  const double near = 1e-9;
  EXPECT_THAT(RoundTicks({-2.3, 7.9, false}, 5),
              ElementsAre(DoubleNear(0.0, near), DoubleNear(5.0, near)));
  EXPECT_THAT(RoundTicks({0.0, 1.0, false}, 5),
              ElementsAre(DoubleNear(0.0, near), DoubleNear(0.2, near), DoubleNear(0.4, near),
                          DoubleNear(0.6, near), DoubleNear(0.8, near), DoubleNear(1.0, near)));
  EXPECT_TRUE(RoundTicks({3.0, 3.0, false}, 5).empty());
  EXPECT_TRUE(RoundTicks({kNaN, kNaN, false}, 5).empty());
}

TEST(TickText, HasTheDigitsThatTheStepNeedsAndNoMinusZero) {
  const std::vector<double> tenths = {-0.2, -0.0, 0.2};
  EXPECT_EQ(TickText(-0.2, tenths), "-0.2");
  EXPECT_EQ(TickText(-0.0, tenths), "0");
  const std::vector<double> tens = {0.0, 10.0};
  EXPECT_EQ(TickText(10.0, tens), "10");
}

TEST(ValueRange, LeavesOutWhatIsNoNumberAndIsNeverWithoutWidth) {
  ValueRange range;
  range.Add(kNaN);
  EXPECT_TRUE(range.empty);
  EXPECT_LT(range.Padded(0.1, 4.0).least, range.Padded(0.1, 4.0).most);
  range.Add(5.0);
  const ValueRange padded = range.Padded(0.1, 4.0);
  EXPECT_DOUBLE_EQ(padded.least, 3.0);
  EXPECT_DOUBLE_EQ(padded.most, 7.0);
}

TEST(DrawCurve, HasAGapWhereANumberIsMissing) {
  const Plot plot{{0, 0}, {4, 4}, {0, 0}, {40, 40}};
  SvgDrawing picture(40, 40, "t", "d");
  const std::vector<double> x = {0, 1, 2, 3, 4};
  const std::vector<double> y = {1, 1, kNaN, 1, 1};
  DrawCurve(plot, x, y, "line", &picture);
  const std::string svg = picture.Finish();
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  std::size_t lines = 0;
  for (std::size_t at = svg.find("class=\"line\""); at != std::string::npos;
       at = svg.find("class=\"line\"", at + 1)) {
    ++lines;
  }
  EXPECT_EQ(lines, 2U);
}

}  // namespace
}  // namespace medius::apps
