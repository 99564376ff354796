#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "storage/time_column.hpp"

namespace medius::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TimeColumn Column(const std::vector<std::string>& cells) {
  TimeColumn column;
  for (const std::string& cell : cells) EXPECT_TRUE(column.Add(cell)) << cell;
  return column;
}

TimeHints Hints() {
  return {"file", std::nullopt, std::nullopt, [](std::size_t row) { return row + 2; }};
}

TimeBase Base(const TimeColumn& column, const TimeHints& hints = Hints()) {
  std::vector<std::string> warnings;
  return TimeBaseFromColumn(column, hints, warnings);
}

TEST(TimeColumn, FindsTheRateBehindTimesRoundedToMilliseconds) {
  for (const double rate : {50.0, 60.0, 100.0, 119.88, 120.0, 150.0, 200.0, 240.0, 300.0}) {
    TimeColumn column;
    for (int i = 0; i < 3000; ++i) ASSERT_TRUE(column.Add(fmt::format("{:.3f}", 0.5 + i / rate)));
    const TimeBase base = Base(column);
    EXPECT_NEAR(base.rate_hz, rate, 0.005) << rate;
    EXPECT_NEAR(base.time.back(), 0.5 + 2999 / rate, 0.001);
  }
}

TEST(TimeColumn, FindsTheRateBehindTimesOfSixSignificantDigits) {
  TimeColumn column;
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(column.Add(fmt::format("{:.6g}", i / 150.0)));
  EXPECT_EQ(Base(column).rate_hz, 150.0);
}

TEST(TimeColumn, KeepsRealTimeStampsThatWander) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> jitter(-4e-4, 4e-4);  // 8 % of a frame at 200 Hz
  TimeColumn column;
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE(column.Add(fmt::format("{:.7f}", 1.0 + i / 200.0 + jitter(random))));
  const TimeBase base = Base(column);
  EXPECT_EQ(base.time, column.values());
  EXPECT_NEAR(base.rate_hz, 200.0, 0.5);
}

TEST(TimeColumn, TrustsADeclaredRateThatTheTimesAllow) {
  TimeHints hints = Hints();
  hints.declared_rate_hz = 119.88012;
  EXPECT_EQ(Base(Column({"0.008342", "0.016683", "0.025025", "0.033367"}), hints).rate_hz,
            119.88012);
}

TEST(TimeColumn, RefusesRepeatedMissingAndReversedFrames) {
  for (const std::vector<std::string>& cells :
       {std::vector<std::string>{"0.00", "0.01", "0.01", "0.02"},
        std::vector<std::string>{"0.00", "0.01", "0.03", "0.04", "0.05"},
        std::vector<std::string>{"0.00", "0.01", "0.005", "0.03"}}) {
    try {
      (void)Base(Column(cells));
      ADD_FAILURE() << "not refused";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("line 4")) << error.what();
    }
  }
}

TEST(TimeColumn, IsNotFooledByCellsThatAreNoTime) {
  TimeColumn column;
  for (const char* cell : {"", "nan", "inf", "1e999", "1,5", "0x10", "1 2"}) {
    EXPECT_FALSE(column.Add(cell)) << cell;
  }
}

TEST(TimeColumn, AsksForTheRateOfOneRow) {
  EXPECT_THROW((void)Base(Column({"0.0"})), InputError);
  TimeHints hints = Hints();
  hints.declared_rate_hz = 100.0;
  EXPECT_THAT(Base(Column({"0.5"}), hints).time, ElementsAre(0.5));
}

TEST(TimeColumn, FallsBackOnTheHeadersRateWhereTimeStandsStill) {
  TimeHints hints = Hints();
  hints.declared_rate_hz = 100.0;
  std::vector<std::string> warnings;
  EXPECT_THAT(TimeBaseFromColumn(Column({"0", "0", "0"}), hints, warnings).time,
              ElementsAre(0.0, 0.01, 0.02));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("100 Hz")));
}

}  // namespace
}  // namespace medius::storage
