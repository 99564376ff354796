#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/frame_grouping.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Call>
std::string ErrorOf(const Call& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::vector<int> Frames(const FrameGrouping& grouping, std::size_t camera) {
  std::vector<int> frames;
  for (const auto& image : grouping.images[camera]) {
    frames.push_back(image ? static_cast<int>(image->frame) : -1);
  }
  return frames;
}

TEST(GroupByNumber, PutsImagesOfOneNumberTogether) {
  const FrameGrouping grouping = GroupByNumber(50.0);
  EXPECT_EQ(grouping.Find(3, 7)->frame, 7U);
  EXPECT_DOUBLE_EQ(grouping.Find(3, 7)->time, 0.14);
  EXPECT_THAT(ErrorOf([] { static_cast<void>(GroupByNumber(0.0)); }), HasSubstr("positive rate"));
}

TEST(GroupByTime, PutsImagesWithinTheToleranceTogether) {
  // The second camera starts late and has lost the image at 0.2 s.
  const FrameGrouping grouping =
      GroupByTime({"a", "b"}, {{0.0, 0.1, 0.2, 0.3}, {0.104, 0.297}}, 0.01);
  EXPECT_EQ(grouping.frames, 4U);
  EXPECT_THAT(Frames(grouping, 0), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Frames(grouping, 1), ElementsAre(1, 3));
  EXPECT_DOUBLE_EQ(grouping.Find(1, 0)->time, 0.104);
  EXPECT_FALSE(grouping.Find(1, 2).has_value());
}

TEST(GroupByTime, TakesHalfTheFastestIntervalWithoutATolerance) {
  const FrameGrouping grouping = GroupByTime({"a", "b"}, {{0.0, 0.1, 0.2}, {0.04, 0.16, 0.3}}, 0.0);
  EXPECT_THAT(Frames(grouping, 0), ElementsAre(0, 1, 2));
  EXPECT_THAT(Frames(grouping, 1), ElementsAre(0, 2, 3));
}

TEST(GroupByTime, NeverPutsTwoImagesOfOneCameraTogether) {
  const FrameGrouping grouping = GroupByTime({"a"}, {{0.0, 0.001, 0.002}}, 1.0);
  EXPECT_THAT(Frames(grouping, 0), ElementsAre(0, 1, 2));
}

TEST(GroupByTime, WarnsWhereNoTwoCamerasMeet) {
  EXPECT_EQ(GroupByTime({"a", "b"}, {{0.0, 0.1}, {5.0, 5.1}}, 0.01).warnings.size(), 1U);
}

TEST(GroupByTime, NamesTheCameraWhoseTimesDoNotAscend) {
  EXPECT_THAT(ErrorOf([] {
                static_cast<void>(GroupByTime({"a"}, {{0.0, 0.2, 0.1}}, 0.01));
              }),
              HasSubstr("camera a: the time of image 2 is 0.1 s after 0.2 s"));
}

constexpr const char* kTable =
    "sync_index,cam_id,frame_time\n"
    "35,1,25.02\n35,0,25.00\n36,0,25.16\n38,1,25.50\n38,0,25.48\n37,1,25.30\n";

TEST(GroupByTimeStamps, FollowsTheSyncIndexOfTheTable) {
  const FrameGrouping grouping =
      GroupByTimeStamps({"cam_0", "cam_1"}, ParseTimeStamps(kTable, "t.csv"), 0.0, "t.csv");
  EXPECT_EQ(grouping.frames, 4U);
  EXPECT_THAT(Frames(grouping, 0), ElementsAre(0, 1, 3));
  EXPECT_THAT(Frames(grouping, 1), ElementsAre(0, 2, 3));
  EXPECT_DOUBLE_EQ(grouping.Find(1, 1)->time, 25.30);
}

TEST(GroupByTimeStamps, GroupsByTimeATableWithoutSyncIndex) {
  const auto stamps = ParseTimeStamps("camera,time\nl,0.0\nr,0.003\nl,0.02\nr,0.05\n", "t.csv");
  const FrameGrouping grouping = GroupByTimeStamps({"l", "r"}, stamps, 0.005, "t.csv");
  EXPECT_THAT(Frames(grouping, 0), ElementsAre(0, 1));
  EXPECT_THAT(Frames(grouping, 1), ElementsAre(0, 2));
}

TEST(GroupByTimeStamps, NamesACameraThatTheTableLacks) {
  EXPECT_THAT(ErrorOf([] {
                static_cast<void>(GroupByTimeStamps(
                    {"cam_0", "cam_10"}, ParseTimeStamps(kTable, "t.csv"), 0.0, "t.csv"));
              }),
              HasSubstr("t.csv: has no row of camera cam_10; it has 0, 1"));
}

TEST(ParseTimeStamps, SkipsImagesWithoutATimeAndNamesBadLines) {
  EXPECT_EQ(ParseTimeStamps("cam_id,frame_time\r\n0,1.5\r\n0,\r\n", "t.csv").size(), 1U);
  EXPECT_THAT(ErrorOf([] { static_cast<void>(ParseTimeStamps("a,b\n1,2\n", "t.csv")); }),
              HasSubstr("t.csv: line 1: the header \"a,b\" has no column cam_id"));
  EXPECT_THAT(
      ErrorOf([] { static_cast<void>(ParseTimeStamps("cam_id,time\n0,1\n0,x\n", "t.csv")); }),
      HasSubstr("t.csv: line 3: the time is \"x\""));
  EXPECT_THAT(ErrorOf([] { static_cast<void>(ParseTimeStamps("cam_id,time\n0\n", "t.csv")); }),
              HasSubstr("line 2: 1 columns; 2 are expected"));
  EXPECT_THAT(ErrorOf([] { static_cast<void>(ParseTimeStamps("", "t.csv")); }),
              HasSubstr("line 1"));
}

}  // namespace
}  // namespace medius::capture
