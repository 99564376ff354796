#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "calibration/cross_validation.hpp"
#include "tests/calibration/board_scene.hpp"
#include "tests/calibration/moving_scene.hpp"

namespace medius::calibration {
namespace {

using ::testing::HasSubstr;

MovingScene Moving(double offset) {
  MovingSceneOptions options;
  options.seed = 3;
  options.cameras = 3;
  options.frames = 120;
  options.rate_hz = 15.0;
  options.offset = {0.0, offset, -0.5 * offset};
  return MakeMovingScene(options);
}

TemporalOptions Offsets() {
  return {};
}

// Of the second, fourth, ... instant, its motion by the others.
HeldOutScore TimedScore(const MovingScene& scene, const TemporalScales& scales) {
  return ScoreHeldOut(scene.rig, scales, Offsets(), EverySecondInstant(scene.observations, true),
                      EverySecondInstant(scene.observations, false), Parallelism(1));
}

HeldOutScore StaticScore(const MovingScene& scene) {
  return ScoreHeldOut(scene.rig, EverySecondInstant(scene.observations, true), Parallelism(1));
}

TEST(ScoreHeldOut, TheTrueTimingFitsNoMoreNumbersAndLeavesLess) {
  const MovingScene scene = Moving(0.02);
  const HeldOutScore together = StaticScore(scene);
  TemporalScales scales;
  scales.sigma = 0.3;
  scales.translation_power = 1.0;
  scales.rotation_power = 3.0;
  const HeldOutScore timed = TimedScore(scene, scales);
  EXPECT_EQ(timed.sightings, together.sightings);
  EXPECT_EQ(timed.parameters, together.parameters);
  EXPECT_LT(timed.rms, 0.6 * together.rms);
}

TEST(ScoreHeldOut, TheWrongSignOfTheTimingIsWorseThanNone) {
  MovingScene scene = Moving(0.02);
  for (Camera& camera : scene.rig.cameras) camera.time_offset *= -1.0;
  TemporalScales scales;
  scales.sigma = 0.3;
  const double together = StaticScore(scene).rms;
  EXPECT_GT(TimedScore(scene, scales).rms, 1.2 * together);
}

TEST(CrossValidate, TimingLowersTheHeldOutErrorOfCamerasThatDoNotExposeTogether) {
  const MovingScene scene = Moving(0.02);
  const CrossValidation together =
      CrossValidate(scene.observations, {"together", {}, std::nullopt});
  const CrossValidation timed = CrossValidate(scene.observations, {"offsets", {}, Offsets()});
  ASSERT_TRUE(together.valid) << together.problem;
  ASSERT_TRUE(timed.valid) << timed.problem;
  EXPECT_GT(together.rms, 1.3 * timed.rms);
  const HeldOutGain gain = GainOf(together, timed);
  EXPECT_NEAR(gain.gain, together.rms * together.rms - timed.rms * timed.rms, 1e-9);
  EXPECT_GT(gain.gain, 3.0 * gain.se);
}

TEST(GainOf, DoesNotRewardLostViews) {
  CrossValidation base;
  CrossValidation other;
  for (std::size_t frame = 0; frame < 20; ++frame) {
    base.instants.push_back({frame, 20.0, 20.0});
    // A little better where it places the board, and half of the boards lost.
    other.instants.push_back({frame, frame < 10 ? 18.0 : 0.0, frame < 10 ? 20.0 : 0.0});
  }
  // The worst instant of either has 1 px^2: what is lost gains nothing, and nothing more.
  EXPECT_NEAR(GainOf(base, other).gain, 10.0 * 2.0 / 400.0, 1e-12);
  base.instants[0].squares = 200.0;
  EXPECT_LT(GainOf(base, other).gain, 0.0);
}

TEST(AdviseModel, KeepsTheSimplerModelWhereTheLargerGainsNothing) {
  const MovingScene scene = Moving(0.0);
  const ModelAdvice advice =
      AdviseModel(scene.observations, {{"together", {}, std::nullopt}, {"offsets", {}, Offsets()}});
  EXPECT_EQ(advice.chosen, 0U);
  EXPECT_THAT(advice.sentences.back(), HasSubstr("advised: together"));
}

TEST(AdviseModel, TakesTheSimplestLensThatNoLargerUndercuts) {
  BoardSceneOptions options;
  options.cameras = 4;
  options.frames = 120;
  options.kind = CameraModelKind::kBrownConrady8;
  options.focal = 800.0;
  const BoardScene scene = MakeBoardScene(options);
  const ModelAdvice advice =
      AdviseModel(scene.observations, LensCandidates(CalibrationOptions{}, std::nullopt));
  for (const CrossValidation& score : advice.scores) ASSERT_TRUE(score.valid) << score.problem;
  for (std::size_t i = advice.chosen + 1; i < advice.scores.size(); ++i) {
    const HeldOutGain gain = GainOf(advice.scores[advice.chosen], advice.scores[i]);
    EXPECT_LE(gain.gain, gain.se) << i;
  }
}

TEST(CrossValidate, SaysWhyAHalfCannotBeCalibrated) {
  MovingScene scene = Moving(0.0);
  scene.observations.views.resize(6);
  const CrossValidation result = CrossValidate(scene.observations, {"few", {}, std::nullopt});
  EXPECT_FALSE(result.valid);
  EXPECT_THAT(result.problem, HasSubstr("at least 3 are needed"));
}

TEST(DiagnoseTiming, NamesTheCameraAndItsDelay) {
  const MovingScene scene = Moving(0.02);
  CalibrationOptions lenient;
  lenient.refuse_contradictions = false;
  const CalibrationResult start = Calibrate(scene.observations, lenient);
  ASSERT_EQ(start.status, CalibrationStatus::kConverged) << start.degeneracy.sentence;
  const TimingDiagnosis diagnosis = DiagnoseTiming(scene.observations, start);
  EXPECT_TRUE(diagnosis.unsynchronized);
  ASSERT_TRUE(diagnosis.fit);
  EXPECT_NEAR(diagnosis.fit->timing[1].offset, 0.02, 4.0 * diagnosis.fit->timing[1].offset_sd);
  EXPECT_THAT(diagnosis.sentences.front(), HasSubstr("do not expose together"));
  EXPECT_THAT(diagnosis.sentences, ::testing::Contains(HasSubstr("camera cam2 exposes")));
}

}  // namespace
}  // namespace medius::calibration
