#include <functional>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/scenario.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

std::string MessageOf(const std::function<void(Scenario&)>& change) {
  Scenario scenario;
  change(scenario);
  try {
    scenario.Validate();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Scenario, ItsDefaultsAreValid) {
  EXPECT_EQ(MessageOf([](Scenario&) {}), "");
}

TEST(Scenario, NamesTheFieldThatIsOutOfRange) {
  EXPECT_EQ(MessageOf([](Scenario& s) { s.rate_hz = 5; }),
            "rate_hz is 5; between 20 and 2000 expected");
  EXPECT_EQ(MessageOf([](Scenario& s) { s.rig.cameras = 1; }),
            "rig.cameras is 1; between 2 and 64 expected");
  EXPECT_THAT(MessageOf([](Scenario& s) { s.run.pelvic_drop.right = 1.0; }),
              ::testing::StartsWith("run.pelvic_drop.right is 57.3 degrees; between"));
  EXPECT_THAT(MessageOf([](Scenario& s) { s.wand.middle = 0.6; }),
              ::testing::StartsWith("wand.middle is 0.6"));
  EXPECT_THAT(MessageOf([](Scenario& s) { s.effects.drop_rate = 1.5; }),
              ::testing::StartsWith("effects.drop_rate is 1.5"));
}

TEST(Scenario, RefusesWhatIsNotANumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(MessageOf([&](Scenario& s) { s.run.speed = nan; }),
              ::testing::StartsWith("run.speed is nan"));
  EXPECT_THAT(MessageOf([&](Scenario& s) { s.rig.centre.x() = nan; }),
              ::testing::StartsWith("rig.centre x is nan"));
}

TEST(Scenario, RefusesADriftThatLeavesTheRangeBeforeTheEnd) {
  EXPECT_THAT(MessageOf([](Scenario& s) {
                s.run.duration = 3600;
                s.run.drift_cadence = 1.0;
              }),
              ::testing::HasSubstr("run.cadence at the end of the run"));
}

}  // namespace
}  // namespace medius::capture
