#include <cmath>
#include <cstring>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "reconstruct/gap_filler.hpp"
#include "tests/reconstruct/gap_scene.hpp"

namespace medius::reconstruct {
namespace {

using testing::Compare;
using testing::CutEverywhere;
using testing::CutGap;
using testing::CutOneAtATime;
using testing::Filled;
using testing::FillErrors;
using testing::FillRun;
using ::testing::HasSubstr;
using testing::Hide;
using testing::LabelledRun;
using testing::MakeSyntheticRun;
using testing::SyntheticOptions;
using testing::SyntheticRun;

// What a raw byte comparison sees of a block: NaN is the same as NaN.
bool SameBytes(const TrajectoryBlock& a, const TrajectoryBlock& b) {
  const auto same = [](const std::vector<float>& x, const std::vector<float>& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
  };
  return same(a.position, b.position) && same(a.covariance, b.covariance) &&
         same(a.residual, b.residual) && a.rays == b.rays && a.source == b.source;
}

FillErrors ErrorsOf(const SyntheticOptions& options, std::size_t together, double gap_s) {
  FillErrors errors;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    LabelledRun run = MakeSyntheticRun(options).seen;
    const TrajectoryBlock whole = run.block;
    const auto gaps = CutOneAtATime(run, together, gap_s, seed);
    errors += Compare(FillRun(run, {}, 200, Parallelism(1)).block, whole, gaps);
  }
  return errors;
}

// Four markers of a segment, one hidden: three carry it, each with noise; extrapolated past their
// triangle the noise of a coordinate at most doubles. The skin slides with the phase, of which the
// neighbours tell most. The sigma is stated for the marker as a camera would see it, with its
// noise.
TEST(GapFiller, FillsAHiddenMarkerFromItsSegmentToTheNoise) {
  for (const double gap_s : {0.1, 0.3, 0.8}) {
    const SyntheticOptions options;
    const FillErrors errors = ErrorsOf(options, 1, gap_s);
    EXPECT_EQ(errors.left, 0U);
    EXPECT_LT(errors.RmsMm(), 1000.0 * std::sqrt(3.0) * 2.0 * options.noise_m) << gap_s;
    EXPECT_GT(errors.WithinTwo(), 0.90) << gap_s;
  }
}

// What a segment does on its own cannot be seen from the others: the error is at most that, and the
// ends take some of it away.
TEST(GapFiller, FillsAHiddenSegmentFromTheLinkedBodyAndSaysHowWell) {
  SyntheticOptions options;
  options.loose_m = 0.005;
  for (const double gap_s : {0.1, 0.5}) {
    const FillErrors errors = ErrorsOf(options, 3, gap_s);
    EXPECT_EQ(errors.left, 0U);
    EXPECT_LT(errors.RmsMm(), 1000.0 * options.loose_m) << gap_s;
    EXPECT_GT(errors.WithinTwo(), 0.90) << gap_s;
    EXPECT_LT(errors.WithinTwo(), 0.98) << gap_s;
  }
}

TEST(GapFiller, DoesNotMindABodyThatTurns) {
  SyntheticOptions turning;
  turning.turn_rad_per_s = 0.7;
  const FillErrors straight = ErrorsOf({}, 1, 0.5);
  const FillErrors errors = ErrorsOf(turning, 1, 0.5);
  EXPECT_EQ(errors.left, 0U);
  EXPECT_LT(errors.RmsMm(), 1.5 * straight.RmsMm());
  EXPECT_GT(errors.WithinTwo(), 0.90);
}

// A marker that bore another's name for a moment, here and there.
TEST(GapFiller, DoesNotLearnFromWrongLabels) {
  const LabelledRun clean = MakeSyntheticRun({}).seen;
  LabelledRun swapped = clean;
  for (const std::size_t start : {120U, 410U, 1100U, 1300U}) {
    for (std::size_t f = start; f < start + 8; ++f) {
      const std::size_t other = start % 4 + 8;
      swapped.block.Set(f, MarkerId(5), clean.block.Get(f, MarkerId(other)));
      swapped.block.Set(f, MarkerId(other), clean.block.Get(f, MarkerId(5)));
    }
  }
  const CutGap gap{{5}, {700, 50}};
  LabelledRun hidden = clean;
  Hide(hidden, gap.markers, gap.frames);
  Hide(swapped, gap.markers, gap.frames);
  const FillErrors of_clean =
      Compare(FillRun(hidden, {}, 500, Parallelism(1)).block, clean.block, {gap});
  const TrajectoryBlock filled = FillRun(swapped, {}, 500, Parallelism(1)).block;
  const FillErrors of_swapped = Compare(filled, clean.block, {gap});
  EXPECT_EQ(of_swapped.left, 0U);
  EXPECT_LT(of_swapped.RmsMm(), 1.5 * of_clean.RmsMm());
  EXPECT_GT(of_swapped.WithinTwo(), 0.9);
  EXPECT_LT(std::sqrt(filled.Covariance(725, MarkerId(5)).trace()), 0.002);
}

TEST(GapFiller, NamesTheSourceOfEachFill) {
  const SyntheticRun made = MakeSyntheticRun({});
  LabelledRun run = made.seen;
  Hide(run, {5}, {300, 40});             // a thigh marker: its segment is seen
  Hide(run, {8, 9, 10, 11}, {500, 30});  // the whole shank
  GapFillOptions own_path;
  own_path.use_neighbours = false;
  const Filled filled = FillRun(run, {}, 100, Parallelism(1));
  EXPECT_EQ(filled.block.Source(310, MarkerId(5)), SampleSource::kFilledRigid);
  EXPECT_EQ(filled.block.Source(510, MarkerId(9)), SampleSource::kFilledSkeleton);
  EXPECT_EQ(filled.block.Source(299, MarkerId(5)), SampleSource::kMeasured);
  EXPECT_EQ(filled.statistics.Total().gaps, 5U);
  EXPECT_EQ(filled.statistics.Total().filled, 5U);
  EXPECT_EQ(filled.statistics.Total().filled_frames, 40U + 4U * 30U);
  EXPECT_EQ(filled.statistics.filled_frames_by_source[2], 40U);
  EXPECT_EQ(filled.statistics.filled_frames_by_source[3], 120U);

  LabelledRun brief = made.seen;
  Hide(brief, {5}, {300, 3});
  EXPECT_EQ(FillRun(brief, own_path, 100, Parallelism(1)).block.Source(301, MarkerId(5)),
            SampleSource::kFilledInterpolated);
}

TEST(GapFiller, StatesALargerSigmaInTheMiddleOfAGapThanAtItsEnds) {
  SyntheticOptions options;
  options.loose_m = 0.005;
  LabelledRun run = MakeSyntheticRun(options).seen;
  Hide(run, {8, 9, 10, 11}, {600, 60});
  const TrajectoryBlock filled = FillRun(run, {}, 100, Parallelism(1)).block;
  for (std::size_t m = 8; m < 12; ++m) {
    const auto sigma = [&](std::size_t f) {
      return std::sqrt(filled.Covariance(f, MarkerId(m)).trace());
    };
    EXPECT_GT(sigma(630), 1.2 * sigma(600));
    EXPECT_GT(sigma(630), 1.2 * sigma(659));
    EXPECT_GT(sigma(600), 0.0003);
  }
}

TEST(GapFiller, LeavesWhatHasNoSightingOnBothSidesOrIsTooLong) {
  LabelledRun run = MakeSyntheticRun({}).seen;
  Hide(run, {0}, {0, 50});
  Hide(run, {1}, {1450, 50});
  Hide(run, {2}, {700, 101});  // 1.01 s
  Hide(run, {3}, {0, 1500});   // never seen
  Hide(run, {7}, {0, 700});
  Hide(run, {7}, {701, 799});  // one sighting
  const Filled filled = FillRun(run, {}, 300, Parallelism(1));
  EXPECT_TRUE(SameBytes(filled.block, run.block));
  const MarkerGaps total = filled.statistics.Total();
  EXPECT_EQ(total.gaps, 1U);
  EXPECT_EQ(total.too_long, 1U);
  EXPECT_EQ(total.filled_frames, 0U);
  EXPECT_DOUBLE_EQ(total.longest_left_s, 1.01);
  EXPECT_TRUE(std::isnan(filled.statistics.ExpectedRms()));
}

TEST(GapFiller, TakesTheTimeOfLostFramesForPartOfAGap) {
  LabelledRun run = MakeSyntheticRun({}).seen;
  Hide(run, {2}, {700, 50});
  for (std::size_t f = 725; f < run.time_base.time.size(); ++f) run.time_base.time[f] += 2.0;
  const Filled filled = FillRun(run, {}, 300, Parallelism(1));
  EXPECT_EQ(filled.statistics.Total().too_long, 1U);
  EXPECT_FALSE(filled.block.IsPresent(720, MarkerId(2)));
}

// A marker that dangles from nothing: no other tells where it goes.
TEST(GapFiller, LeavesAGapThatItCouldNotHaveFilledElsewhere) {
  SyntheticRun made = MakeSyntheticRun({});
  LabelledRun& run = made.seen;
  for (std::size_t f = 0; f < run.block.frames().count; ++f) {
    const double t = static_cast<double>(f) / 100.0;
    MarkerSample sample = run.block.Get(f, MarkerId(6));
    sample.position = {0.3 * std::sin(17.3 * t + 3.0 * std::sin(1.7 * t)),
                       0.3 * std::sin(13.1 * t + 5.0 * std::sin(0.9 * t)), 1.0};
    run.block.Set(f, MarkerId(6), sample);
  }
  Hide(run, {6}, {700, 60});
  const Filled filled = FillRun(run, {}, 300, Parallelism(1));
  EXPECT_EQ(filled.statistics.markers[6].too_uncertain, 1U);
  EXPECT_FALSE(filled.block.IsPresent(730, MarkerId(6)));
  EXPECT_DOUBLE_EQ(filled.statistics.markers[6].longest_left_s, 0.6);
}

TEST(GapFiller, GivesTheSameBytesForAnyBlockLengthAndThreadCount) {
  SyntheticOptions options;
  options.frames = 3000;
  options.rate_hz = 50.0;  // a minute: several windows
  LabelledRun run = MakeSyntheticRun(options).seen;
  static_cast<void>(CutEverywhere(run, 0.05, 4));
  GapFillOptions narrow;
  narrow.window_s = 4.0;
  const Filled whole = FillRun(run, narrow, 3000, Parallelism(1));
  EXPECT_GT(whole.statistics.Total().filled, 50U);
  for (const std::size_t frames : {std::size_t{1}, std::size_t{7}, std::size_t{640}}) {
    const Filled cut = FillRun(run, narrow, frames, Parallelism(1));
    EXPECT_TRUE(SameBytes(whole.block, cut.block)) << frames;
    EXPECT_EQ(whole.statistics.squared_error_um2, cut.statistics.squared_error_um2);
  }
  for (const int threads : {2, 7}) {
    EXPECT_TRUE(SameBytes(whole.block, FillRun(run, narrow, 640, Parallelism(threads)).block));
  }
}

TEST(GapFiller, HoldsAFewWindowsOfALongStream) {
  SyntheticOptions options;
  options.frames = 6000;
  options.rate_hz = 20.0;
  LabelledRun run = MakeSyntheticRun(options).seen;
  GapFillOptions narrow;
  narrow.window_s = 2.0;
  GapFiller filler(run.labels.size(), run.groups, run.time_base, narrow);
  std::size_t given = 0;
  std::size_t released = 0;
  for (const TrajectoryBlock& block : testing::CutInBlocks(run.block, 100)) {
    given += block.frames().count;
    const TrajectoryBlock part = filler.Push(block, Parallelism(1));
    EXPECT_EQ(part.frames().first, released);
    released += part.frames().count;
    // Six passes, each a window and a gap behind the one before, and the open gaps.
    EXPECT_LE(given - released, 6U * 60U + 21U);
  }
  released += filler.Finish(Parallelism(1)).frames().count;
  EXPECT_EQ(released, 6000U);
}

TEST(GapFiller, DoesWithoutGroupsAndWithoutCovariance) {
  SyntheticRun made = MakeSyntheticRun({});
  LabelledRun& run = made.seen;
  std::fill(run.block.covariance.begin(), run.block.covariance.end(),
            std::numeric_limits<float>::quiet_NaN());
  run.groups = {};
  Hide(run, {5}, {300, 40});
  const Filled filled = FillRun(run, {}, 500, Parallelism(1));
  EXPECT_EQ(filled.block.Source(310, MarkerId(5)), SampleSource::kFilledRigid);
  EXPECT_TRUE(filled.block.Covariance(310, MarkerId(5)).allFinite());
  EXPECT_LT(Compare(filled.block, made.truth.block, {CutGap{{5}, {300, 40}}}).RmsMm(), 1.5);
}

TEST(GapFiller, TakesACovarianceThatIsInfiniteOrZeroForUnknown) {
  LabelledRun run = MakeSyntheticRun({}).seen;
  const TrajectoryBlock whole = run.block;
  for (std::size_t i = 0; i < run.block.covariance.size(); i += 6) {
    const bool zero = i % 60 == 0;
    std::fill_n(run.block.covariance.begin() + static_cast<std::ptrdiff_t>(i), 6,
                zero ? 0.0F : std::numeric_limits<float>::infinity());
  }
  Hide(run, {5}, {300, 5});
  Hide(run, {6}, {700, 40});
  const TrajectoryBlock filled = FillRun(run, {}, 500, Parallelism(1)).block;
  const FillErrors errors = Compare(filled, whole, {CutGap{{5}, {300, 5}}, CutGap{{6}, {700, 40}}});
  EXPECT_EQ(errors.left, 0U);
  EXPECT_LT(errors.RmsMm(), 1.5);
  EXPECT_TRUE(filled.Covariance(720, MarkerId(6)).allFinite());
  EXPECT_TRUE(filled.Covariance(302, MarkerId(5)).allFinite());
}

TEST(GapFiller, LeavesAnEmptyOrDarkStreamAsItIs) {
  const TimeBase time_base = TimeBase::Uniform(100.0, 50);
  GapFiller none(0, {}, time_base, {});
  EXPECT_EQ(none.Push(TrajectoryBlock({0, 50}, 0), Parallelism(1)).frames().count, 0U);
  EXPECT_EQ(none.Finish(Parallelism(1)).frames().count, 50U);
  GapFiller dark(3, {}, time_base, {});
  const TrajectoryBlock hidden({0, 50}, 3);
  static_cast<void>(dark.Push(hidden, Parallelism(1)));
  EXPECT_TRUE(SameBytes(dark.Finish(Parallelism(1)), hidden));
  GapFiller untouched(3, {}, TimeBase::Uniform(100.0, 0), {});
  EXPECT_EQ(untouched.Finish(Parallelism(1)).frames().count, 0U);
}

TEST(GapFiller, FillsNothingInATrialTooShortToLearnFrom) {
  SyntheticOptions options;
  options.frames = 30;
  LabelledRun run = MakeSyntheticRun(options).seen;
  Hide(run, {5}, {10, 8});
  const Filled filled = FillRun(run, {}, 30, Parallelism(1));
  EXPECT_EQ(filled.statistics.Total().not_testable, 1U);
  EXPECT_FALSE(filled.block.IsPresent(12, MarkerId(5)));
}

TEST(GapFiller, StopsWhereItIsAskedTo) {
  LabelledRun run = MakeSyntheticRun({}).seen;
  Hide(run, {5}, {300, 40});
  CancellationToken token;
  token.Cancel();
  GapFiller filler(run.labels.size(), run.groups, run.time_base, {});
  static_cast<void>(filler.Push(run.block, Parallelism(1)));
  EXPECT_THROW(static_cast<void>(filler.Finish(Parallelism(1), {nullptr, &token})), Cancelled);
}

template <typename Make>
std::string MessageOf(const Make& make) {
  try {
    make();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(GapFiller, NamesTheOptionThatIsOutOfRange) {
  GapFillOptions options;
  options.max_error_m = -1.0;
  const TimeBase time_base = TimeBase::Uniform(100.0, 10);
  EXPECT_EQ(MessageOf([&] { GapFiller(3, {}, time_base, options); }),
            "gap filling: max_error_m = -1; 1e-06 to 1 expected");
  options = {};
  options.window_s = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(MessageOf([&] { GapFiller(3, {}, time_base, options); }),
              HasSubstr("window_s = nan"));
  EXPECT_EQ(MessageOf([&] { GapFiller(3, {}, TimeBase{}, {}); }),
            "gap filling: rate 0 Hz; a number above 0 expected");
}

// The goals of methods-reconstruct, on a run that no constant was chosen on.
class RealGaps : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::RealRunFolder()) GTEST_SKIP() << "not on this machine: " MEDIUS_REAL_DATA_DIR;
  }
  static void Expect(std::size_t together, double gap_s, double goal_mm) {
    const LabelledRun truth = testing::ReadRun(
        "T35", *testing::RealRunFolder() / "rbds001-run/RBDS001runT35_rot.c3d", "");
    FillErrors errors;
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      LabelledRun run = truth;
      const auto gaps = CutOneAtATime(run, together, gap_s, seed);
      errors += Compare(FillRun(run, {}, 500, Parallelism(1)).block, truth.block, gaps);
    }
    EXPECT_EQ(errors.left, 0U);
    EXPECT_LE(errors.RmsMm(), goal_mm);
    EXPECT_GE(errors.WithinTwo(), 0.90);
    EXPECT_LE(errors.WithinTwo(), 0.98);
  }
};

TEST_F(RealGaps, OneMarkerHiddenForHalfASecond) {
  Expect(1, 0.5, 3.5);
}

TEST_F(RealGaps, ThreeMarkersOfASegmentHiddenForHalfASecond) {
  Expect(3, 0.5, 5.0);
}

}  // namespace
}  // namespace medius::reconstruct
