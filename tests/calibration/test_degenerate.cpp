#include <cmath>
#include <functional>
#include <set>
#include <string>

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "core/error.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

using ::testing::HasSubstr;

BoardSceneOptions SmallRing() {
  BoardSceneOptions options;
  options.cameras = 4;
  options.frames = 50;
  return options;
}

void DropViews(BoardScene* scene, const std::function<bool(const TargetView&)>& drop) {
  std::erase_if(scene->observations.views, drop);
}

TEST(Calibrate, NamesACameraWithTooFewViews) {
  BoardScene scene = MakeBoardScene(SmallRing());
  std::size_t kept = 0;
  DropViews(&scene,
            [&](const TargetView& view) { return view.camera == CameraId(2) && ++kept > 2; });
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.status, CalibrationStatus::kDegenerate);
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kTooFewViews);
  ASSERT_EQ(result.degeneracy.cameras.size(), 1U);
  EXPECT_EQ(result.degeneracy.cameras[0], CameraId(2));
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("cam3 has 2 views"));
}

TEST(Calibrate, NamesGroupsOfCamerasThatNeverMeet) {
  BoardScene scene = MakeBoardScene(SmallRing());
  // Even frames for the first two cameras, odd ones for the others.
  DropViews(&scene, [](const TargetView& view) {
    return (view.frame % 2 == 0) != (view.camera.index() < 2);
  });
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.status, CalibrationStatus::kDegenerate);
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kDisconnected);
  ASSERT_EQ(result.degeneracy.groups.size(), 2U);
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("{cam1, cam2} and {cam3, cam4}"));
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("never see the same board"));
}

TEST(Calibrate, NamesBoardsThatAreAllParallelToTheImage) {
  BoardScene scene = MakeBoardScene(SmallRing());
  // Camera 1 alone, with boards in front of it that never tilt.
  DropViews(&scene, [](const TargetView& view) { return view.camera == CameraId(1); });
  const Camera& camera = scene.rig.cameras[1];
  const CalibrationTarget& target = scene.observations.targets[0];
  for (int i = 0; i < 12; ++i) {
    TargetView view;
    view.camera = CameraId(1);
    view.frame = 1000 + static_cast<std::size_t>(i);
    for (std::uint32_t p = 0; p < target.points.size(); ++p) {
      const Eigen::Vector3d shift(-0.8 + 0.08 * i, -0.3, 2.0 + 0.1 * i);
      view.point.push_back(p);
      view.xy.push_back(*camera.model.Project(target.points[p] + shift));
    }
    scene.observations.views.push_back(view);
  }
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.status, CalibrationStatus::kDegenerate);
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kParallelBoards);
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("camera cam2"));
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("tilted"));
}

TEST(Calibrate, NamesAMirroredCamera) {
  BoardScene scene = MakeBoardScene(SmallRing());
  for (TargetView& view : scene.observations.views) {
    if (view.camera != CameraId(3)) continue;
    for (Eigen::Vector2d& xy : view.xy) xy.x() = 1919.0 - xy.x();
  }
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.status, CalibrationStatus::kDegenerate);
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kMirroredCamera);
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("camera cam4 sees the board mirrored"));
}

TEST(Calibrate, NamesACameraWhosePointsAreOfAnotherBoard) {
  BoardScene scene = MakeBoardScene(SmallRing());
  // Read as 7 columns of 10 rows.
  for (TargetView& view : scene.observations.views) {
    if (view.camera != CameraId(1)) continue;
    for (std::uint32_t& point : view.point) point = (point % 10) * 7 + point / 10;
  }
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.status, CalibrationStatus::kDegenerate);
  ASSERT_FALSE(result.degeneracy.cameras.empty());
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("cam2"));
}

TEST(Calibrate, NamesACameraThatSeesNothingAtAll) {
  BoardScene scene = MakeBoardScene(SmallRing());
  DropViews(&scene, [](const TargetView& view) { return view.camera == CameraId(1); });
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kTooFewViews);
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("camera cam2 has 0 views"));
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("frames show it to others"));
}

