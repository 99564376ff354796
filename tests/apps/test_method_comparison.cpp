#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/method_comparison.hpp"

namespace medius::apps {
namespace {

const nlohmann::json kMedius = {{"method", "medius"},
                                {"cutoff_hz", 10.0},
                                {"events", {{"offset_s", -0.01}, {"detector", "fused"}}},
                                {"recording", {{"standing", "monday.h5"}}}};

TEST(DifferingSettings, AreNoneForOneMethodOnTwoRecordings) {
  nlohmann::json other = kMedius;
  other["recording"]["standing"] = "friday.h5";
  EXPECT_TRUE(DifferingSettings(kMedius, other).empty());
}

TEST(DifferingSettings, NamesEachByItsPathWithBothValuesTheMethodFirst) {
  nlohmann::json other = kMedius;
  other["method"] = "ric";
  other["cutoff_hz"] = 12.0;
  other["events"]["offset_s"] = 0.0;
  const auto differing = DifferingSettings(kMedius, other);
  ASSERT_EQ(differing.size(), 3U);
  EXPECT_EQ(differing[0].Text(), "method: \"medius\" and \"ric\"");
  EXPECT_EQ(differing[1].Text(), "cutoff_hz: 10.0 and 12.0");
  EXPECT_EQ(differing[2].Text(), "events.offset_s: -0.01 and 0.0");
}

TEST(DifferingSettings, CountsASettingThatOneOfThemDoesNotState) {
  nlohmann::json older = kMedius;
  older["events"].erase("detector");
  const auto differing = DifferingSettings(older, kMedius);
  ASSERT_EQ(differing.size(), 1U);
  EXPECT_EQ(differing[0].Text(), "events.detector: absent and \"fused\"");
}

}  // namespace
}  // namespace medius::apps
