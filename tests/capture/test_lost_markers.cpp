#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "capture/lost_markers.hpp"

namespace medius::capture {
namespace {

constexpr double kStep = 0.005;   // s
constexpr double kLength = 60.0;  // s
constexpr std::size_t kMarkers = 200;

std::vector<bool> Lost(const LostMarkers& lost, std::size_t marker) {
  std::vector<bool> series;
  for (double time = 0.0; time < kLength; time += kStep) {
    series.push_back(lost.IsLost(marker, time));
  }
  return series;
}

TEST(LostMarkers, AreLostForTheShareOfTheTimeAskedFor) {
  for (const double share : {0.05, 0.2, 0.45}) {
    const LostMarkers lost(share, 1.0, 3);
    double count = 0.0;
    double all = 0.0;
    for (std::size_t marker = 0; marker < kMarkers; ++marker) {
      for (const bool is : Lost(lost, marker)) {
        count += is ? 1.0 : 0.0;
        all += 1.0;
      }
    }
    // At least one slot of two seconds at most a marker: 6,000 slots, whose lost time has a
    // standard deviation below half a second; four of them of the mean.
    const double tolerance = 4.0 * 0.5 / std::sqrt(6000.0) / 1.0;
    EXPECT_NEAR(count / all, share, tolerance) << share;
  }
}

TEST(LostMarkers, AreAbsentForNoLongerThanAskedForAndNoShorterThanTheShortest) {
  const LostMarkers lost(0.05, 0.3, 8);
  std::size_t absences = 0;
  for (std::size_t marker = 0; marker < kMarkers; ++marker) {
    const std::vector<bool> series = Lost(lost, marker);
    std::size_t length = 0;
    for (std::size_t i = 0; i < series.size(); ++i) {
      if (series[i]) ++length;
      if (series[i] || length == 0) continue;
      ++absences;
      // Two absences may touch across the border of their slots.
      EXPECT_LE(static_cast<double>(length) * kStep, 2.0 * 0.3 + kStep);
      if (i != length) {  // begun within the series
        EXPECT_GE(static_cast<double>(length) * kStep, kShortestLoss - kStep);
      }
      length = 0;
    }
  }
  EXPECT_GT(absences, 1000U);
}

TEST(LostMarkers, DependOnSeedAndMarkerAndOnNothingAskedBefore) {
  const LostMarkers lost(0.2, 1.0, 5);
  const std::vector<bool> forward = Lost(lost, 4);
  const LostMarkers again(0.2, 1.0, 5);
  for (std::size_t i = forward.size(); i-- > 0;) {
    static_cast<void>(again.IsLost(9, kStep * static_cast<double>(i)));
  }
  EXPECT_EQ(Lost(again, 4), forward);
  EXPECT_NE(Lost(lost, 5), forward);
  EXPECT_NE(Lost(LostMarkers(0.2, 1.0, 6), 4), forward);
}

TEST(LostMarkers, NoneAreWithoutAShareAndTimesBeforeZeroAreTimesToo) {
  const LostMarkers none(0.0, 1.0, 5);
  const LostMarkers some(0.45, 1.0, 5);
  bool before = false;
  for (std::size_t marker = 0; marker < kMarkers; ++marker) {
    EXPECT_FALSE(none.IsLost(marker, 0.5));
    before = before || some.IsLost(marker, -3.3);
  }
  EXPECT_TRUE(before);
}

}  // namespace
}  // namespace medius::capture
