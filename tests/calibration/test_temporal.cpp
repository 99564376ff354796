#include <cmath>
#include <numeric>
#include <string>

#include <Eigen/Cholesky>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "calibration/temporal.hpp"
#include "core/error.hpp"
#include "tests/calibration/moving_scene.hpp"

namespace medius::calibration {
namespace {

using ::testing::HasSubstr;

// Errors beyond this many stated sds happen once in 15,000 numbers.
constexpr double kSds = 4.0;
constexpr double kGoal = 0.02;  // frames

MovingSceneOptions Scene(MovingSceneOptions::Target target, std::uint64_t seed) {
  MovingSceneOptions options;
  options.seed = seed;
  options.target = target;
  options.cameras = 3;
  options.frames = target == MovingSceneOptions::Target::kWand ? 100 : 200;
  return options;
}

TemporalResult Adjust(const MovingScene& scene, const TemporalOptions& options = {},
                      int threads = 1) {
  CalibrationResult start = StartNearTruth(scene);
  start.options.parallelism = Parallelism(threads);
  // Three points of a wand tell the lens badly in so few frames: its distortion is known.
  if (scene.observations.targets[0].name == "wand") start.options.held_intrinsics = {4, 5, 6, 7, 8};
  return AdjustTemporal(scene.observations, start, options);
}

void ExpectOffsets(const MovingScene& scene, const TemporalResult& result, double limit) {
  ASSERT_EQ(result.calibration.status, CalibrationStatus::kConverged);
  EXPECT_TRUE(result.unobservable.empty());
  for (std::size_t c = 1; c < scene.rig.cameras.size(); ++c) {
    const CameraTimingEstimate& timing = result.timing[c];
    const double error = timing.offset - scene.rig.cameras[c].time_offset;
    EXPECT_LT(std::abs(error), kSds * timing.offset_sd) << "camera " << c;
    EXPECT_LT(timing.offset_sd, limit) << "camera " << c;
  }
}

TEST(AdjustTemporal, RecoversOffsetsOfAMovingBoard) {
  const MovingSceneOptions options = Scene(MovingSceneOptions::Target::kBoard, 3);
  const MovingScene scene = MakeMovingScene(options);
  const TemporalResult result = Adjust(scene);
  ExpectOffsets(scene, result, kGoal / options.rate_hz);
  EXPECT_NEAR(result.calibration.sigma, options.sigma, 0.02 * options.sigma);
  EXPECT_NEAR(result.interval, 1.0 / options.rate_hz, 1e-9);
}

TEST(AdjustTemporal, RecoversOffsetsOfAMovingWandWhoseTurnAboutItselfNobodySees) {
  const MovingSceneOptions options = Scene(MovingSceneOptions::Target::kWand, 2);
  const MovingScene scene = MakeMovingScene(options);
  ExpectOffsets(scene, Adjust(scene), kGoal / options.rate_hz);
}

TEST(AdjustTemporal, AnOffsetIsTheDelayOfTheExposureAfterTheStamp) {
  // One camera of which the exposures come 5 ms late: its pixels are those of the target 5 ms on.
  MovingSceneOptions options = Scene(MovingSceneOptions::Target::kBoard, 3);
  options.offset = {0.0, 0.005, 0.0};
  options.sigma = 0.0;
  const MovingScene scene = MakeMovingScene(options);
  const TargetView* late = nullptr;
  for (const TargetView& view : scene.observations.views) {
    if (view.camera.index() == 1) late = &view;
  }
  ASSERT_NE(late, nullptr);
  const Eigen::Vector3d x = TrueMotion(options, late->time + 0.005) *
                            scene.observations.targets[0].points[late->point[0]];
  ASSERT_LT((*scene.rig.cameras[1].Project(x) - late->xy[0]).norm(), 1e-9);
  const TemporalResult result = Adjust(scene);
  EXPECT_NEAR(result.calibration.rig.cameras[1].time_offset, 0.005, 1e-5);
  EXPECT_NEAR(result.calibration.rig.cameras[2].time_offset, 0.0, 1e-5);
  EXPECT_EQ(result.calibration.rig.cameras[0].time_offset, 0.0);
  EXPECT_THAT(result.findings, ::testing::Contains(HasSubstr("cam2 exposes 5.00 +- ")));
  EXPECT_THAT(result.findings, ::testing::Contains(HasSubstr("later than cam1")));
}

TEST(AdjustTemporal, StatesHonestSds) {
  double nees = 0.0;
  double count = 0.0;
  for (std::uint64_t seed = 31; seed < 43; ++seed) {
    MovingSceneOptions options = Scene(MovingSceneOptions::Target::kWand, seed);
    options.frames = 80;
    const MovingScene scene = MakeMovingScene(options);
    // The rig is known: of so few frames its own sds are not good to a tenth.
    CalibrationResult start = StartNearTruth(scene);
    for (std::size_t c = 0; c < 3; ++c) {
      start.rig.cameras[c].model = scene.rig.cameras[c].model;
      start.rig.cameras[c].camera_from_lab = scene.rig.cameras[c].camera_from_lab;
    }
    start.options.hold_intrinsics = true;
    start.options.hold_places = true;
    const TemporalResult result = AdjustTemporal(scene.observations, start, {});
    Eigen::Vector2d error;
    Eigen::Matrix2d covariance;
    for (int a = 0; a < 2; ++a) {
      const auto c = static_cast<std::size_t>(a) + 1;
      error[a] = result.timing[c].offset - scene.rig.cameras[c].time_offset;
      for (int b = 0; b < 2; ++b) {
        covariance(a, b) = result.timing_covariance(3 * (a + 1), 3 * (b + 1));
      }
    }
    nees += error.dot(covariance.ldlt().solve(error));
    count += 2.0;
  }
  // The 99.9 % band of a sum of `count` squared standard normal numbers, for few seeds.
  EXPECT_NEAR(nees / count, 1.0, 3.3 * std::sqrt(2.0 / count));
}

TEST(AdjustTemporal, RecoversTheDriftOfAClock) {
  MovingSceneOptions options = Scene(MovingSceneOptions::Target::kWand, 4);
  options.drift = {0.0, 1e-3, -5e-4};
  const MovingScene scene = MakeMovingScene(options);
  TemporalOptions timing;
  timing.drift = true;
  const TemporalResult result = Adjust(scene, timing);
  ASSERT_EQ(result.calibration.status, CalibrationStatus::kConverged);
  for (std::size_t c = 1; c < 3; ++c) {
    const Camera& truth = scene.rig.cameras[c];
    const Camera& found = result.calibration.rig.cameras[c];
    const double middle = result.middle_time;
    EXPECT_LT(std::abs(found.time_drift - truth.time_drift), kSds * result.timing[c].drift_sd);
    EXPECT_LT(result.timing[c].drift_sd, 5e-4);
    EXPECT_LT(std::abs(found.ExposureDelay(middle, 539.5) - truth.ExposureDelay(middle, 539.5)),
              kSds * result.timing[c].offset_sd);
  }
}

TEST(AdjustTemporal, RecoversTheLineTimeOfRollingShutters) {
  MovingSceneOptions options = Scene(MovingSceneOptions::Target::kWand, 5);
  options.line_time = {1e-5, 2e-5, -1e-5};
  const MovingScene scene = MakeMovingScene(options);
  TemporalOptions timing;
  timing.line_time = true;
  const TemporalResult result = Adjust(scene, timing);
  ASSERT_EQ(result.calibration.status, CalibrationStatus::kConverged);
  for (std::size_t c = 0; c < 3; ++c) {
    const CameraTimingEstimate& found = result.timing[c];
    EXPECT_LT(std::abs(found.line_time - options.line_time[c]), kSds * found.line_time_sd);
    EXPECT_LT(found.line_time_sd, 2e-6);
  }
}

TEST(AdjustTemporal, EstimatesHowFarFramesComeOffTheirRhythm) {
  MovingSceneOptions options = Scene(MovingSceneOptions::Target::kBoard, 3);
  options.frame_jitter = 0.003;
  const MovingScene scene = MakeMovingScene(options);
  TemporalOptions timing;
  timing.frame_jitter = true;
  const TemporalResult result = Adjust(scene, timing);
  ASSERT_EQ(result.calibration.status, CalibrationStatus::kConverged);
  // A sd of some 500 independent times, whose common part the motion hides.
  EXPECT_NEAR(result.scales.jitter_sd, 0.003, 0.0006);
  EXPECT_NEAR(result.calibration.sigma, options.sigma, 0.03 * options.sigma);
}

TEST(AdjustTemporal, SaysThatAStandingTargetTellsNoOffset) {
  MovingSceneOptions options = Scene(MovingSceneOptions::Target::kWand, 6);
  options.speed = 0.0;
  options.frames = 60;
  const TemporalResult result = Adjust(MakeMovingScene(options));
  EXPECT_THAT(result.unobservable, ::testing::ElementsAre(CameraId(1), CameraId(2)));
  EXPECT_EQ(result.calibration.rig.cameras[1].time_offset, 0.0);
  EXPECT_TRUE(std::isinf(result.timing[1].offset_sd));
  EXPECT_THAT(
      result.findings,
      ::testing::Contains(HasSubstr("when camera cam2 exposes cannot be told: the target stood")));
}

TEST(AdjustTemporal, FindsOutliersByWhatTimingLeaves) {
  MovingScene scene = MakeMovingScene(Scene(MovingSceneOptions::Target::kBoard, 3));
  std::size_t put = 0;
  for (std::size_t v = 0; v < scene.observations.views.size(); v += 5) {
    scene.observations.views[v].xy[3] += Eigen::Vector2d(12.0, -9.0);
    ++put;
  }
  const TemporalResult result = Adjust(scene);
  ExpectOffsets(scene, result, kGoal / 60.0);
  std::size_t found = 0;
  for (const OutlierSighting& outlier : result.calibration.outliers) {
    found += outlier.view % 5 == 0 && outlier.sighting == 3 ? 1 : 0;
  }
  EXPECT_EQ(found, put);
  EXPECT_LE(result.calibration.outliers.size(), put + 3);  // 0.5 false alarms in the mean
}

TEST(AdjustTemporal, GivesTheSameBytesForAnyNumberOfThreads) {
  MovingSceneOptions options = Scene(MovingSceneOptions::Target::kWand, 7);
  options.frames = 40;
  const MovingScene scene = MakeMovingScene(options);
  TemporalOptions timing;
  timing.line_time = true;
  timing.frame_jitter = true;
  timing.max_rounds = 3;
  const TemporalResult one = Adjust(scene, timing, 1);
  for (const int threads : {2, 7}) {
    const TemporalResult many = Adjust(scene, timing, threads);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_EQ(one.timing[c].offset, many.timing[c].offset);
      EXPECT_EQ(one.timing[c].line_time, many.timing[c].line_time);
      EXPECT_EQ(one.calibration.rig.cameras[c].model.intrinsics(),
                many.calibration.rig.cameras[c].model.intrinsics());
    }
    EXPECT_EQ(one.calibration.covariance.matrix, many.calibration.covariance.matrix);
  }
}

std::string MessageOf(const TargetObservations& observations, const CalibrationResult& start,
                      const TemporalOptions& options) {
  try {
    AdjustTemporal(observations, start, options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(AdjustTemporal, SaysSoWhereItDoesNotComeToRest) {
  const MovingScene scene = MakeMovingScene({});
  TemporalOptions options;
  options.max_rounds = 1;
  const TemporalResult result = AdjustTemporal(scene.observations, StartNearTruth(scene), options);
  ASSERT_EQ(result.calibration.status, CalibrationStatus::kNotConverged);
  EXPECT_NE(result.calibration.degeneracy.sentence.find("did not come to rest in 1 rounds"),
            std::string::npos)
      << result.calibration.degeneracy.sentence;
}

TEST(AdjustTemporal, RefusesWhatItCannotUse) {
  MovingSceneOptions options = Scene(MovingSceneOptions::Target::kWand, 8);
  options.frames = 20;
  MovingScene scene = MakeMovingScene(options);
  const CalibrationResult start = StartNearTruth(scene);
  EXPECT_THAT(MessageOf(scene.observations, {}, {}), HasSubstr("no converged calibration"));
  TemporalOptions wrong;
  wrong.largest_gap = 0.5;
  EXPECT_THAT(MessageOf(scene.observations, start, wrong), HasSubstr("largest_gap: 0.5"));
  wrong = {};
  wrong.largest_sd = 0.0;
  EXPECT_THAT(MessageOf(scene.observations, start, wrong), HasSubstr("largest_sd: 0"));
  TargetObservations bad = scene.observations;
  bad.views[4].time = std::nan("");
  EXPECT_THAT(MessageOf(bad, start, {}), HasSubstr("its time is not a finite number"));
  bad = scene.observations;
  bad.views[4].time += 0.2;
  EXPECT_THAT(MessageOf(bad, start, {}), HasSubstr("group the frames by their time stamps"));
}

}  // namespace
}  // namespace medius::calibration