TEST(Calibrate, NamesThePairThatIsNearestToMeeting) {
  BoardScene scene = MakeBoardScene(SmallRing());
  // The first two cameras until frame 24, the others from frame 25 on.
  DropViews(&scene,
            [](const TargetView& view) { return (view.frame < 25) != (view.camera.index() < 2); });
  const CalibrationResult result = Calibrate(scene.observations, {});
  ASSERT_EQ(result.degeneracy.kind, DegeneracyKind::kDisconnected);
  EXPECT_FALSE(result.degeneracy.is_contradiction);
  ASSERT_EQ(result.degeneracy.cameras.size(), 2U);
  EXPECT_LT(result.degeneracy.cameras[0].index(), 2U);
  EXPECT_GE(result.degeneracy.cameras[1].index(), 2U);
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("at least 5 frames"));
}

TEST(Calibrate, NamesCamerasThatMeetOnceOnly) {
  BoardScene scene = MakeBoardScene(SmallRing());
  std::size_t meeting = 0;  // a frame at which the second and the third camera see the board
  std::set<std::size_t> by_second;
  for (const TargetView& view : scene.observations.views) {
    if (view.camera == CameraId(1)) by_second.insert(view.frame);
    if (view.camera == CameraId(2) && by_second.count(view.frame) != 0) meeting = view.frame;
  }
  ASSERT_GT(meeting, 0U);
  DropViews(&scene, [&](const TargetView& view) {
    const bool is_first_group = view.camera.index() < 2;
    if (view.frame != meeting) return (view.frame % 2 == 0) != is_first_group;
    return view.camera.index() == 0 || view.camera.index() == 3;
  });
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.status, CalibrationStatus::kDegenerate);
  ASSERT_EQ(result.degeneracy.kind, DegeneracyKind::kDisconnected);
  EXPECT_THAT(
      result.degeneracy.sentence,
      HasSubstr("cam2 and cam3 see the board together only at frame " + std::to_string(meeting)));
}

struct StatedSize {
  int width;
  int height;
};
class NamesAWrongImageSize : public ::testing::TestWithParam<StatedSize> {};

TEST_P(NamesAWrongImageSize, OfOneCamera) {
  BoardScene scene = MakeBoardScene(SmallRing());
  scene.observations.cameras[2].width = GetParam().width;
  scene.observations.cameras[2].height = GetParam().height;
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.status, CalibrationStatus::kDegenerate);
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kWrongImageSize);
  ASSERT_EQ(result.degeneracy.cameras.size(), 1U);
  EXPECT_EQ(result.degeneracy.cameras[0], CameraId(2));
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("camera cam3"));
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr(std::to_string(GetParam().width)));
}

// Of 1920 x 1080: too small, its sides exchanged, too large, of another shape.
INSTANTIATE_TEST_SUITE_P(Sizes, NamesAWrongImageSize,
                         ::testing::Values(StatedSize{1280, 720}, StatedSize{1080, 1920},
                                           StatedSize{3840, 2160}, StatedSize{1920, 1440}));

TEST(Calibrate, NamesWrongImageSizesOfAllCameras) {
  BoardScene scene = MakeBoardScene(SmallRing());
  for (UncalibratedCamera& camera : scene.observations.cameras) {
    camera.width = 3840;
    camera.height = 2160;
  }
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kWrongImageSize);
}

TEST(Calibrate, NamesAStretchedImageUnlessItIsAllowed) {
  BoardScene scene = MakeBoardScene(SmallRing());
  scene.observations.cameras[2].width = 1440;
  for (TargetView& view : scene.observations.views) {
    if (view.camera != CameraId(2)) continue;
    for (Eigen::Vector2d& xy : view.xy) xy.x() *= 0.75;
  }
  CalibrationOptions options;
  const CalibrationResult result = Calibrate(scene.observations, options);
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kWrongImageSize);
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("cam3"));
  options.refuse_unlikely_lens = false;
  const CalibrationResult allowed = Calibrate(scene.observations, options);
  EXPECT_EQ(allowed.status, CalibrationStatus::kConverged) << allowed.degeneracy.sentence;
}

