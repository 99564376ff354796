#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <Eigen/Cholesky>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "reconstruct/jerk_smoother.hpp"
#include "reconstruct/smoothing.hpp"
#include "tests/reconstruct/gap_scene.hpp"

namespace medius::reconstruct {
namespace {

using testing::Compare;
using testing::CutGap;
using testing::CutInBlocks;
using testing::Hide;
using testing::Joined;
using testing::LabelledRun;
using testing::MakeSyntheticRun;
using testing::Normal;
using testing::SyntheticOptions;

TrajectoryBlock Smoothed(const LabelledRun& run, std::size_t frames_per_block,
                         const SmoothingOptions& options = {}, int threads = 1) {
  TrajectorySmoother smoother(run.labels.size(), run.time_base, options);
  std::vector<TrajectoryBlock> parts;
  for (const TrajectoryBlock& block : CutInBlocks(run.block, frames_per_block)) {
    parts.push_back(smoother.Push(block, Parallelism(threads)));
  }
  parts.push_back(smoother.Finish(Parallelism(threads)));
  return Joined(parts);
}

bool SameBytes(const TrajectoryBlock& a, const TrajectoryBlock& b) {
  const auto same = [](const std::vector<float>& x, const std::vector<float>& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
  };
  return same(a.position, b.position) && same(a.covariance, b.covariance) && a.source == b.source;
}

std::vector<CutGap> AllOf(const LabelledRun& run) {
  std::vector<std::size_t> markers(run.labels.size());
  for (std::size_t m = 0; m < markers.size(); ++m) markers[m] = m;
  return {CutGap{markers, run.block.frames()}};
}

// Positions of white jerk of unit strength: twice integrated, sampled every step.
std::vector<double> WhiteJerkPath(std::size_t count, double step_s, double jerk,
                                  std::mt19937_64& random) {
  constexpr int kSubsteps = 20;
  const double h = step_s / kSubsteps;
  double x = 0.0;
  double v = 1.0;
  double a = 0.0;
  std::vector<double> path;
  for (std::size_t i = 0; i < count; ++i) {
    path.push_back(x);
    for (int k = 0; k < kSubsteps; ++k) {
      x += h * v + 0.5 * h * h * a;
      v += h * a;
      a += std::sqrt(jerk * h) * Normal(random);
    }
  }
  return path;
}

// The conditional mean of a Gaussian process, from its dense covariance; the prior of the first
// state is that of the smoother: 100 variances, 20 m/s, 500 m/s^2.
TEST(SmoothCoordinate, IsTheConditionalMeanOfTheWholeSeries) {
  constexpr double kJerk = 3e4;
  const std::vector<CoordinateSample> samples = {{0.00, 0.010, 1e-6}, {0.01, 0.021, 2e-6},
                                                 {0.02, 0.027, 1e-6}, {0.05, 0.046, 4e-6},
                                                 {0.06, 0.061, 1e-6}, {0.07, 0.080, 1e-6}};
  const Eigen::Index n = 6;
  Eigen::MatrixXd prior(n, n);
  Eigen::VectorXd y(n);
  Eigen::MatrixXd noise = Eigen::MatrixXd::Zero(n, n);
  const double px = 100.0 * samples[0].variance;
  for (Eigen::Index i = 0; i < n; ++i) {
    y[i] = samples[static_cast<std::size_t>(i)].value - samples[0].value;
    noise(i, i) = samples[static_cast<std::size_t>(i)].variance;
    for (Eigen::Index j = 0; j < n; ++j) {
      const double s = samples[static_cast<std::size_t>(std::min(i, j))].time;
      const double t = samples[static_cast<std::size_t>(std::max(i, j))].time;
      // Twice integrated: the integral of (s-u)^2 (t-u)^2 / 4 over [0, s].
      const double d = t - s;
      const double jerk =
          (std::pow(s, 5) / 5.0 + d * std::pow(s, 4) / 2.0 + d * d * std::pow(s, 3) / 3.0) / 4.0;
      prior(i, j) = px + 400.0 * s * t + 250000.0 * s * s * t * t / 4.0 + kJerk * jerk;
    }
  }
  // noise - noise (prior + noise)^-1 noise: loses no digits where the prior is wide.
  const Eigen::LDLT<Eigen::MatrixXd> factor(prior + noise);
  const Eigen::VectorXd mean = y - noise * factor.solve(y);
  const Eigen::MatrixXd covariance = noise - noise * factor.solve(noise);
  for (const double unit_s : {0.01, 0.003}) {
    const auto smoothed = SmoothCoordinate(samples, kJerk, unit_s);
    for (Eigen::Index i = 0; i < n; ++i) {
      const SmoothedCoordinate& s = smoothed[static_cast<std::size_t>(i)];
      EXPECT_NEAR(s.value, mean[i] + samples[0].value, 1e-9);
      EXPECT_NEAR(s.variance, covariance(i, i), 1e-6 * covariance(i, i));
    }
  }
}

TEST(EstimateJerk, FindsTheStrengthAndTheNoise) {
  std::mt19937_64 random(5);
  for (const double jerk : {1e3, 1e5, 1e7}) {
    const std::vector<double> path = WhiteJerkPath(1000, 0.005, jerk, random);
    std::vector<CoordinateSample> samples;
    for (std::size_t i = 0; i < path.size(); ++i) {
      samples.push_back({0.005 * static_cast<double>(i), path[i] + 5e-4 * Normal(random), 2.5e-7});
    }
    // A smoother of bandwidth b has some b * 5 s / 2 numbers to tell the jerk from: 30 and more, so
    // that its logarithm is known to about a quarter, a decade being 2.3.
    EXPECT_NEAR(std::log10(EstimateJerk(samples, true, 0.005).jerk), std::log10(jerk), 0.3);
    for (CoordinateSample& sample : samples) sample.variance = 1.0;
    const JerkEstimate estimate = EstimateJerk(samples, false, 0.005);
    EXPECT_NEAR(estimate.scale, 2.5e-7, 0.15 * 2.5e-7);  // three sd of 1000 samples: 13 %
    EXPECT_NEAR(std::log10(estimate.jerk * estimate.scale), std::log10(jerk), 0.3);
  }
}

// Markers of white jerk seen with noise that is large along one slanted axis.
struct NoisyPaths {
  LabelledRun truth;
  LabelledRun seen;
};
NoisyPaths MakeNoisyPaths(std::size_t markers, std::size_t frames, double rate_hz) {
  std::mt19937_64 random(9);
  Eigen::Matrix3d root;  // of the covariance
  root << 6e-4, 0.0, 0.0, 4e-4, 2e-4, 0.0, 0.0, 2e-4, 3e-4;
  LabelledRun run{"paths",
                  std::vector<std::string>(markers, "marker"),
                  TimeBase::Uniform(rate_hz, frames),
                  TrajectoryBlock({0, frames}, markers),
                  {}};
  NoisyPaths paths{run, run};
  for (std::size_t m = 0; m < markers; ++m) {
    std::array<std::vector<double>, 3> axis;
    for (auto& path : axis) path = WhiteJerkPath(frames, 1.0 / rate_hz, 2e5, random);
    for (std::size_t f = 0; f < frames; ++f) {
      MarkerSample sample = MarkerSample::Missing();
      for (int i = 0; i < 3; ++i) sample.position[i] = axis[static_cast<std::size_t>(i)][f];
      sample.source = SampleSource::kMeasured;
      paths.truth.block.Set(f, MarkerId(m), sample);
      sample.position += root * Eigen::Vector3d(Normal(random), Normal(random), Normal(random));
      sample.covariance = root * root.transpose();
      paths.seen.block.Set(f, MarkerId(m), sample);
    }
  }
  return paths;
}

TEST(TrajectorySmoother, StatesTheErrorThatItMakes) {
  const NoisyPaths paths = MakeNoisyPaths(12, 400, 200.0);
  const auto all = AllOf(paths.truth);
  const auto before = Compare(paths.seen.block, paths.truth.block, all);
  const auto after = Compare(Smoothed(paths.seen, 100), paths.truth.block, all);
  EXPECT_LT(after.RmsMm(), 0.7 * before.RmsMm());
  // 4800 points of chi-square 3, alike over some 8 frames: 1 sd of their mean over 3 is 0.033.
  EXPECT_NEAR(after.chi_square / (3.0 * static_cast<double>(after.filled)), 1.0, 0.1);
  EXPECT_NEAR(before.chi_square / (3.0 * static_cast<double>(before.filled)), 1.0, 0.05);
}

TEST(TrajectorySmoother, LearnsANoiseThatIsNotStated) {
  NoisyPaths paths = MakeNoisyPaths(8, 500, 200.0);
  auto& covariance = paths.seen.block.covariance;
  std::fill(covariance.begin(), covariance.end(), std::numeric_limits<float>::quiet_NaN());
  const auto all = AllOf(paths.truth);
  const auto before = Compare(paths.seen.block, paths.truth.block, all);
  const TrajectoryBlock smoothed = Smoothed(paths.seen, 100);
  const auto after = Compare(smoothed, paths.truth.block, all);
  EXPECT_LT(after.RmsMm(), 0.75 * before.RmsMm());
  EXPECT_GT(after.WithinTwo(), 0.92);
  EXPECT_LT(after.WithinTwo(), 0.98);
}

TEST(TrajectorySmoother, TakesNoiseOffARunner) {
  SyntheticOptions options;
  options.noise_m = 0.0008;
  const auto run = MakeSyntheticRun(options);
  const auto all = AllOf(run.truth);
  const auto before = Compare(run.seen.block, run.truth.block, all);
  const auto after = Compare(Smoothed(run.seen, 100), run.truth.block, all);
  EXPECT_LT(after.RmsMm(), 0.8 * before.RmsMm());
  EXPECT_GT(after.WithinTwo(), 0.92);
}

// The belt starts after three seconds: what stands does not say how what runs moves.
TEST(TrajectorySmoother, DoesNotFlattenARunThatBeginsWithStanding) {
  SyntheticOptions options;
  options.frames = 950;
  options.noise_m = 0.0008;
  auto run = MakeSyntheticRun(options);
  constexpr std::size_t kStands = 300;
  for (std::size_t m = 0; m < run.truth.labels.size(); ++m) {
    const Eigen::Vector3d place = run.truth.block.Position(kStands, MarkerId(m));
    for (std::size_t f = 0; f < kStands; ++f) {
      const MarkerId marker(m);
      MarkerSample sample = run.seen.block.Get(f, marker);
      sample.position += place - run.truth.block.Position(f, marker);
      run.seen.block.Set(f, marker, sample);
      sample.position = place;
      run.truth.block.Set(f, marker, sample);
    }
  }
  // From a second after the belt's start, which is sudden here and makes any smoother ring.
  std::vector<CutGap> running = AllOf(run.truth);
  running.front().frames = {kStands + 100, 950 - kStands - 100};
  const auto before = Compare(run.seen.block, run.truth.block, running);
  const auto after = Compare(Smoothed(run.seen, 100), run.truth.block, running);
  EXPECT_LT(after.RmsMm(), 0.8 * before.RmsMm());
  EXPECT_GT(after.WithinTwo(), 0.92);
}

TEST(TrajectorySmoother, JudgesByWhatIsSeenWhereAStretchBeginsWithAFill) {
  const auto run = MakeSyntheticRun({});
  LabelledRun filled = run.seen;
  for (std::size_t f = 0; f < 300; ++f) {
    MarkerSample sample = run.seen.block.Get(f, MarkerId(5));
    sample.source = SampleSource::kFilledRigid;
    filled.block.Set(f, MarkerId(5), sample);
  }
  const TrajectoryBlock smoothed = Smoothed(filled, 500);
  EXPECT_NE(smoothed.Position(600, MarkerId(5)), run.seen.block.Position(600, MarkerId(5)));
}

TEST(TrajectorySmoother, GivesTheSameBytesForAnyBlockLengthAndThreadCount) {
  SyntheticOptions options;
  options.frames = 1600;
  LabelledRun run = MakeSyntheticRun(options).seen;
  Hide(run, {3}, {500, 20});
  Hide(run, {4}, {0, 800});
  SmoothingOptions short_stretches;
  short_stretches.stretch_s = 3.0;
  const TrajectoryBlock whole = Smoothed(run, 1600, short_stretches);
  for (const std::size_t frames : {std::size_t{1}, std::size_t{7}, std::size_t{301}}) {
    EXPECT_TRUE(SameBytes(whole, Smoothed(run, frames, short_stretches))) << frames;
  }
  for (const int threads : {2, 7}) {
    EXPECT_TRUE(SameBytes(whole, Smoothed(run, 301, short_stretches, threads)));
  }
}

TEST(TrajectorySmoother, LeavesNoSeamBetweenStretches) {
  const auto run = MakeSyntheticRun({});
  SmoothingOptions short_stretches;
  short_stretches.stretch_s = 2.5;
  const TrajectoryBlock cut = Smoothed(run.seen, 1500, short_stretches);
  // Second differences at the seams are like those elsewhere.
  const auto bend = [&](std::size_t f) {
    const MarkerId m(9);
    return (cut.Position(f - 1, m) - 2.0 * cut.Position(f, m) + cut.Position(f + 1, m)).norm();
  };
  double largest = 0.0;
  for (std::size_t f = 300; f < 450; ++f) largest = std::max(largest, bend(f));
  for (const std::size_t seam : {249U, 250U, 499U, 500U, 749U, 750U}) {
    EXPECT_LT(bend(seam), 1.2 * largest);
  }
}

TEST(TrajectorySmoother, KeepsWhatIsMissingMissingAndCopiesWhatIsTooShort) {
  LabelledRun run = MakeSyntheticRun({}).seen;
  Hide(run, {2}, {100, 30});
  Hide(run, {3}, {5, 1495});  // five samples alone
  Hide(run, {5}, {0, 1500});
  const TrajectoryBlock smoothed = Smoothed(run, 100);
  EXPECT_EQ(smoothed.source, run.block.source);
  EXPECT_TRUE(smoothed.Position(110, MarkerId(2)).array().isNaN().all());
  EXPECT_TRUE(smoothed.Covariance(110, MarkerId(2)).array().isNaN().all());
  for (std::size_t f = 0; f < 5; ++f) {
    EXPECT_EQ(smoothed.Position(f, MarkerId(3)), run.block.Position(f, MarkerId(3)));
  }
  EXPECT_NE(smoothed.Position(200, MarkerId(2)), run.block.Position(200, MarkerId(2)));
  // Beside a gap less is known than amid samples.
  EXPECT_GT(smoothed.Covariance(99, MarkerId(2)).trace(),
            1.2 * smoothed.Covariance(60, MarkerId(2)).trace());
}

TEST(TrajectorySmoother, DoesNotTakeAFillForAsManySightings) {
  LabelledRun run = MakeSyntheticRun({}).seen;
  LabelledRun filled = run;
  for (std::size_t f = 700; f < 740; ++f) {
    MarkerSample sample = run.block.Get(f, MarkerId(5));
    sample.source = SampleSource::kFilledRigid;
    filled.block.Set(f, MarkerId(5), sample);
  }
  const TrajectoryBlock of_seen = Smoothed(run, 500);
  const TrajectoryBlock of_filled = Smoothed(filled, 500);
  EXPECT_GT(of_filled.Covariance(720, MarkerId(5)).trace(),
            1.8 * of_seen.Covariance(720, MarkerId(5)).trace());
}

TEST(TrajectorySmoother, StaysFiniteWhereNothingMovesAndNothingIsNoisy) {
  LabelledRun run{"still", {"a"}, TimeBase::Uniform(100.0, 300), TrajectoryBlock({0, 300}, 1), {}};
  for (std::size_t f = 0; f < 300; ++f) {
    MarkerSample sample = MarkerSample::Missing();
    sample.position = {0.5, -0.25, 1.0};
    sample.source = SampleSource::kImported;
    run.block.Set(f, MarkerId(0), sample);
  }
  const TrajectoryBlock smoothed = Smoothed(run, 50);
  for (std::size_t f = 0; f < 300; ++f) {
    EXPECT_LT((smoothed.Position(f, MarkerId(0)) - Eigen::Vector3d(0.5, -0.25, 1.0)).norm(), 1e-6);
    EXPECT_TRUE(smoothed.Covariance(f, MarkerId(0)).allFinite());
  }
  TrajectorySmoother none(0, TimeBase::Uniform(100.0, 0), {});
  EXPECT_EQ(none.Finish(Parallelism(1)).frames().count, 0U);
}

TEST(TrajectorySmoother, CountsHowFarItMovedTheSamples) {
  const auto run = MakeSyntheticRun({});
  TrajectorySmoother smoother(run.seen.labels.size(), run.seen.time_base, {});
  static_cast<void>(smoother.Push(run.seen.block, Parallelism(1)));
  static_cast<void>(smoother.Finish(Parallelism(1)));
  EXPECT_EQ(smoother.statistics()[3].samples, 1500U);
  // At most all of the noise of 0.3 mm a coordinate.
  EXPECT_LT(smoother.statistics()[3].CorrectionRms(), 0.0003 * std::sqrt(3.0) * 1.1);
  EXPECT_GT(smoother.statistics()[3].CorrectionRms(), 0.0001);
}

TEST(TrajectorySmoother, NamesTheOptionThatIsOutOfRange) {
  SmoothingOptions options;
  options.stretch_s = 0.5;
  try {
    TrajectorySmoother(1, TimeBase::Uniform(100.0, 1), options);
    FAIL() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "smoothing: stretch_s = 0.5; 2.5 to 120 expected");
  }
  EXPECT_THROW(TrajectorySmoother(1, TimeBase{}, {}), InputError);
}

}  // namespace
}  // namespace medius::reconstruct
