#include <array>
#include <cmath>
#include <map>
#include <random>

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/analyze.hpp"
#include "analysis/joint_angles.hpp"
#include "analysis/signal.hpp"
#include "core/error.hpp"
#include "tests/analysis/recordings.hpp"
#include "tests/analysis/synthetic_body.hpp"

namespace medius::analysis {
namespace {

using testing::BodyAngles;
using ::testing::HasSubstr;
using testing::kDegree;
using testing::Record;
using testing::RunningAngles;
using testing::SyntheticSet;

constexpr double kRate = 200.0;

Recording StandingTrial() {
  return Record("static", kRate, 50, [](double) { return BodyAngles(); });
}
Recording RunTrial(double seconds, double noise_sd = 0.0) {
  return Record(
      "run", kRate, static_cast<std::size_t>(seconds * kRate),
      [](double t) { return RunningAngles(t); }, noise_sd);
}

const SummaryRow& Row(const Summary& summary, const std::string& metric, Side side) {
  for (const SummaryRow& row : summary) {
    if (row.metric.name == metric && row.side == side) return row;
  }
  throw std::logic_error("no row " + metric);
}

TEST(Analyze, MeasuresTheDropOfASyntheticRun) {
  const Recording standing = StandingTrial();
  const AnalysisResult result =
      Analyze(SyntheticSet(), RunTrial(20.0, 0.0005), &standing, {}, Parallelism(2), {});
  EXPECT_EQ(result.not_computed, "");
  EXPECT_THAT(result.warnings, ::testing::IsEmpty());
  // Obliquity 1 + 4 sin: right stance drops by 5 at most, left stance by 3.
  const SummaryRow& right = Row(result.summary, "contralateral_pelvic_drop_peak", Side::kRight);
  const SummaryRow& left = Row(result.summary, "contralateral_pelvic_drop_peak", Side::kLeft);
  EXPECT_GE(right.n, 25U);
  EXPECT_GE(left.n, 25U);
  EXPECT_NEAR(right.mean, 5.0 * kDegree, 0.1 * kDegree);
  EXPECT_NEAR(left.mean, 3.0 * kDegree, 0.1 * kDegree);
  EXPECT_LE(right.ci_low, 5.0 * kDegree);
  EXPECT_GE(right.ci_high, 5.0 * kDegree);
  EXPECT_LT(right.ci_high - right.ci_low, 1.0 * kDegree);
  EXPECT_NEAR(Row(result.summary, "stride_time", Side::kLeft).mean, 0.72, 0.001);
  EXPECT_EQ(result.quality.size(), kSegmentCount);
  EXPECT_EQ(result.quality[0].frames_fitted, 4000U);
}

TEST(Analyze, KeepsRotationsThatTheAnglesCanBeHadFrom) {
  const Recording standing = StandingTrial();
  const AnalysisResult result =
      Analyze(SyntheticSet(), RunTrial(20.0), &standing, {}, Parallelism(1), {});
  EXPECT_EQ(result.kinematics.method, "medius");
  ASSERT_EQ(result.kinematics.segments.size(), 5U);  // no feet, no trunk
  const SegmentRotations& pelvis = result.kinematics.segments[0];
  EXPECT_EQ(pelvis.segment, "pelvis");
  const std::vector<double>& obliquity = result.kinematics.Find("pelvis_obliquity")->value;
  ASSERT_EQ(pelvis.rotation.size(), 4 * obliquity.size());
  constexpr double kFloat = 1e-6;  // of a quaternion's parts, doubled by the matrix
  for (std::size_t t = 0; t < obliquity.size(); t += 50) {
    const float* q = &pelvis.rotation[4 * t];
    const Eigen::Matrix3d lab_from_pelvis =
        Eigen::Quaternionf(q[0], q[1], q[2], q[3]).cast<double>().toRotationMatrix();
    EXPECT_GE(q[0], 0.0F);
    EXPECT_NEAR(PelvisAngles(lab_from_pelvis, Eigen::Matrix3d::Zero()).value[0], obliquity[t],
                kFloat);
  }
}

TEST(Analyze, FlagsFramesWhoseMarkersLoseTheirShape) {
  const Recording standing = StandingTrial();
  Recording run = RunTrial(20.0, 0.0005);
  run.read = [read = run.read, labels = run.labels](FrameRange range) {
    TrajectoryBlock block = read(range);
    for (std::size_t t = 0; t < range.count; ++t) {
      if (range.first + t < 1000 || range.first + t >= 1020) continue;
      for (std::size_t m = 0; m < labels.size(); ++m) {
        if (labels[m] != "RTH2") continue;
        MarkerSample sample = block.Get(t, MarkerId(m));
        sample.position.z() += 0.10;
        block.Set(t, MarkerId(m), sample);
      }
    }
    return block;
  };
  const AnalysisResult result = Analyze(SyntheticSet(), run, &standing, {}, Parallelism(1), {});
  const SegmentRotations& thigh = result.kinematics.segments[2];
  EXPECT_EQ(thigh.segment, "right_thigh");
  EXPECT_EQ(thigh.flagged[1010], 1);
  EXPECT_GT(thigh.residual[1010], 0.02F);
  EXPECT_EQ(thigh.flagged[2000], 0);
  EXPECT_EQ(result.kinematics.segments[1].flagged[1010], 0);
}

TEST(Analyze, AGapOverTheWholePelvisCostsTheStridesInItAlone) {
  const Recording standing = StandingTrial();
  Recording run = RunTrial(20.0, 0.0005);
  run.read = [read = run.read, labels = run.labels](FrameRange range) {
    TrajectoryBlock block = read(range);
    for (std::size_t t = 0; t < range.count; ++t) {
      if (range.first + t < 1000 || range.first + t >= 1600) continue;  // three seconds
      for (std::size_t m = 0; m < labels.size(); ++m) {
        const bool pelvis = labels[m].ends_with("ASI") || labels[m].ends_with("PSI");
        if (pelvis) block.Set(t, MarkerId(m), MarkerSample::Missing());
      }
    }
    return block;
  };
  const AnalysisResult result = Analyze(SyntheticSet(), run, &standing, {}, Parallelism(1), {});
  EXPECT_THAT(result.warnings,
              ::testing::Contains(HasSubstr("the pelvis is lost in 15.0 % of the frames")));
  std::size_t in_gap = 0;
  for (std::size_t row = 0; row < result.strides.stride_count(); ++row) {
    const double start = result.strides.start[row], toe_off = result.strides.toe_off[row];
    // One that ends in the gap is timed there by the foot alone.
    if (result.strides.end[row] < 4.9 || start > 8.1) {
      EXPECT_EQ(result.strides.accepted[row], 1) << result.strides.rejection_reason[row];
    } else if (start > 5.1 && toe_off < 7.9) {
      ++in_gap;
      EXPECT_EQ(result.strides.accepted[row], 0) << start;
      EXPECT_THAT(result.strides.rejection_reason[row], HasSubstr("pelvis"));
    }
  }
  EXPECT_GE(in_gap, 4U);
}

TEST(Analyze, SaysWhyThereAreNoStrides) {
  const Recording standing = StandingTrial();
  const AnalysisResult still =
      Analyze(SyntheticSet(), Record("run", kRate, 1000, [](double) { return BodyAngles(); }),
              &standing, {}, Parallelism(1), {});
  EXPECT_THAT(still.not_computed, HasSubstr("0 foot strikes"));
  EXPECT_EQ(still.kinematics.Find("pelvis_tilt")->value.size(), 1000U);
  for (const std::size_t frames : {0U, 1U, 2U, 3U}) {
    const AnalysisResult tiny = Analyze(
        SyntheticSet(), Record("run", kRate, frames, [](double t) { return RunningAngles(t); }),
        &standing, {}, Parallelism(1), {});
    EXPECT_THAT(tiny.not_computed, HasSubstr("0 foot strikes"));
  }
}

TEST(Analyze, SaysThatTheStridesAreFew) {
  const Recording standing = StandingTrial();
  const AnalysisResult result =
      Analyze(SyntheticSet(), RunTrial(5.0), &standing, {}, Parallelism(1), {});
  EXPECT_EQ(result.not_computed, "");
  EXPECT_THAT(result.warnings,
              ::testing::Contains(HasSubstr("accepted strides on the left side; 15")));
}

TEST(Analyze, WarnsOfARunnerWhoFacesElsewhere) {
  const Recording standing = StandingTrial();
  const auto turned = [](double t) {
    BodyAngles a = RunningAngles(t);
    a.rotation += 90.0 * kDegree;
    return a;
  };
  const AnalysisResult result = Analyze(SyntheticSet(), Record("run", kRate, 1000, turned),
                                        &standing, {}, Parallelism(1), {});
  EXPECT_THAT(result.warnings, ::testing::Contains(HasSubstr("from the lab's +X")));
}

TEST(Analyze, WarnsOfFramesThatAreNotEvenlySpaced) {
  const Recording standing = StandingTrial();
  Recording run = RunTrial(6.0);
  for (std::size_t i = 500; i < run.time_base.time.size(); ++i) run.time_base.time[i] += 0.5;
  const AnalysisResult result = Analyze(SyntheticSet(), run, &standing, {}, Parallelism(1), {});
  EXPECT_THAT(result.warnings,
              ::testing::Contains(HasSubstr("1 of its frames do not follow the one before")));
}

TEST(Analyze, WithoutAStandingTrialHasNothingRelativeToIt) {
  const AnalysisResult result =
      Analyze(SyntheticSet(), RunTrial(8.0), nullptr, {}, Parallelism(1), {});
  EXPECT_EQ(Row(result.summary, "contralateral_pelvic_drop_relative", Side::kRight).n, 0U);
  EXPECT_GT(Row(result.summary, "contralateral_pelvic_drop_peak", Side::kRight).n, 5U);
  EXPECT_GT(Row(result.summary, "hip_adduction_peak", Side::kRight).n, 5U);
}

// Every marker of a recording rides on skin: a constant and a part that swings with the stride,
// each coordinate with an sd of 2 mm, the same in every stride.
Recording OnSkin(Recording recording, unsigned seed) {
  constexpr double kSkin = 0.002;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0.0, kSkin);
  const auto vector = [&] {
    return Eigen::Vector3d(normal(random), normal(random), normal(random));
  };
  std::vector<std::array<Eigen::Vector3d, 3>> skin(recording.labels.size());
  for (auto& parts : skin) parts = {vector(), vector(), vector()};
  const double rate = recording.time_base.rate_hz;
  recording.read = [read = recording.read, skin, rate](FrameRange range) {
    TrajectoryBlock block = read(range);
    for (std::size_t t = 0; t < range.count; ++t) {
      const double phase =
          2.0 * 3.14159265358979 * static_cast<double>(range.first + t) / rate / 0.72;
      for (std::size_t m = 0; m < skin.size(); ++m) {
        MarkerSample sample = block.Get(t, MarkerId(m));
        sample.position += skin[m][0] + std::cos(phase) * skin[m][1] + std::sin(phase) * skin[m][2];
        block.Set(t, MarkerId(m), sample);
      }
    }
    return block;
  };
  return recording;
}

TEST(Analyze, HasIntervalsThatHoldTheTruthAlsoWithMarkersOnSkin) {
  const Recording standing = StandingTrial();
  const Recording clean = RunTrial(5.0);
  constexpr unsigned kSeeds = 30;
  std::map<std::string, int> held;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    const AnalysisResult result =
        Analyze(SyntheticSet(), OnSkin(clean, seed), &standing, {}, Parallelism(2), {});
    for (const Side side : kSides) {
      const auto holds = [&](const std::string& metric, double truth_deg) {
        const SummaryRow& row = Row(result.summary, metric, side);
        const double truth = truth_deg * kDegree;
        held[metric] += row.ci_low <= truth && truth <= row.ci_high ? 1 : 0;
      };
      holds("contralateral_pelvic_drop_peak", side == Side::kRight ? 5.0 : 3.0);
      holds("hip_adduction_peak", 11.0);
    }
  }
  // 95 % of 60, the two sides of a seed being as one: an sd of 2.4, three of them.
  for (const auto& [metric, count] : held) EXPECT_GE(count, 50) << metric;
}

TEST(AnalysisOptions, NameTheFieldThatIsOutOfRange) {
  AnalysisOptions options;
  options.events.belt_speed_fraction = 85.0;
  EXPECT_THROW(options.Validate(200.0), InputError);
  options = {};
  options.body.marker_offset = 9.0;
  try {
    options.Validate(200.0);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("marker_offset 9: 0 to 0.05 m expected"));
  }
}

}  // namespace
}  // namespace medius::analysis
