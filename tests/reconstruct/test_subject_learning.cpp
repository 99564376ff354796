#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "reconstruct/heading_frame.hpp"
#include "reconstruct/subject_learning.hpp"
#include "tests/reconstruct/fragment_scene.hpp"

namespace medius::reconstruct {
namespace {

using namespace reconstruct::testing;  // NOLINT(google-build-using-namespace)
using ::testing::HasSubstr;

std::string RefusalOf(const LabelledPositions& positions, const MarkerSet& set) {
  try {
    (void)LearnFromStanding(positions, set, {});
  } catch (const InputError& error) {
    return error.what();
  }
  return "not refused";
}

TEST(FitHeadingFrame, RecoversATurnAboutTheVerticalAndAShift) {
  const std::vector<Eigen::Vector3d> in_body = {{0.1, 0.1, 0.0}, {0.1, -0.1, 0.0}, {-0.1, 0, 0.02}};
  Eigen::Matrix3d turn;
  turn << 0.6, -0.8, 0.0, 0.8, 0.6, 0.0, 0.0, 0.0, 1.0;
  const Eigen::Vector3d shift(1.0, 2.0, 3.0);
  std::vector<Eigen::Vector3d> in_lab;
  for (const Eigen::Vector3d& p : in_body) in_lab.emplace_back(turn * p + shift);
  const auto frame = FitHeadingFrame(in_body, in_lab);
  ASSERT_TRUE(frame);
  EXPECT_TRUE(frame->turn.isApprox(turn, 1e-12));
  EXPECT_TRUE(frame->shift.isApprox(shift, 1e-12));
}

TEST(FitHeadingFrame, NeedsThreePointsThatAreNotAboveEachOther) {
  const std::vector<Eigen::Vector3d> column = {{0, 0, 0}, {0, 0, 1}, {0, 0, 2}};
  EXPECT_FALSE(FitHeadingFrame(column, column));
  const std::vector<Eigen::Vector3d> two = {{0, 0, 0}, {1, 0, 0}};
  EXPECT_FALSE(FitHeadingFrame(two, two));
}

TEST(LearnFromStanding, TakesDistancesOfASegmentAsTheyStand) {
  const NamedRun standing = VirtualStanding();
  const SubjectModel subject =
      LearnFromStanding(standing.truth, MarkerSetPreset("virtual_lab"), {});
  ASSERT_EQ(subject.markers.size(), standing.truth.labels.size());
  ASSERT_GE(subject.anchor.size(), 3U);
  for (std::size_t a = 0; a < subject.markers.size(); ++a) {
    for (std::size_t b = a + 1; b < subject.markers.size(); ++b) {
      const double truth = (standing.truth.At(0, a) - standing.truth.At(0, b)).norm();
      // Standing sways by some millimetres as a whole; distances hold.
      EXPECT_NEAR(subject.Pair(a, b).mean, truth, 1e-5);
      EXPECT_EQ(subject.Pair(a, b).is_rigid,
                subject.markers[a].segment == subject.markers[b].segment &&
                    !subject.markers[a].segment.empty());
    }
  }
}

TEST(LearnFromStanding, PutsTheRunnersLeftOnYWhereverHeFaces) {
  for (const double angle : {0.0, 2.0, 3.14159}) {
    const NamedRun standing = Turned(VirtualStanding(), angle, {1.0, 2.0, 0.0});
    const SubjectModel subject =
        LearnFromStanding(standing.truth, MarkerSetPreset("virtual_lab"), {});
    for (const SubjectMarker& marker : subject.markers) {
      const char side = marker.label[0];
      if (side != 'L' && side != 'R') continue;
      EXPECT_GT((side == 'L' ? 1.0 : -1.0) * marker.position.y(), 0.0) << marker.label;
    }
  }
}

TEST(LearnFromStanding, RefusesWhatHasNoAnchor) {
  LabelledPositions positions{{"A", "B", "C"}, {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}};
  EXPECT_THAT(RefusalOf(positions, MarkerSet{}), HasSubstr("neither pelvis nor trunk has three"));
  EXPECT_THAT(RefusalOf({}, MarkerSet{}), HasSubstr("neither pelvis nor trunk has three"));
}

TEST(LearnFromStanding, RefusesAMarkerInTwoClusters) {
  MarkerSet set = MarkerSetPreset("virtual_lab");
  set.clusters["left_shank"] = set.clusters["right_shank"];
  EXPECT_THAT(RefusalOf(VirtualStanding().truth, set),
              HasSubstr("in the clusters of left_shank and right_shank"));
}

TEST(LearnFromMotion, RefusesTooFewFrames) {
  try {
    (void)LearnFromMotion(Part(VirtualRun(0.1, 100.0), 0.0, 0.1).truth,
                          MarkerSetPreset("virtual_lab"));
    FAIL() << "not refused";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("10 frames of running; at least 20"));
  }
}

}  // namespace
}  // namespace medius::reconstruct
