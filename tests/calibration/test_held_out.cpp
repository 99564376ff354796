#include <cmath>

#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "calibration/held_out.hpp"
#include "core/error.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

BoardScene SmallScene(std::size_t frames = 60) {
  BoardSceneOptions options;
  options.cameras = 4;
  options.frames = frames;
  return MakeBoardScene(options);
}

TEST(ScoreHeldOut, TheTrueRigLeavesTheNoise) {
  const BoardScene scene = SmallScene();
  const HeldOutScore score = ScoreHeldOut(scene.rig, scene.observations, Parallelism(1));
  EXPECT_EQ(score.lost_views, 0U);
  // Six numbers fitted to each pose take their part of the residuals.
  const double count = 2.0 * static_cast<double>(score.sightings);
  const double expected = 0.3 * std::sqrt(1.0 - 6.0 * static_cast<double>(score.poses) / count);
  EXPECT_NEAR(score.rms, expected, 5.0 * 0.3 / std::sqrt(2.0 * count));
}

TEST(ScoreHeldOut, FindsACameraThatIsWrong) {
  BoardScene scene = SmallScene();
  const HeldOutScore before = ScoreHeldOut(scene.rig, scene.observations, Parallelism(1));
  scene.rig.cameras[2].camera_from_lab.translation.x() +=
      0.06;  // boards that two cameras see take half of it
  const HeldOutScore after = ScoreHeldOut(scene.rig, scene.observations, Parallelism(1));
  EXPECT_GT(after.rms_of_camera[2], 2.0 * before.rms_of_camera[2]);
}

TEST(ScoreHeldOut, ARigOfTheOneHalfPredictsTheOther) {
  const BoardScene scene = SmallScene(300);
  const TargetObservations even = EverySecondInstant(scene.observations, false);
  const TargetObservations odd = EverySecondInstant(scene.observations, true);
  EXPECT_EQ(even.views.size() + odd.views.size(), scene.observations.views.size());
  const CalibrationResult result = Calibrate(even, {});
  ASSERT_EQ(result.status, CalibrationStatus::kConverged);
  const HeldOutScore score = ScoreHeldOut(result.rig, odd, Parallelism(1));
  EXPECT_GT(score.rms, 0.29);
  EXPECT_LT(score.rms, 0.33);
}

TEST(ScoreHeldOut, GivesTheSameBytesForAnyNumberOfThreads) {
  const BoardScene scene = SmallScene();
  const double one = ScoreHeldOut(scene.rig, scene.observations, Parallelism(1)).rms;
  EXPECT_EQ(one, ScoreHeldOut(scene.rig, scene.observations, Parallelism(2)).rms);
  EXPECT_EQ(one, ScoreHeldOut(scene.rig, scene.observations, Parallelism(7)).rms);
}

TEST(ScoreHeldOut, RefusesTheRigOfOtherCameras) {
  BoardScene scene = SmallScene();
  scene.rig.cameras[1].name = "other";
  EXPECT_THROW(ScoreHeldOut(scene.rig, scene.observations, Parallelism(1)), InputError);
}

}  // namespace
}  // namespace medius::calibration
