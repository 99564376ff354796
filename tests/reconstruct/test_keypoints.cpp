#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "reconstruct/keypoints.hpp"
#include "reconstruct/reconstruct.hpp"
#include "tests/reconstruct/keypoint_scene.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

// Sigmas between the two sides of a keypoint in an image from which a swap must be found: see
// kGainToSwap, with room for the error of the point it is compared with.
constexpr double kFarSides = 6.0;

struct Result {
  PersonBlock persons;
  std::vector<PersonSummary> summaries;
  std::vector<std::int32_t> runner;
};

Result Track(const CameraRig& rig, const KeypointScene& scene, const TimeBase& time_base) {
  PersonTracker tracker(rig, time_base, scene.labels, {});
  Result result;
  result.persons = tracker.Push(scene.block);
  result.summaries = tracker.persons();
  const auto ranked = RankPersons(result.summaries, tracker.Middle());
  if (!ranked.empty()) result.runner = ranked[0];
  return result;
}

struct Score {
  std::size_t rows = 0;          // of the true runner
  std::size_t found = 0;         // of these, given to the runner
  std::size_t foreign = 0;       // rows of others given to the runner
  std::size_t swapped = 0;       // runner's rows with the other side's label as filmed, sides far
  std::size_t left_swapped = 0;  // likewise afterwards
};

Score Judge(const KeypointScene& scene, const Result& result) {
  Score score;
  for (std::size_t c = 0; c < scene.block.cameras.size(); ++c) {
    for (std::size_t row = 0; row < scene.person[c].size(); ++row) {
      const bool given = std::binary_search(result.runner.begin(), result.runner.end(),
                                            result.persons.person[c][row]);
      if (scene.person[c][row] != 0) {
        if (given) ++score.foreign;
        continue;
      }
      ++score.rows;
      if (given) ++score.found;
      if (!given || scene.side_distance[c][row] < kFarSides) continue;
      if (scene.block.cameras[c].label[row] != scene.label[c][row]) ++score.swapped;
      if (result.persons.label[c][row] != scene.label[c][row]) ++score.left_swapped;
    }
  }
  return score;
}

double Share(std::size_t part, std::size_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

TEST(PersonTracker, FindsTheRunnerAmongOthersAndRepairsTheirSides) {
  const CameraRig rig = RingOfCameras(6);
  for (const std::uint64_t seed : {1, 2, 3}) {
    KeypointSceneOptions options;
    options.seed = seed;
    const KeypointScene scene = FilmPersons(rig, options);
    const Result result = Track(rig, scene, TimeBase::Uniform(60.0, options.frames));
    const Score score = Judge(scene, result);
    RecordProperty("swapped_before", static_cast<int>(score.swapped));
    RecordProperty("swapped_after", static_cast<int>(score.left_swapped));
    EXPECT_GE(Share(score.found, score.rows), 0.99) << seed;
    EXPECT_EQ(score.foreign, 0U) << seed;
    // As filmed one in ten or more of the sides that can be told apart is wrong.
    EXPECT_GE(Share(score.swapped, score.found), 0.05) << seed;
    EXPECT_LE(Share(score.left_swapped, score.swapped), 0.005) << seed;
  }
}

TEST(PersonTracker, LeavesSidesAloneWhereNoneIsSwapped) {
  const CameraRig rig = RingOfCameras(8);
  KeypointSceneOptions options;
  options.swapped_bodies = options.swapped_legs = options.swapped_shanks = 0.0;
  const KeypointScene scene = FilmPersons(rig, options);
  const Result result = Track(rig, scene, TimeBase::Uniform(60.0, options.frames));
  std::size_t changed = 0;
  std::size_t rows = 0;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    for (std::size_t row = 0; row < scene.label[c].size(); ++row) {
      if (scene.person[c][row] != 0) continue;
      ++rows;
      if (result.persons.label[c][row] != scene.label[c][row]) ++changed;
    }
  }
  // 3e-5 a chain at the worst distance (kGainToSwap); a chain has up to six rows.
  EXPECT_LE(changed, 6 + rows / 1000);
  EXPECT_EQ(result.runner.size(), 1U);
}

