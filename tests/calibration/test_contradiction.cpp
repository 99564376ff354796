// Cameras that do not fit the others: which one, and why.

#include <cmath>
#include <string>
#include <vector>

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "calibration/contradiction.hpp"
#include "calibration/implausible.hpp"
#include "core/error.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

using ::testing::HasSubstr;

BoardSceneOptions SmallRing() {
  BoardSceneOptions options;
  options.cameras = 4;
  options.frames = 50;
  options.seed = 5001;
  return options;
}

BoardSceneOptions TwoNeighbours() {
  BoardSceneOptions options;
  options.places = BoardSceneOptions::Places::kChain;
  options.cameras = 2;
  options.frames = 40;
  return options;
}

// The views of one camera as if it had seen the board through another place, or another board.
void LookAgain(BoardScene* scene, std::size_t camera_index, std::size_t from_frame,
               const RigidTransform& new_from_camera, double scale) {
  Camera camera = scene->rig.cameras[camera_index];
  camera.camera_from_lab = new_from_camera * camera.camera_from_lab;
  for (TargetView& view : scene->observations.views) {
    if (view.camera.index() != camera_index || view.frame < from_frame) continue;
    TargetView seen = view;
    seen.point.clear();
    seen.xy.clear();
    for (std::size_t i = 0; i < view.xy.size(); ++i) {
      const Eigen::Vector3d x = scene->observations.targets[0].points[view.point[i]];
      const auto before =
          scene->rig.cameras[camera_index].Project(scene->lab_from_target[view.frame] * x);
      const auto xy = camera.Project(scene->lab_from_target[view.frame] * (scale * x));
      if (!xy || !camera.IsInImage(*xy)) continue;
      seen.point.push_back(view.point[i]);
      seen.xy.push_back(*xy + view.xy[i] - *before);  // with the noise it had
    }
    view = seen;
  }
}

void ExpectNamed(const CalibrationResult& result, DegeneracyKind kind, std::size_t camera,
                 const std::string& words) {
  EXPECT_EQ(result.status, CalibrationStatus::kDegenerate);
  EXPECT_EQ(result.degeneracy.kind, kind) << result.degeneracy.sentence;
  ASSERT_EQ(result.degeneracy.cameras.size(), 1U);
  EXPECT_EQ(result.degeneracy.cameras[0], CameraId(camera));
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("cam" + std::to_string(camera + 1)));
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr(words));
}

TEST(ExplainContradiction, NamesAMirroredCameraThatNumbersPointsAsTheyAppear) {
  BoardScene scene = MakeBoardScene(SmallRing());
  for (TargetView& view : scene.observations.views) {
    if (view.camera != CameraId(2)) continue;
    for (Eigen::Vector2d& xy : view.xy) xy.x() = 1919.0 - xy.x();
    for (std::uint32_t& point : view.point) point = point / 10 * 10 + 9 - point % 10;
  }
  ExpectNamed(Calibrate(scene.observations, {}), DegeneracyKind::kMirroredCamera, 2, "mirrored");
}

TEST(ExplainContradiction, NamesACameraThatNumbersPointsFromTheOtherEnd) {
  BoardScene scene = MakeBoardScene(SmallRing());
  for (TargetView& view : scene.observations.views) {
    if (view.camera != CameraId(2)) continue;
    for (std::uint32_t& point : view.point) point = 69 - point;
  }
  ExpectNamed(Calibrate(scene.observations, {}), DegeneracyKind::kContradiction, 2,
              "from the other end");
}

TEST(ExplainContradiction, NamesACameraThatIsOutOfStep) {
  BoardScene scene = MakeBoardScene(SmallRing());
  for (TargetView& view : scene.observations.views) {
    if (view.camera == CameraId(1)) view.frame += 3;
  }
  ExpectNamed(Calibrate(scene.observations, {}), DegeneracyKind::kContradiction, 1, "in frame n-3");
}

TEST(ExplainContradiction, NamesACameraThatSawABoardOfAnotherSize) {
  for (const double scale : {0.75, 1.05}) {
    BoardScene scene = MakeBoardScene(SmallRing());
    LookAgain(&scene, 1, 0, {}, scale);
    const CalibrationResult result = Calibrate(scene.observations, {});
    ExpectNamed(result, DegeneracyKind::kWrongTarget, 1, "another size");
    EXPECT_NEAR(result.degeneracy.value, scale, 0.02 * scale);
  }
}

TEST(ExplainContradiction, OfTwoCamerasNamesBoth) {
  BoardScene scene = MakeBoardScene(TwoNeighbours());
  LookAgain(&scene, 1, 0, {}, 1.25);
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kWrongTarget) << result.degeneracy.sentence;
  EXPECT_EQ(result.degeneracy.cameras.size(), 2U);
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("times as large as camera"));
}

// Instants at which all cameras see a board of four points; all sightings of some views are
// outliers.
struct Instants {
  TargetObservations observations;
  CalibrationResult result;

  explicit Instants(std::size_t cameras) {
    for (std::size_t c = 0; c < cameras; ++c) {
      observations.cameras.push_back({"cam" + std::to_string(c + 1), 100, 100});
    }
    for (std::size_t frame = 0; frame < 10; ++frame) {
      for (std::size_t c = 0; c < cameras; ++c) {
        TargetView view;
        view.camera = CameraId(c);
        view.frame = frame;
        view.point = {0, 1, 2, 3};
        view.xy.assign(4, Eigen::Vector2d::Zero());
        observations.views.push_back(view);
      }
    }
  }

