#include <string>
#include <unordered_set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/check.hpp"
#include "core/events.hpp"
#include "core/ids.hpp"
#include "core/kinematics.hpp"
#include "core/observations.hpp"

namespace medius {
namespace {

TEST(Kinematics, FindsAnAngleByItsName) {
  Kinematics kinematics;
  kinematics.angles.push_back({{"pelvis_obliquity", "rad", ""}, {0.1, 0.2}, {}});
  kinematics.angles.push_back({{"pelvis_tilt", "rad", ""}, {0.3}, {}});
  ASSERT_NE(kinematics.Find("pelvis_tilt"), nullptr);
  EXPECT_EQ(kinematics.Find("pelvis_tilt")->value.front(), 0.3);
  EXPECT_EQ(kinematics.Find("pelvis"), nullptr);
}

TEST(StrideTable, FindsAMetricByItsName) {
  StrideTable table;
  EXPECT_EQ(table.stride_count(), 0U);
  table.metrics.push_back({{"hip_adduction_peak", "rad", ""}, {0.2}});
  ASSERT_NE(table.FindMetric("hip_adduction_peak"), nullptr);
  EXPECT_EQ(table.FindMetric("hip_adduction"), nullptr);
}

TEST(GaitEvent, SpeaksTheWordsOfTheTables) {
  EXPECT_EQ(ToString(Side::kLeft), "left");
  EXPECT_EQ(ToString(Side::kRight), "right");
  EXPECT_EQ(ToString(EventType::kFootStrike), "foot_strike");
  EXPECT_EQ(ToString(EventType::kToeOff), "toe_off");
}

TEST(CameraObservations, CountsFramesAndRows) {
  CameraObservations seen;
  EXPECT_EQ(seen.frame_count(), 0U);
  seen.frame_start = {0, 2, 2};
  seen.xy.assign(2, Eigen::Vector2f::Zero());
  EXPECT_EQ(seen.frame_count(), 2U);
  EXPECT_EQ(seen.row_count(), 2U);
  seen.frame_start.clear();  // as a move leaves it
  EXPECT_EQ(seen.frame_count(), 0U);
}

TEST(Id, OrdersAndHashesByItsIndex) {
  EXPECT_EQ(MarkerId(3), MarkerId(3));
  EXPECT_LT(MarkerId(2), MarkerId(3));
  const std::unordered_set<CameraId> cameras = {CameraId(1), CameraId(1), CameraId(2)};
  EXPECT_EQ(cameras.size(), 2U);
}

TEST(Check, LetsATrueConditionPass) {
  const auto check = [](int answer) { MEDIUS_CHECK(answer > 0, "unused"); };
  EXPECT_NO_THROW(check(41));
}

TEST(Check, SaysWhereAndWhatWasBroken) {
  const int answer = 41;
  try {
    MEDIUS_CHECK(answer == 42, "an answer");
    FAIL() << "not thrown";
  } catch (const std::logic_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("test_kinematics.cpp"));
    EXPECT_THAT(error.what(), testing::HasSubstr("answer == 42 (an answer)"));
  }
}

}  // namespace
}  // namespace medius
