#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/motion.hpp"
#include "analysis/signal.hpp"
#include "analysis/snapshot.hpp"
#include "core/error.hpp"
#include "tests/analysis/recordings.hpp"
#include "tests/analysis/synthetic_body.hpp"

namespace medius::analysis {
namespace {

using testing::BodyAngles;
using testing::kDegree;
using testing::Record;
using testing::RunningAngles;
using testing::SyntheticSet;

constexpr double kRate = 200.0;
// Positions are float32: 1e-7 m over the 50 mm arms of the smallest cluster, some of them together.
constexpr double kFloatAngle = 1e-5;

Recording StandingTrial() {
  return Record("static", kRate, 50, [](double) { return BodyAngles(); });
}
Recording RunTrial(std::size_t frames, double noise_sd = 0.0) {
  return Record(
      "run", kRate, frames, [](double t) { return RunningAngles(t); }, noise_sd);
}

// Leaves out what `is_lost` says of each frame and label.
Recording Hiding(Recording recording,
                 const std::function<bool(std::size_t frame, const std::string& label)>& is_lost) {
  recording.read = [read = recording.read, labels = recording.labels, is_lost](FrameRange range) {
    TrajectoryBlock block = read(range);
    for (std::size_t t = 0; t < range.count; ++t) {
      for (std::size_t m = 0; m < labels.size(); ++m) {
        if (is_lost(range.first + t, labels[m])) {
          block.Set(t, MarkerId(m), MarkerSample::Missing());
        }
      }
    }
    return block;
  };
  return recording;
}

Motion Compute(const Recording& run, const MotionOptions& options = {}, int threads = 1) {
  const Recording standing = StandingTrial();
  const BodyModel body = BuildBodyModel(SyntheticSet(), run, &standing, {});
  return ComputeMotion(body, run, options, Parallelism(threads), {});
}

MotionOptions Unfiltered() {
  MotionOptions options;
  options.cutoff_hz = 0.0;
  return options;
}

const std::vector<double>& Angle(const Motion& motion, const std::string& name) {
  return motion.kinematics.Find(name)->value;
}

TEST(ComputeMotion, GivesBackEveryAngleOfTheBodyWithItsSign) {
  const Motion motion = Compute(RunTrial(300), Unfiltered());
  for (std::size_t t = 0; t < 300; t += 7) {
    const BodyAngles truth = RunningAngles(static_cast<double>(t) / kRate);
    EXPECT_NEAR(Angle(motion, "pelvis_obliquity")[t], truth.obliquity, kFloatAngle);
    EXPECT_NEAR(Angle(motion, "pelvis_tilt")[t], truth.tilt, kFloatAngle);
    EXPECT_NEAR(Angle(motion, "pelvis_rotation")[t], truth.rotation, kFloatAngle);
    for (const Side side : kSides) {
      const auto s = static_cast<std::size_t>(side);
      const std::string name(ToString(side));
      const char* parts[] = {"_flexion", "_adduction", "_rotation"};
      for (int i = 0; i < 3; ++i) {
        EXPECT_NEAR(Angle(motion, name + "_hip" + parts[i])[t], truth.hip[s][i], kFloatAngle);
        EXPECT_NEAR(Angle(motion, name + "_knee" + parts[i])[t], truth.knee[s][i], kFloatAngle);
      }
    }
  }
}

TEST(ComputeMotion, GivesThePelvisAgainstStandingToo) {
  const Recording run = RunTrial(50);
  const Recording standing = Record("static", kRate, 20, [](double) {
    BodyAngles a;
    a.obliquity = 2.0 * kDegree;
    a.tilt = -7.0 * kDegree;
    return a;
  });
  const BodyModel body = BuildBodyModel(SyntheticSet(), run, &standing, {});
  const Motion motion = ComputeMotion(body, run, Unfiltered(), Parallelism(1), {});
  for (std::size_t t = 0; t < 50; ++t) {
    EXPECT_NEAR(Angle(motion, "pelvis_obliquity_relative")[t],
                Angle(motion, "pelvis_obliquity")[t] - 2.0 * kDegree, kFloatAngle);
    EXPECT_NEAR(Angle(motion, "pelvis_tilt_relative")[t],
                Angle(motion, "pelvis_tilt")[t] + 7.0 * kDegree, kFloatAngle);
  }
}

TEST(ComputeMotion, FilterTakesAwayLittleOfRunning) {
  // Harmonics up to 2.8 Hz through 10 Hz: the first two lose below 1 %, of 30 degrees.
  const Motion motion = Compute(RunTrial(600));
  for (std::size_t t = 100; t < 500; ++t) {
    const BodyAngles truth = RunningAngles(static_cast<double>(t) / kRate);
    EXPECT_NEAR(Angle(motion, "pelvis_obliquity")[t], truth.obliquity, 0.05 * kDegree);
    EXPECT_NEAR(Angle(motion, "right_hip_adduction")[t], truth.hip[1][1], 0.3 * kDegree);
  }
}

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

TEST(ComputeMotion, HasTheSameBitsForAnyNumberOfThreads) {
  const Recording run = Hiding(RunTrial(3000, 0.001), [](std::size_t t, const std::string& label) {
    return label == "RTH1" && t % 400 < 50;
  });
  MotionOptions options;
  options.chunk_frames = 256;
  const Motion one = Compute(run, options, 1);
  for (const int threads : {2, 7}) {
    const Motion many = Compute(run, options, threads);
    for (std::size_t i = 0; i < one.kinematics.angles.size(); ++i) {
      EXPECT_TRUE(SameBits(one.kinematics.angles[i].value, many.kinematics.angles[i].value));
    }
    EXPECT_TRUE(SameBits(one.signals.pelvis_up, many.signals.pelvis_up));
    EXPECT_EQ(one.deformation[2].varying, many.deformation[2].varying);
  }
}

TEST(ComputeMotion, ChunkBordersLeaveNoTrace) {
  constexpr double kTrace = 1e-9;  // radians
  const Recording run = Hiding(RunTrial(2500, 0.001), [](std::size_t t, const std::string& label) {
    return (label == "RASI" && t % 300 < 15) || (label == "LTH3" && t % 500 < 90);
  });
  MotionOptions whole;
  whole.chunk_frames = 100000;
  const Motion reference = Compute(run, whole);
  for (const std::size_t chunk : {97U, 700U}) {
    MotionOptions options;
    options.chunk_frames = chunk;
    const Motion motion = Compute(run, options);
    for (std::size_t i = 0; i < motion.kinematics.angles.size(); ++i) {
      const auto& a = motion.kinematics.angles[i].value;
      const auto& b = reference.kinematics.angles[i].value;
      for (std::size_t t = 0; t < a.size(); ++t) {
        ASSERT_EQ(std::isnan(a[t]), std::isnan(b[t]));
        if (!std::isnan(a[t])) {
          ASSERT_NEAR(a[t], b[t], kTrace) << t;
        }
      }
    }
  }
}

TEST(ComputeMotion, StatesTheSpreadThatMarkerNoiseCauses) {
  constexpr double kNoise = 0.001;
  constexpr std::size_t kFrames = 8000;
  const Recording run = Record(
      "still", kRate, kFrames, [](double) { return RunningAngles(0.1); }, kNoise);
  for (const double cutoff : {0.0, 10.0}) {
    MotionOptions options;
    options.cutoff_hz = cutoff;
    options.assumed_marker_sd = kNoise;
    const Motion motion = Compute(run, options);
    // Filtered samples are worth about gain x count independent ones: 12 Hz over 100 Hz.
    const double independent = (cutoff == 0.0 ? 1.0 : 0.1) * static_cast<double>(kFrames);
    const double tolerance = 5.0 / std::sqrt(2.0 * independent);
    for (const AngleSeries& angle : motion.kinematics.angles) {
      double mean = 0.0, square = 0.0;
      for (const double v : angle.value) mean += v / static_cast<double>(kFrames);
      for (const double v : angle.value) square += (v - mean) * (v - mean);
      const double spread = std::sqrt(square / static_cast<double>(kFrames - 1));
      // Of one frame it strays with that frame's noise where an axis is seen foreshortened (2-D).
      double stated = 0.0;
      for (std::size_t t = kFrames / 4; t < 3 * kFrames / 4; ++t) {
        stated += std::pow(static_cast<double>(angle.sigma[t]), 2) / (0.5 * kFrames);
      }
      EXPECT_NEAR(spread / std::sqrt(stated), 1.0, tolerance)
          << angle.description.name << " at " << cutoff;
    }
  }
}

TEST(ComputeMotion, UsesTheCovarianceOfTheMarkersWhereThereIsOne) {
  Recording run = RunTrial(20);
  run.read = [read = run.read](FrameRange range) {
    TrajectoryBlock block = read(range);
    for (std::size_t t = 0; t < range.count; ++t) {
      for (std::size_t m = 0; m < block.marker_count(); ++m) {
        MarkerSample sample = block.Get(t, MarkerId(m));
        sample.covariance = Eigen::Matrix3d::Identity() * 4e-6;  // 2 mm
        block.Set(t, MarkerId(m), sample);
      }
    }
    return block;
  };
  MotionOptions options = Unfiltered();
  options.assumed_marker_sd = 0.002;
  const Motion stated = Compute(run, Unfiltered());
  const Motion assumed = Compute(RunTrial(20), options);
  EXPECT_NEAR(stated.kinematics.Find("left_hip_adduction")->sigma[10],
              assumed.kinematics.Find("left_hip_adduction")->sigma[10], 1e-7F);
}

TEST(ComputeMotion, FillsAShortGapFromTheSegmentAndLeavesALongOneOpen) {
  const auto lost = [](std::size_t t, const std::string& label) {
    if (label == "RASI") return t >= 100 && t < 120;  // 0.1 s: filled from the three others
    if (label == "LASI" || label == "LPSI") return t >= 200 && t < 221;  // 0.105 s, two: open
    return false;
  };
  const Motion motion = Compute(Hiding(RunTrial(400), lost), Unfiltered());
  for (std::size_t t = 90; t < 130; ++t) {
    EXPECT_NEAR(Angle(motion, "pelvis_obliquity")[t],
                RunningAngles(static_cast<double>(t) / kRate).obliquity, kFloatAngle);
  }
  EXPECT_GT(motion.kinematics.Find("pelvis_obliquity")->sigma[110],
            motion.kinematics.Find("pelvis_obliquity")->sigma[90]);
  for (std::size_t t = 190; t < 230; ++t) {
    EXPECT_EQ(std::isnan(Angle(motion, "pelvis_obliquity")[t]), t >= 200 && t < 221) << t;
    EXPECT_EQ(std::isnan(Angle(motion, "left_hip_flexion")[t]), t >= 200 && t < 221) << t;
    EXPECT_FALSE(std::isnan(Angle(motion, "left_knee_flexion")[t])) << t;
  }
}

TEST(ComputeMotion, FillsALoneMarkerAlongACurve) {
  const auto lost = [](std::size_t t, const std::string& label) {
    return label == "RHEE" && t >= 100 && t < 120;
  };
  const Motion hidden = Compute(Hiding(RunTrial(300), lost), Unfiltered());
  const Motion seen = Compute(RunTrial(300), Unfiltered());
  // A 0.1 s cubic over a heel that accelerates by some 50 m/s^2 and jerks: f'''' h^4 / 384.
  for (std::size_t t = 95; t < 125; ++t) {
    EXPECT_NEAR(hidden.signals.heel_forward[1][t], seen.signals.heel_forward[1][t], 0.01);
  }
}

TEST(ComputeMotion, RefitsWithTheRemainingMarkersWhileOneIsLost) {
  const auto lost = [](std::size_t t, const std::string& label) {
    return label == "LTH2" && t >= 60 && t < 160;
  };
  const Motion motion = Compute(Hiding(RunTrial(200), lost), Unfiltered());
  for (std::size_t t = 0; t < 200; ++t) {
    EXPECT_NEAR(Angle(motion, "left_hip_flexion")[t],
                RunningAngles(static_cast<double>(t) / kRate).hip[0][0], kFloatAngle);
  }
}

TEST(ComputeMotion, SurvivesNoFramesOneFrameAndNothingSeen) {
  const Recording standing = StandingTrial();
  const BodyModel body = BuildBodyModel(SyntheticSet(), RunTrial(10), &standing, {});
  const auto compute = [&body](const Recording& run) {
    return ComputeMotion(body, run, {}, Parallelism(2), {});
  };
  EXPECT_TRUE(Angle(compute(RunTrial(0)), "pelvis_tilt").empty());
  EXPECT_NEAR(Angle(compute(RunTrial(1)), "pelvis_tilt")[0], RunningAngles(0.0).tilt, kFloatAngle);
  const Motion blind =
      compute(Hiding(RunTrial(500), [](std::size_t, const std::string&) { return true; }));
  for (const AngleSeries& angle : blind.kinematics.angles) {
    for (std::size_t t = 0; t < 500; ++t) {
      ASSERT_TRUE(std::isnan(angle.value[t]));
      ASSERT_TRUE(std::isnan(angle.sigma[t]));
    }
  }
  EXPECT_TRUE(std::isnan(blind.deformation[0].constant));
}

TEST(ComputeMotion, StopsWhenAskedTo) {
  const Recording standing = StandingTrial();
  const Recording run = RunTrial(2000);
  const BodyModel body = BuildBodyModel(SyntheticSet(), run, &standing, {});
  CancellationToken token;
  token.Cancel();
  EXPECT_THROW((void)ComputeMotion(body, run, {}, Parallelism(1), {nullptr, &token}), Cancelled);
}

TEST(MotionOptions, NameTheFieldThatIsOutOfRange) {
  MotionOptions options;
  options.cutoff_hz = 45.0;
  try {
    options.Validate(100.0);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("cutoff_hz 45: 0 (none) or from 1 to 40"));
  }
  options.cutoff_hz = std::nan("");
  EXPECT_THROW(options.Validate(100.0), InputError);
  options = {};
  options.max_gap_s = -1.0;
  EXPECT_THROW(options.Validate(100.0), InputError);
}

TEST(SoftTissueSd, UndoesWhatTheFitTakesAway) {
  // Three markers have nine coordinates and lose six to the pose: sqrt(9 / 3) / sqrt(3) = 1.
  EXPECT_NEAR(SoftTissueSd(0.002, 3), 0.002, 1e-15);
  EXPECT_NEAR(SoftTissueSd(0.002, 4), 0.002 * std::sqrt(2.0 / 3.0), 1e-15);
}

TEST(AngleDescriptions, HaveNamesUnitsAndSigns) {
  EXPECT_EQ(AngleDescriptions().size(), kAngleCount);
  for (const QuantityDescription& d : AngleDescriptions()) {
    EXPECT_EQ(d.unit, "rad");
    EXPECT_THAT(d.definition, ::testing::HasSubstr("> 0")) << d.name;
  }
}

}  // namespace
}  // namespace medius::analysis