TEST(PersonTracker, DoesNotDependOnHowFramesAreCut) {
  const CameraRig rig = RingOfCameras(5);
  KeypointSceneOptions options;
  options.frames = 60;
  const KeypointScene scene = FilmPersons(rig, options);
  const TimeBase time_base = TimeBase::Uniform(60.0, options.frames);
  const Result whole = Track(rig, scene, time_base);
  for (const std::size_t step : {1U, 7U, 59U}) {
    PersonTracker tracker(rig, time_base, scene.labels, {});
    std::vector<std::vector<std::int32_t>> person(rig.cameras.size());
    std::vector<std::vector<std::int16_t>> label(rig.cameras.size());
    for (const FrameRange& frames : SplitFrames(options.frames, step)) {
      ObservationBlock part = Cut(scene.block, frames);
      for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
        const CameraObservations& all = scene.block.cameras[c];
        const auto begin = static_cast<std::ptrdiff_t>(all.frame_start[frames.first]);
        const auto end = static_cast<std::ptrdiff_t>(all.frame_start[frames.end()]);
        part.cameras[c].instance.assign(all.instance.begin() + begin, all.instance.begin() + end);
      }
      const PersonBlock out = tracker.Push(part);
      for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
        person[c].insert(person[c].end(), out.person[c].begin(), out.person[c].end());
        label[c].insert(label[c].end(), out.label[c].begin(), out.label[c].end());
      }
    }
    EXPECT_EQ(person, whole.persons.person) << step;
    EXPECT_EQ(label, whole.persons.label) << step;
  }
}

// With sides repaired, every keypoint is where it was to what its sigma and the rays allow.
TEST(PersonTracker, GivesSightingsThatTriangulateToTheTruth) {
  const CameraRig rig = RingOfCameras(6);
  const KeypointSceneOptions options;
  const KeypointScene scene = FilmPersons(rig, options);
  const TimeBase time_base = TimeBase::Uniform(options.rate_hz, options.frames);
  const Result result = Track(rig, scene, time_base);
  ObservationBlock block = scene.block;
  KeepPersons(result.persons, result.runner, &block);
  Reconstructor reconstructor(rig, time_base, scene.labels.size(), {});
  const TrajectoryBlock found = reconstructor.Push(block, Parallelism(1));
  double sum = 0.0;
  std::size_t count = 0;
  std::size_t present = 0;
  for (std::size_t k = 0; k < options.frames; ++k) {
    for (std::size_t m = 0; m < scene.labels.size(); ++m) {
      if (!found.IsPresent(k, MarkerId(m))) continue;
      ++present;
      const double time = static_cast<double>(k) / options.rate_hz;
      const Eigen::Vector3d error = found.Position(k, MarkerId(m)) - KeypointAt(m, 0, time);
      const double squared = error.dot(found.Covariance(k, MarkerId(m)).inverse() * error);
      if (squared < 25.0) sum += squared;
      if (squared < 25.0) ++count;
    }
  }
  EXPECT_GE(Share(present, options.frames * scene.labels.size()), 0.99);
  // Chi-square with three degrees of freedom; 1 in 65,000 is above 25, and a few swaps of sides
  // that lie close together stay.
  EXPECT_GE(Share(count, present), 0.995);
  EXPECT_NEAR(sum / static_cast<double>(count), 3.0, 0.35);
}

TEST(PersonTracker, BelievesTheMajorityAfterABadStart) {
  const CameraRig rig = RingOfCameras(6);
  KeypointSceneOptions options;
  options.bystanders = 0;
  options.frames = 180;
  options.swapped_bodies = options.swapped_legs = options.swapped_shanks = 0.0;
  options.false_share = options.unseen_share = 0.0;
  KeypointScene scene = FilmPersons(rig, options);
  // In the first frame four of six cameras take left for right.
  const KeypointSkeleton skeleton = SkeletonOf(scene.labels);
  SideSwap everything;
  everything.from = {0, 0, 0};
  for (std::size_t c = 0; c < 4; ++c) {
    CameraObservations& seen = scene.block.cameras[c];
    for (std::uint64_t row = 0; row < seen.frame_start[1]; ++row) {
      const auto label = static_cast<std::size_t>(seen.label[row]);
      seen.label[row] = static_cast<std::int16_t>(skeleton.Repaired(label, everything));
    }
  }
  const Result result = Track(rig, scene, TimeBase::Uniform(60.0, options.frames));
  ASSERT_EQ(result.runner.size(), 1U);
  std::size_t wrong = 0;
  const CameraObservations& seen = scene.block.cameras[5];
  for (std::uint64_t row = seen.frame_start[120]; row < seen.frame_start[180]; ++row) {
    if (result.persons.label[5][row] != scene.label[5][row]) ++wrong;
  }
  EXPECT_EQ(wrong, 0U);
}

