#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/calibrate_wand.hpp"
#include "calibration/wand_degeneracy.hpp"
#include "tests/calibration/wand_scene.hpp"

namespace medius::calibration {
namespace {

using ::testing::HasSubstr;

WandSceneOptions SmallWave() {
  WandSceneOptions options;
  options.rig.cameras = 4;
  options.frames = 150;
  options.visible_share = 0.8;
  return options;
}

Degeneracy Calibrated(const DotObservations& dots, const CalibrationTarget& wand) {
  WandOptions options;
  options.calibration.held_intrinsics = {8};
  const WandCalibration found = CalibrateWand(dots, wand, options);
  EXPECT_EQ(found.result.status, CalibrationStatus::kDegenerate);
  return found.result.degeneracy;
}

TEST(DegenerateWand, WavedInAPlaneIsNamed) {
  WandSceneOptions options = SmallWave();
  options.planar = true;
  const WandScene scene = MakeWandScene(options);
  const Degeneracy found = Calibrated(scene.dots, scene.wand);
  EXPECT_EQ(found.kind, DegeneracyKind::kPlanarWave) << found.sentence;
  EXPECT_THAT(found.sentence, HasSubstr("waved in one plane"));
  EXPECT_THAT(found.sentence, HasSubstr("wave it through all of the volume"));
}

TEST(DegenerateWand, TooShortAWaveIsNamed) {
  WandSceneOptions options = SmallWave();
  options.frames = 8;
  const WandScene scene = MakeWandScene(options);
  const Degeneracy found = Calibrated(scene.dots, scene.wand);
  EXPECT_EQ(found.kind, DegeneracyKind::kTooFewViews);
  EXPECT_THAT(found.sentence, HasSubstr("at least 12 are needed"));
}

TEST(DegenerateWand, ACameraThatSeesNothingIsNamed) {
  WandScene scene = MakeWandScene(SmallWave());
  std::erase_if(scene.dots.views, [](const DotView& view) { return view.camera.index() == 2; });
  const Degeneracy found = Calibrated(scene.dots, scene.wand);
  EXPECT_EQ(found.kind, DegeneracyKind::kTooFewViews);
  EXPECT_THAT(found.sentence, HasSubstr("camera cam3 has not one sighting"));
}

TEST(DegenerateWand, GroupsThatNeverMeetAreNamed) {
  WandSceneOptions options = SmallWave();
  options.frames = 300;
  options.two_groups = true;
  const WandScene scene = MakeWandScene(options);
  const Degeneracy found = Calibrated(scene.dots, scene.wand);
  EXPECT_EQ(found.kind, DegeneracyKind::kDisconnected) << found.sentence;
  EXPECT_EQ(found.groups.size(), 2U);
  EXPECT_THAT(found.sentence, HasSubstr("{cam1, cam2} and {cam3, cam4} never see the wand at the"));
  EXPECT_THAT(found.sentence, HasSubstr("the pair cam1 and cam3"));
}

TEST(DegenerateWand, AMirroredCameraIsNamed) {
  WandScene scene = MakeWandScene(SmallWave());
  for (DotView& view : scene.dots.views) {
    if (view.camera.index() != 1) continue;
    for (Eigen::Vector2d& xy : view.xy) xy.x() = 1919.0 - xy.x();
  }
  const Degeneracy found = Calibrated(scene.dots, scene.wand);
  EXPECT_EQ(found.kind, DegeneracyKind::kMirroredCamera) << found.sentence;
  ASSERT_EQ(found.cameras.size(), 1U);
  EXPECT_EQ(found.cameras[0], CameraId(1));
  EXPECT_THAT(found.sentence, HasSubstr("camera cam2 sees the wand mirrored"));
}

TEST(DegenerateWand, AnImageStatedTooSmallIsNamed) {
  WandScene scene = MakeWandScene(SmallWave());
  scene.dots.cameras[3].width = 1280;
  scene.dots.cameras[3].height = 720;
  const Degeneracy found = Calibrated(scene.dots, scene.wand);
  EXPECT_EQ(found.kind, DegeneracyKind::kWrongImageSize);
  EXPECT_THAT(found.sentence, HasSubstr("camera cam4: "));
  EXPECT_THAT(found.sentence, HasSubstr("outside its image of 1280 x 720 px"));
}

TEST(DegenerateWand, AnImageStatedTooLargeIsNamed) {
  WandScene scene = MakeWandScene(SmallWave());
  scene.dots.cameras[0].width = 2880;
  scene.dots.cameras[0].height = 1620;
  const Degeneracy found = Calibrated(scene.dots, scene.wand);
  EXPECT_EQ(found.kind, DegeneracyKind::kWrongImageSize) << found.sentence;
  ASSERT_EQ(found.cameras.size(), 1U);
  EXPECT_EQ(found.cameras[0], CameraId(0));
}

TEST(DegenerateWand, AnotherWandIsNamed) {
  const WandScene scene = MakeWandScene(SmallWave());
  // The middle marker elsewhere: by much, and by 10 mm.
  CalibrationTarget other = scene.wand;
  other.points[1].x() = 0.08;
  const Degeneracy by_much = Calibrated(scene.dots, other);
  EXPECT_EQ(by_much.kind, DegeneracyKind::kWrongTarget) << by_much.sentence;
  other.points[1].x() = 0.19;
  const Degeneracy by_little = Calibrated(scene.dots, other);
  EXPECT_EQ(by_little.kind, DegeneracyKind::kWrongTarget) << by_little.sentence;
  EXPECT_THAT(by_little.sentence, HasSubstr("the wand does not fit its file: markers"));
  // Another number of markers.
  const Degeneracy of_two = Calibrated(scene.dots, TwoMarkerWand());
  EXPECT_EQ(of_two.kind, DegeneracyKind::kWrongTarget) << of_two.sentence;
  EXPECT_THAT(of_two.sentence, HasSubstr("most views show 3 dots, but the wand has 2 markers"));
}

TEST(DescribeNoPair, SaysThatAWaveIsTooShortBeforeItDoubtsTheWand) {
  DotObservations dots;
  dots.cameras = {{"left", 100, 100}, {"right", 100, 100}};
  const Degeneracy few = DescribeNoPair(dots, {{0, 1, 20}});
  EXPECT_EQ(few.kind, DegeneracyKind::kTooFewViews);
  EXPECT_NE(few.sentence.find("the wave is too short"), std::string::npos) << few.sentence;
  EXPECT_NE(few.sentence.find("together in 20 frames"), std::string::npos) << few.sentence;
  const Degeneracy many = DescribeNoPair(dots, {{0, 1, 400}});
  EXPECT_EQ(many.kind, DegeneracyKind::kContradiction);
  EXPECT_NE(many.sentence.find("a wand of one length"), std::string::npos) << many.sentence;
}

}  // namespace
}  // namespace medius::calibration
