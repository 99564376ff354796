#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "reconstruct/label_fragments.hpp"
#include "reconstruct/subject_learning.hpp"
#include "tests/reconstruct/fragment_scene.hpp"

namespace medius::reconstruct {
namespace {

using namespace reconstruct::testing;  // NOLINT(google-build-using-namespace)
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kPi = 3.14159265358979;

const SubjectModel& Subject() {
  static const SubjectModel kSubject =
      LearnFromStanding(VirtualStanding().truth, MarkerSetPreset("virtual_lab"), {});
  return kSubject;
}

const NamedRun& Running() {
  static const NamedRun kRun = VirtualRun(5.0, 100.0);
  return kRun;
}

LabelResult Label(const CutRun& cut, const SubjectModel& subject, int threads = 1) {
  return LabelFragments(cut.fragments, cut.time_base, subject, {}, Parallelism(threads));
}

// Every seen frame in exactly one piece, no marker twice at once.
void ExpectSound(const CutRun& cut, const SubjectModel& subject, const LabelResult& result) {
  std::vector<std::vector<char>> taken(subject.markers.size(),
                                       std::vector<char>(cut.time_base.frame_count(), 0));
  std::vector<std::vector<int>> pieces_at;
  for (const Fragment& fragment : cut.fragments) {
    pieces_at.emplace_back(fragment.position.size(), 0);
  }
  for (const LabelledPiece& piece : result.labelling.pieces) {
    ASSERT_LT(piece.fragment, cut.fragments.size());
    ASSERT_GE(piece.confidence, 0.0);
    ASSERT_LE(piece.confidence, 1.0);
    for (std::size_t t = piece.frames.first; t < piece.frames.end(); ++t) {
      ++pieces_at[piece.fragment].at(t - cut.fragments[piece.fragment].first_frame);
      if (!piece.marker) continue;
      char& place = taken[piece.marker->index()][t];
      ASSERT_EQ(place, 0) << subject.markers[piece.marker->index()].label << " twice in " << t;
      place = 1;
    }
  }
  for (std::size_t f = 0; f < pieces_at.size(); ++f) {
    for (std::size_t t = 0; t < pieces_at[f].size(); ++t) {
      if (!cut.fragments[f].position[t].allFinite()) continue;
      ASSERT_EQ(pieces_at[f][t], 1) << "fragment " << f << " frame " << t;
    }
  }
}

TEST(LabelFragments, NamesEveryMarkerOfAnUnbrokenRunFromTheStandingTrial) {
  const CutRun cut = CutIntoFragments(Running(), {});
  const LabelResult result = Label(cut, Subject());
  ExpectSound(cut, Subject(), result);
  const LabelScore score = ScoreLabels(cut, Running(), Subject(), result);
  EXPECT_EQ(result.status, LabelStatus::kLabelled);
  EXPECT_EQ(score.wrong, 0U);
  EXPECT_EQ(score.switches, 0U);
  EXPECT_EQ(score.unlabelled, 0U);
}

TEST(LabelFragments, NamesMarkersThatAreHiddenAFifthOfTheTimeAndUndoesSwaps) {
  // The motion is learned from the run itself: with so much hidden it takes a dozen strides.
  const NamedRun run = VirtualRun(8.0, 100.0);
  CutOptions cutting;
  cutting.lost_share = 0.2;
  const CutRun cut = CutIntoFragments(run, cutting);
  const LabelResult result = Label(cut, Subject());
  ExpectSound(cut, Subject(), result);
  const LabelScore score = ScoreLabels(cut, run, Subject(), result);
  // The goals: 200 of 1e5 wrong, 1 % without a name.
  EXPECT_LE(score.PerHundredThousand(score.wrong), 200.0);
  EXPECT_LE(score.PerHundredThousand(score.unlabelled), 1000.0);
  EXPECT_GT(cut.swaps, 0U);
  EXPECT_GE(result.labelling.swaps_undone * 10, cut.swaps * 8);
}

TEST(LabelFragments, GivesTheSameForAnyNumberOfThreads) {
  CutOptions cutting;
  cutting.lost_share = 0.1;
  const CutRun cut = CutIntoFragments(Part(Running(), 0.0, 1.5), cutting);
  const LabelResult one = Label(cut, Subject(), 1);
  for (const int threads : {2, 7}) {
    const LabelResult other = Label(cut, Subject(), threads);
    ASSERT_EQ(other.labelling.pieces.size(), one.labelling.pieces.size());
    for (std::size_t p = 0; p < one.labelling.pieces.size(); ++p) {
      const LabelledPiece& a = one.labelling.pieces[p];
      const LabelledPiece& b = other.labelling.pieces[p];
      ASSERT_TRUE(a.fragment == b.fragment && a.frames == b.frames && a.marker == b.marker &&
                  a.confidence == b.confidence && a.alternatives == b.alternatives);
    }
  }
}

TEST(LabelFragments, DoesNotCareWhereTheRunnerFaces) {
  for (const double angle : {kPi, 1.0}) {
    const NamedRun turned = Turned(Part(Running(), 0.0, 1.5), angle, {2.0, -1.0, 0.0});
    const CutRun cut = CutIntoFragments(turned, {});
    const LabelScore score = ScoreLabels(cut, turned, Subject(), Label(cut, Subject()));
    EXPECT_EQ(score.wrong, 0U) << angle;
    EXPECT_LE(score.PerHundredThousand(score.unlabelled), 1000.0) << angle;
  }
}

TEST(LabelFragments, LearnsFromALabelledStretchOfRunningToo) {
  const SubjectModel subject =
      LearnFromMotion(Part(Running(), 0.0, 3.0).truth, MarkerSetPreset("virtual_lab"));
  EXPECT_TRUE(subject.from_motion);
  CutOptions cutting;
  cutting.lost_share = 0.05;
  const NamedRun rest = Part(Running(), 3.0, 5.0);
  const CutRun cut = CutIntoFragments(rest, cutting);
  const LabelScore score = ScoreLabels(cut, rest, subject, Label(cut, subject));
  EXPECT_LE(score.PerHundredThousand(score.wrong), 20.0);
  EXPECT_LE(score.PerHundredThousand(score.unlabelled), 1000.0);
}

TEST(LabelFragments, SaysThatThereIsNothing) {
  const LabelResult result =
      LabelFragments({}, TimeBase::Uniform(100.0, 300), Subject(), {}, Parallelism(1));
  EXPECT_EQ(result.status, LabelStatus::kNoFragments);
  EXPECT_THAT(result.labelling.pieces, IsEmpty());
}

TEST(LabelFragments, NamesNothingInASingleFrame) {
  const CutRun cut = CutIntoFragments(Part(Running(), 0.0, 0.01), {});
  const LabelResult result = Label(cut, Subject());
  ExpectSound(cut, Subject(), result);
  EXPECT_EQ(ScoreLabels(cut, Part(Running(), 0.0, 0.01), Subject(), result).wrong, 0U);
  EXPECT_EQ(result.status, LabelStatus::kNotFound);
}

TEST(LabelFragments, FindsTheMarkersAmongManyReflections) {
  CutOptions cutting;
  cutting.ghosts_a_frame = 500.0;
  cutting.ghost_seconds = 0.05;
  const NamedRun run = Part(Running(), 0.0, 1.0);
  const CutRun cut = CutIntoFragments(run, cutting);
  const LabelResult result = Label(cut, Subject());
  ExpectSound(cut, Subject(), result);
  const LabelScore score = ScoreLabels(cut, run, Subject(), result);
  EXPECT_LE(score.PerHundredThousand(score.wrong), 200.0);
  EXPECT_LE(score.PerHundredThousand(score.unlabelled), 2000.0);
}

TEST(LabelFragments, RefusesTheStandingTrialOfAnotherSubject) {
  const NamedRun larger = Scaled(Part(Running(), 0.0, 2.0), 1.1);
  const CutRun cut = CutIntoFragments(larger, {});
  const LabelResult result = Label(cut, Subject());
  EXPECT_NE(result.status, LabelStatus::kLabelled);
  EXPECT_EQ(result.named_frames, 0U);
  EXPECT_EQ(ScoreLabels(cut, larger, Subject(), result).wrong, 0U);
  if (result.status == LabelStatus::kSubjectDoesNotFit) {
    EXPECT_THAT(result.findings,
                Contains(Field(&LabelFinding::text, HasSubstr("another subject's"))));
  }
}

TEST(LabelFragments, GoesOnWithoutAMarkerThatIsNeverThere) {
  NamedRun run = Part(Running(), 0.0, 2.0);
  const std::size_t markers = run.truth.labels.size();
  std::size_t gone = 0;
  while (run.truth.labels[gone] != "RSH2") ++gone;
  for (std::size_t t = 0; t < run.truth.frame_count(); ++t) {
    run.truth.position[t * markers + gone].setConstant(std::nanf(""));
  }
  const CutRun cut = CutIntoFragments(run, {});
  const LabelResult result = Label(cut, Subject());
  EXPECT_EQ(ScoreLabels(cut, run, Subject(), result).wrong, 0U);
  EXPECT_THAT(result.findings,
              Contains(Field(&LabelFinding::text, "RSH2 is never seen in the run")));
}

TEST(LabelFragments, SaysWhenAMarkerFellOff) {
  NamedRun run = Running();
  const std::size_t markers = run.truth.labels.size();
  std::size_t gone = 0;
  while (run.truth.labels[gone] != "LTH3") ++gone;
  const auto from = static_cast<std::size_t>(2.5 * run.rate_hz);
  for (std::size_t t = from; t < run.truth.frame_count(); ++t) {
    run.truth.position[t * markers + gone].setConstant(std::nanf(""));
  }
  const CutRun cut = CutIntoFragments(run, {});
  const LabelResult result = Label(cut, Subject());
  EXPECT_EQ(ScoreLabels(cut, run, Subject(), result).wrong, 0U);
  bool is_said = false;
  for (const LabelFinding& finding : result.findings) {
    if (finding.kind != LabelFinding::Kind::kLostForGood) continue;
    EXPECT_THAT(finding.text, HasSubstr("LTH3 is last seen at 2.49 s"));
    EXPECT_NEAR(finding.time, 2.49, 1e-9);
    is_said = true;
  }
  EXPECT_TRUE(is_said);
}

TEST(LabelFragments, SaysWhichClustersAreAlike) {
  NamedRun standing = VirtualStanding();
  const std::size_t markers = standing.truth.labels.size();
  // The left thigh's cluster gets the shape of the right one.
  const auto index = [&](const std::string& label) {
    std::size_t m = 0;
    while (standing.truth.labels[m] != label) ++m;
    return m;
  };
  for (std::size_t t = 0; t < standing.truth.frame_count(); ++t) {
    for (int i = 1; i <= 4; ++i) {
      const std::string number = std::to_string(i);
      Eigen::Vector3f mirrored = standing.truth.position[t * markers + index("RTH" + number)];
      mirrored.y() = -mirrored.y();
      standing.truth.position[t * markers + index("LTH" + number)] = mirrored;
    }
  }
  MarkerSet set = MarkerSetPreset("virtual_lab");
  set.roles.erase("left_lateral_epicondyle");
  set.roles.erase("right_lateral_epicondyle");
  set.roles.erase("left_medial_epicondyle");
  set.roles.erase("right_medial_epicondyle");
  const SubjectModel subject = LearnFromStanding(standing.truth, set, {});
  const LabelResult result =
      LabelFragments({}, TimeBase::Uniform(100.0, 10), subject, {}, Parallelism(1));
  EXPECT_THAT(result.findings,
              Contains(Field(&LabelFinding::text,
                             HasSubstr("the clusters of left_thigh and right_thigh have the same "
                                       "shape"))));
}

TEST(LabelFragments, NamesTheOptionThatIsOutOfRange) {
  LabelOptions options;
  options.min_confidence = 1.5;
  try {
    (void)LabelFragments({}, TimeBase::Uniform(100.0, 10), Subject(), options, Parallelism(1));
    FAIL() << "not refused";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("min_confidence is 1.5"));
  }
}

}  // namespace
}  // namespace medius::reconstruct