TEST(PersonTracker, FindsNobodyInFalseDetectionsAlone) {
  const CameraRig rig = RingOfCameras(6);
  KeypointSceneOptions options;
  options.unseen_share = 1.0;
  options.false_share = 1.0;
  const KeypointScene scene = FilmPersons(rig, options);
  const Result result = Track(rig, scene, TimeBase::Uniform(60.0, options.frames));
  EXPECT_TRUE(result.summaries.empty());
}

TEST(PersonTracker, TakesEmptyFramesAndSightingsOfNoPerson) {
  const CameraRig rig = RingOfCameras(3);
  ObservationBlock block;
  block.frames = {0, 2};
  block.cameras.resize(3);
  for (CameraObservations& seen : block.cameras) {
    seen.frame_start = {0, 0, 1};
    seen.xy = {Eigen::Vector2f(900.0F, 500.0F)};
    seen.label = {kUnlabelled};
    seen.instance = {kNoInstance};
  }
  PersonTracker tracker(rig, TimeBase::Uniform(60.0, 2), CocoLabels(), {});
  const PersonBlock out = tracker.Push(block);
  EXPECT_EQ(out.person[0], std::vector<std::int32_t>{-1});
  EXPECT_TRUE(tracker.persons().empty());
}

TEST(PersonTracker, NamesTheOptionThatIsOutOfRange) {
  KeypointOptions options;
  options.longest_absence = -1.0;
  try {
    options.Validate();
    ADD_FAILURE() << "not refused";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("longest_absence is -1"));
  }
}

TEST(KeypointSkeleton, TellsSidesAndChainsByTheUsualNames) {
  const std::vector<std::string> labels = {
      "LHip", "RHip",    "left_knee", "right_knee", "Nose",      "heel_l",   "heel_r",
      "tail", "L_wrist", "R_wrist",   "Left Ear",   "Right Ear", "left_only"};
  const KeypointSkeleton skeleton = SkeletonOf(labels);
  EXPECT_EQ(skeleton.chains[0].size(), 3U);  // hip, knee, heel
  EXPECT_EQ(skeleton.chains[1].size(), 1U);
  EXPECT_EQ(skeleton.chains[2].size(), 1U);
  EXPECT_EQ(skeleton.middle, (std::vector<std::size_t>{4, 7, 12}));
  SideSwap from_knee;
  from_knee.from[0] = 1;
  EXPECT_EQ(skeleton.Repaired(0, from_knee), 0U);
  EXPECT_EQ(skeleton.Repaired(2, from_knee), 3U);
  EXPECT_EQ(skeleton.Repaired(5, from_knee), 6U);
  EXPECT_EQ(skeleton.Repaired(8, from_knee), 8U);
  EXPECT_FALSE(skeleton.IsWholeBody(from_knee));
}

TEST(RankPersons, PrefersWhoIsSeenMostNearTheMiddleAndJoinsTheirParts) {
  const auto person = [](std::size_t first, std::size_t last, double x, std::size_t detections) {
    PersonSummary summary;
    summary.first_frame = first;
    summary.last_frame = last;
    summary.frames = last - first + 1;
    summary.detections = detections;
    summary.mean = summary.first = summary.last = {x, 0.0, 1.0};
    return summary;
  };
  const std::vector<PersonSummary> persons = {
      person(0, 999, 4.0, 6000),   // stands far off all the time
      person(0, 499, 0.1, 3000),   // the runner, lost for a moment
      person(520, 999, 0.2, 2800)  // and found again
  };
  const auto ranked = RankPersons(persons, {0.0, 0.0, 1.0});
  ASSERT_EQ(ranked.size(), 2U);
  EXPECT_EQ(ranked[0], (std::vector<std::int32_t>{1, 2}));
  EXPECT_EQ(ranked[1], (std::vector<std::int32_t>{0}));
}

}  // namespace
}  // namespace medius::reconstruct
