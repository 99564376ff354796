#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/body_model.hpp"
#include "analysis/snapshot.hpp"
#include "core/error.hpp"
#include "tests/analysis/recordings.hpp"
#include "tests/analysis/synthetic_body.hpp"

namespace medius::analysis {
namespace {

using testing::BodyAngles;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kDegree;
using testing::Record;
using testing::RunningAngles;
using testing::SyntheticSet;

constexpr double kFloatMetres = 2e-7;  // positions are stored as float32

BodyAngles Standing(double) {
  BodyAngles a;
  a.obliquity = 1.5 * kDegree;
  a.tilt = -8.0 * kDegree;
  a.rotation = 200.0 * kDegree;  // facing anywhere
  return a;
}

Recording StandingTrial() {
  return Record("static.trial.h5", 200.0, 100, Standing);
}
Recording RunTrial() {
  return Record("run.trial.h5", 200.0, 200, [](double t) { return RunningAngles(t); });
}

Recording Without(Recording recording, const std::string& label) {
  recording.labels[FindLabel(recording, label)] = "other";
  return recording;
}

std::string MessageOf(const MarkerSet& set, const Recording& run, const Recording* standing) {
  try {
    (void)BuildBodyModel(set, run, standing, {});
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(BuildBodyModel, PutsTheClusterWhereItSitsOnTheSegment) {
  const Recording standing = StandingTrial();
  const BodyModel body = BuildBodyModel(SyntheticSet(), RunTrial(), &standing, {});
  EXPECT_THAT(body.warnings, ElementsAre());
  const SegmentModel& thigh = body[Segment::kRightThigh];
  ASSERT_EQ(thigh.local.size(), 4U);
  EXPECT_LT((thigh.local[0] - Eigen::Vector3d(0.02, -0.12, 0.09)).norm(), 5 * kFloatMetres);
  EXPECT_LT((body[Segment::kLeftShank].local[2] - Eigen::Vector3d(-0.04, -0.22, -0.05)).norm(),
            5 * kFloatMetres);
  EXPECT_NEAR(thigh.length, 0.42, 5 * kFloatMetres);
  ASSERT_TRUE(body.standing.has_value());
  EXPECT_NEAR(body.standing->obliquity, 1.5 * kDegree, 1e-5);
  EXPECT_NEAR(body.standing->tilt, -8.0 * kDegree, 1e-5);
}

TEST(BuildBodyModel, WithoutAStandingTrialTakesTheShapesFromTheRun) {
  const BodyModel body = BuildBodyModel(SyntheticSet(), RunTrial(), nullptr, {});
  EXPECT_FALSE(body.standing.has_value());
  EXPECT_LT((body[Segment::kRightThigh].local[0] - Eigen::Vector3d(0.02, -0.12, 0.09)).norm(),
            10 * kFloatMetres);
  ASSERT_FALSE(body.warnings.empty());
  EXPECT_THAT(body.warnings.back(), HasSubstr("no standing trial"));
}

TEST(BuildBodyModel, WithoutStandingTrialAndKneeMarkersHasThePelvisAlone) {
  const BodyModel body = BuildBodyModel(SyntheticSet(), Without(RunTrial(), "RMEP"), nullptr, {});
  EXPECT_TRUE(body[Segment::kPelvis].available());
  EXPECT_FALSE(body[Segment::kRightThigh].available());
  EXPECT_FALSE(body[Segment::kRightShank].available());
  EXPECT_TRUE(body[Segment::kLeftThigh].available());
}

TEST(BuildBodyModel, NeedsNoMarkerOfTheStandingTrialInTheRun) {
  const Recording standing = StandingTrial();
  Recording run = RunTrial();
  for (const char* label : {"RMEP", "RLEP", "LMMA", "LLMA"}) run = Without(std::move(run), label);
  EXPECT_THAT(BuildBodyModel(SyntheticSet(), run, &standing, {}).warnings, ElementsAre());
}

TEST(BuildBodyModel, NamesALandmarkThatTheStandingTrialLacks) {
  const Recording standing = Without(StandingTrial(), "RMEP");
  const std::string message = MessageOf(SyntheticSet(), RunTrial(), &standing);
  EXPECT_THAT(message, HasSubstr("marker set synthetic names right_medial_epicondyle = \"RMEP\", "
                                 "but static.trial.h5 has no such marker; it has: LASI, LHEE"));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
}

TEST(BuildBodyModel, NamesAPelvisOrHeelMarkerThatTheRunLacks) {
  const Recording standing = StandingTrial();
  EXPECT_THAT(MessageOf(SyntheticSet(), Without(RunTrial(), "LPSI"), &standing),
              HasSubstr("names left_psis = \"LPSI\", but run.trial.h5 has no such marker"));
  EXPECT_THAT(MessageOf(SyntheticSet(), Without(RunTrial(), "RHEE"), &standing),
              HasSubstr("names right_heel = \"RHEE\", but run.trial.h5 has no such marker"));
}

TEST(BuildBodyModel, DoesWithThreeMarkersOfAClusterButNotWithTwo) {
  const Recording standing = StandingTrial();
  const Recording three = Without(RunTrial(), "RTH2");
  const BodyModel body = BuildBodyModel(SyntheticSet(), three, &standing, {});
  EXPECT_EQ(body[Segment::kRightThigh].local.size(), 3U);
  ASSERT_EQ(body.warnings.size(), 1U);
  EXPECT_THAT(body.warnings[0], HasSubstr("no marker \"RTH2\" of cluster right_thigh"));
  EXPECT_THAT(MessageOf(SyntheticSet(), Without(three, "RTH3"), &standing),
              HasSubstr("\"RTH2\", but run.trial.h5 has no such marker"));
}

TEST(BuildBodyModel, SaysThatALandmarkIsNeverSeen) {
  Recording standing = StandingTrial();
  const MarkerId lost(FindLabel(standing, "LLEP"));
  standing.read = [read = standing.read, lost](FrameRange range) {
    TrajectoryBlock block = read(range);
    for (std::size_t t = 0; t < range.count; ++t) block.Set(t, lost, MarkerSample::Missing());
    return block;
  };
  EXPECT_THAT(MessageOf(SyntheticSet(), RunTrial(), &standing),
              HasSubstr("static.trial.h5: marker \"LLEP\" (left_lateral_epicondyle) is missing in "
                        "every frame"));
}

TEST(BuildBodyModel, WantsThePelvisRoles) {
  MarkerSet set = SyntheticSet();
  set.roles.erase("left_psis");
  EXPECT_THAT(MessageOf(set, RunTrial(), nullptr), HasSubstr("right_psis and left_psis or sacrum"));
}

TEST(BuildBodyModel, LeavesOutWhatTheSetDoesNotKnowAndSaysSo) {
  MarkerSet set = SyntheticSet();
  set.roles.erase("right_medial_epicondyle");
  set.clusters.erase("left_shank");
  const Recording standing = StandingTrial();
  const BodyModel body = BuildBodyModel(set, RunTrial(), &standing, {});
  EXPECT_FALSE(body[Segment::kRightThigh].available());
  EXPECT_FALSE(body[Segment::kLeftShank].available());
  EXPECT_TRUE(body[Segment::kLeftThigh].available());
  EXPECT_EQ(body.warnings.size(), 3U);  // right thigh, right shank, left shank
}

// The set with the labels of two of its roles exchanged.
MarkerSet Swapped(const std::string& one, const std::string& other) {
  MarkerSet set = SyntheticSet();
  std::swap(set.roles.at(one), set.roles.at(other));
  return set;
}

TEST(BuildBodyModel, SaysThatLeftAndRightLandmarksAreSwapped) {
  const Recording standing = StandingTrial();
  EXPECT_THAT(
      MessageOf(Swapped("left_heel", "right_heel"), RunTrial(), &standing),
      HasSubstr("standing trial static.trial.h5: marker \"LHEE\" (right_heel) stands 173 mm "
                "to the left of \"RHEE\" (left_heel): left and right are swapped in the "
                "marker set synthetic or in the labels"));
  EXPECT_THAT(MessageOf(Swapped("left_psis", "right_psis"), RunTrial(), &standing),
              HasSubstr("(right_psis) stands 100 mm to the left of"));
  // The whole pelvis: it is upside down.
  MarkerSet pelvis = Swapped("left_asis", "right_asis");
  std::swap(pelvis.roles.at("left_psis"), pelvis.roles.at("right_psis"));
  EXPECT_THAT(MessageOf(pelvis, RunTrial(), &standing),
              HasSubstr("check that left and right are not swapped"));
}

TEST(BuildBodyModel, SaysThatLeftAndRightClustersAreSwapped) {
  MarkerSet set = SyntheticSet();
  std::swap(set.clusters.at("left_shank"), set.clusters.at("right_shank"));
  const Recording standing = StandingTrial();
  EXPECT_THAT(MessageOf(set, RunTrial(), &standing), HasSubstr("the cluster right_shank stands"));
}

TEST(BuildBodyModel, SaysThatLateralAndMedialAreSwapped) {
  const Recording standing = StandingTrial();
  EXPECT_THAT(
      MessageOf(Swapped("left_lateral_malleolus", "left_medial_malleolus"), RunTrial(), &standing),
      HasSubstr("marker \"LMMA\" (left_lateral_malleolus) stands nearer to the middle than "
                "\"LLMA\" (left_medial_malleolus): lateral and medial are swapped"));
}

TEST(BuildBodyModel, WithTheMarkersForThemHasFeetAndNoTrunkWithoutAWord) {
  MarkerSet set = SyntheticSet();
  for (const std::string side : {"left", "right"}) {
    const std::string letter = side == "left" ? "L" : "R";
    set.clusters[side + "_foot"] = {letter + "HEE", letter + "TOE", letter + "LMA", letter + "MMA"};
  }
  const Recording standing = StandingTrial();
  const BodyModel body = BuildBodyModel(set, RunTrial(), &standing, {});
  EXPECT_THAT(body.warnings, ElementsAre());
  EXPECT_TRUE(body[Segment::kRightFoot].available());
  EXPECT_FALSE(body[Segment::kTrunk].available());
  EXPECT_NEAR(body.size.pelvis_width, 0.24, 5 * kFloatMetres);
  EXPECT_GT(body.size.leg_length[0], 0.85);
}

TEST(BuildBodyModel, NamesTheTrochanterOrMalleolusThatAHipCentreNeeds) {
  const Recording standing = StandingTrial();
  BodyOptions options;
  options.hip_centre = HipCentreMethod::kTrochanter;
  const BodyModel body = BuildBodyModel(SyntheticSet(), RunTrial(), &standing, options);
  EXPECT_FALSE(body[Segment::kLeftThigh].available());
  EXPECT_THAT(body.warnings[0],
              HasSubstr("marker set synthetic has no left_greater_trochanter: no angles of the "
                        "left_thigh"));
  options.hip_centre = HipCentreMethod::kHara;
  const Recording lacking = Without(StandingTrial(), "LMMA");
  try {
    (void)BuildBodyModel(SyntheticSet(), RunTrial(), &lacking, options);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("names left_medial_malleolus = \"LMMA\", but "
                                        "static.trial.h5 has no such marker"));
  }
}

TEST(BuildBodyModel, DoubtsAStandingTrialThatMoves) {
  const Recording running = RunTrial();
  const BodyModel body = BuildBodyModel(SyntheticSet(), RunTrial(), &running, {});
  ASSERT_FALSE(body.warnings.empty());
  EXPECT_THAT(body.warnings[0], HasSubstr("is it a standing trial?"));
}

}  // namespace
}  // namespace medius::analysis