  void Reject(std::size_t frame, std::size_t camera) {
    const std::size_t view = frame * observations.cameras.size() + camera;
    for (std::size_t i = 0; i < 4; ++i) {
      result.outliers.push_back({view, i, Eigen::Vector2d::Zero(), 9.0});
    }
  }
};

TEST(FindContradictingCamera, BlamesTheOneWhoseOwnViewsAreBad) {
  Instants instants(3);
  for (std::size_t frame = 0; frame < 5; ++frame) instants.Reject(frame, 1);
  const auto found = FindContradictingCamera(instants.observations, instants.result);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->cameras, ::testing::ElementsAre(CameraId(1)));
  EXPECT_THAT(found->sentence, HasSubstr("camera cam2 contradicts the others at 5 of the 10"));
}

TEST(FindContradictingCamera, OfTwoCamerasNamesBoth) {
  Instants instants(2);
  for (std::size_t frame = 0; frame < 5; ++frame) instants.Reject(frame, 1);
  const auto found = FindContradictingCamera(instants.observations, instants.result);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->cameras, ::testing::ElementsAre(CameraId(0), CameraId(1)));
  EXPECT_THAT(found->sentence, HasSubstr("cameras cam1, cam2 contradict each other at 5 of"));
}

// Boards that are all parallel to the first camera: alone it has no focal length.
TEST(ExplainContradiction, TakesTheLensesOfTheInitialRig) {
  BoardScene scene = MakeBoardScene(TwoNeighbours());
  const Camera& first = scene.rig.cameras[0];
  const Camera& second = scene.rig.cameras[1];
  scene.observations.views.clear();
  const double distance = first.CentreInLab().norm();
  for (std::size_t frame = 0; frame < 20; ++frame) {
    const auto step = static_cast<double>(frame);
    const RigidTransform lab_from_target =
        first.camera_from_lab.Inverse() *
        RigidTransform{Eigen::AngleAxisd(0.5 * step, Eigen::Vector3d::UnitZ()).toRotationMatrix(),
                       {0.3 * std::sin(step), 0.2 * std::cos(step), distance + 0.02 * step}};
    for (const std::size_t c : {0, 1}) {
      TargetView view;
      view.camera = CameraId(c);
      view.frame = frame;
      for (std::uint32_t p = 0; p < 70; ++p) {
        const Eigen::Vector3d x = lab_from_target * scene.observations.targets[0].points[p];
        const auto xy = (c == 0 ? first : second).Project(x);
        if (!xy || !first.IsInImage(*xy)) continue;
        view.point.push_back(c == 0 ? p : 69 - p);
        view.xy.push_back(*xy);
      }
      if (view.xy.size() > 20) scene.observations.views.push_back(view);
    }
  }
  CalibrationOptions options;
  EXPECT_FALSE(ExplainContradiction(scene.observations, options, {}));
  options.initial = scene.rig;
  options.hold_intrinsics = true;
  const auto found = ExplainContradiction(scene.observations, options, {});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->sentence, HasSubstr("from the other end"));
}

TEST(ExplainContradiction, StopsWhereAskedTo) {
  const BoardScene scene = MakeBoardScene(TwoNeighbours());
  CancellationToken token;
  token.Cancel();
  WorkControl control;
  control.cancellation = &token;
  EXPECT_THROW(ExplainContradiction(scene.observations, {}, control), Cancelled);
}

TEST(Calibrate, NamesACameraThatMovedDuringTheRecording) {
  BoardSceneOptions scene_options = SmallRing();
  scene_options.frames = 100;
  BoardScene scene = MakeBoardScene(scene_options);
  const RigidTransform turn{Eigen::AngleAxisd(0.09, Eigen::Vector3d::UnitY()).toRotationMatrix(),
                            {0.0, 0.0, 0.0}};
  LookAgain(&scene, 2, 60, turn, 1.0);
  ExpectNamed(Calibrate(scene.observations, {}), DegeneracyKind::kContradiction, 2, "moved");
}

TEST(Calibrate, NamesACameraWhoseFramesAreOfAnotherRecording) {
  BoardScene scene = MakeBoardScene(SmallRing());
  for (TargetView& view : scene.observations.views) {
    if (view.camera == CameraId(1)) view.frame = (view.frame * 7 + 13) % 50;
  }
  const CalibrationResult result = Calibrate(scene.observations, {});
  EXPECT_EQ(result.degeneracy.kind, DegeneracyKind::kDisconnected);
  EXPECT_TRUE(result.degeneracy.is_contradiction);
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("{cam2}"));
  EXPECT_THAT(result.degeneracy.sentence, HasSubstr("same instants"));
}

TEST(Calibrate, NamesACameraReadWithABoardOfFewerColumns) {
  BoardScene scene = MakeBoardScene(SmallRing());
  for (TargetView& view : scene.observations.views) {
    if (view.camera != CameraId(1)) continue;
    TargetView read = view;
    read.point.clear();
    read.xy.clear();
    for (std::size_t i = 0; i < view.xy.size(); ++i) {
      if (view.point[i] % 10 == 9) continue;
      read.point.push_back(view.point[i] / 10 * 9 + view.point[i] % 10);
      read.xy.push_back(view.xy[i]);
    }
    view = read;
  }
  ExpectNamed(Calibrate(scene.observations, {}), DegeneracyKind::kWrongTarget, 1, "columns");
}

}  // namespace
}  // namespace medius::calibration