TEST(Calibrate, RefusesATargetThatIsNotFlat) {
  BoardScene scene = MakeBoardScene(SmallRing());
  scene.observations.targets[0].points[3].z() = 0.2;
  try {
    Calibrate(scene.observations, {});
    FAIL() << "expected InputError";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("target board"));
    EXPECT_THAT(error.what(), HasSubstr("flat"));
  }
}

TEST(Calibrate, RefusesNoObservationsAtAll) {
  EXPECT_THROW(Calibrate({}, {}), InputError);
}

TEST(Calibrate, CamerasWithoutAnyViewAreTooFewViews) {
  BoardScene scene = MakeBoardScene(SmallRing());
  scene.observations.views.clear();
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kTooFewViews);
}

struct BadView {
  std::string message;
  std::function<void(TargetView*)> spoil;
};

TEST(ValidateObservations, NamesTheViewAndWhatIsWrong) {
  const std::vector<BadView> bad = {
      {"camera 9 of 4 cameras", [](TargetView* view) { view->camera = CameraId(9); }},
      {"target 5 of 1 targets", [](TargetView* view) { view->target = 5; }},
      {"one each expected", [](TargetView* view) { view->xy.pop_back(); }},
      {"point 70 of a target of 70", [](TargetView* view) { view->point[0] = 70; }},
      {"is there twice", [](TargetView* view) { view->point[0] = view->point[1]; }},
      {"finite", [](TargetView* view) { view->xy[0].x() = std::nan(""); }},
      {"finite", [](TargetView* view) { view->sigma.assign(view->xy.size(), 0.0F); }},
  };
  for (const BadView& spoilt : bad) {
    BoardScene scene = MakeBoardScene(SmallRing());
    spoilt.spoil(&scene.observations.views[5]);
    try {
      ValidateObservations(scene.observations);
      FAIL() << "expected InputError: " << spoilt.message;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(spoilt.message));
    }
  }
}

TEST(ValidateObservations, RefusesTwoViewsOfOneTargetByOneCameraAtOnce) {
  BoardScene scene = MakeBoardScene(SmallRing());
  scene.observations.views.push_back(scene.observations.views[0]);
  EXPECT_THROW(ValidateObservations(scene.observations), InputError);
}

TEST(CalibrationOptions, ValidateNamesTheField) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  const auto message = [&](const CalibrationOptions& options) -> std::string {
    try {
      options.Validate(scene.observations);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  CalibrationOptions options;
  EXPECT_EQ(message(options), "no error");
  options.focal_guess = {1000.0};
  EXPECT_THAT(message(options), HasSubstr("focal_guess"));
  options.focal_guess.assign(4, -1.0);
  EXPECT_THAT(message(options), HasSubstr("positive"));
  options = {};
  options.held_intrinsics = {9};
  EXPECT_THAT(message(options), HasSubstr("held_intrinsics"));
  options = {};
  options.hold_intrinsics = true;
  EXPECT_THAT(message(options), HasSubstr("no initial rig"));
  options = {};
  options.reference_camera = CameraId(4);
  EXPECT_THAT(message(options), HasSubstr("reference_camera"));
  options = {};
  options.initial = scene.rig;
  options.initial->cameras[1].name = "other";
  EXPECT_THAT(message(options), HasSubstr("\"cam2\""));
  options.initial = scene.rig;
  options.initial->cameras[2].width = 640;
  EXPECT_THAT(message(options), HasSubstr("640 x 1080"));
}

}  // namespace
}  // namespace medius::calibration
