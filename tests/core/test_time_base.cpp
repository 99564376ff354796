#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "core/time_base.hpp"

namespace medius {
namespace {

TEST(SplitFrames, CoversEveryFrameOnceInOrder) {
  for (const std::size_t frames : {1U, 2U, 9U, 10U, 11U, 720000U}) {
    for (const std::size_t chunk : {1U, 3U, 10U, 4096U}) {
      std::size_t next = 0;
      for (const FrameRange& range : SplitFrames(frames, chunk)) {
        EXPECT_EQ(range.first, next);
        EXPECT_GT(range.count, 0U);
        EXPECT_LE(range.count, chunk);
        next = range.end();
      }
      EXPECT_EQ(next, frames);
    }
  }
}

TEST(SplitFrames, MakesOnlyTheLastRangeShorter) {
  const std::vector<FrameRange> expected = {{0, 4}, {4, 4}, {8, 2}};
  EXPECT_EQ(SplitFrames(10, 4), expected);
  const std::vector<FrameRange> even = {{0, 4}, {4, 4}};
  EXPECT_EQ(SplitFrames(8, 4), even);
}

TEST(SplitFrames, HasNothingToSplitInAnEmptyTrial) {
  EXPECT_TRUE(SplitFrames(0, 100).empty());
}

TEST(SplitFrames, TakesAChunkLongerThanAnyTrial) {
  const std::vector<FrameRange> whole = {{0, 7}};
  EXPECT_EQ(SplitFrames(7, std::numeric_limits<std::size_t>::max()), whole);
}

TEST(SplitFrames, CallsAnEmptyChunkABug) {
  EXPECT_THROW((void)SplitFrames(10, 0), std::logic_error);
}

TEST(TimeBase, SpacesUniformFramesByTheRate) {
  const TimeBase base = TimeBase::Uniform(200.0, 720000, 12.5);
  EXPECT_EQ(base.frame_count(), 720000U);
  EXPECT_EQ(base.rate_hz, 200.0);
  EXPECT_EQ(base.time.front(), 12.5);
  // Divided, not summed: no drift after an hour.
  EXPECT_EQ(base.time.back(), 12.5 + 719999.0 / 200.0);
  EXPECT_EQ(TimeBase::Uniform(100.0, 0).frame_count(), 0U);
}

TEST(TimeBase, CallsARateThatIsNotPositiveABug) {
  EXPECT_THROW((void)TimeBase::Uniform(0.0, 10), std::logic_error);
  EXPECT_THROW((void)TimeBase::Uniform(-200.0, 10), std::logic_error);
  EXPECT_THROW((void)TimeBase::Uniform(std::numeric_limits<double>::quiet_NaN(), 10),
               std::logic_error);
  EXPECT_THROW((void)TimeBase::Uniform(std::numeric_limits<double>::infinity(), 10),
               std::logic_error);
}

}  // namespace
}  // namespace medius
