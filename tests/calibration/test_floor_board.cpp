#include <cmath>
#include <string>

#include <Eigen/LU>
#include <gtest/gtest.h>

#include "calibration/board_floor.hpp"
#include "calibration/so3.hpp"
#include "core/error.hpp"
#include "tests/calibration/floor_board_scene.hpp"

namespace medius::calibration {
namespace {

constexpr double kSigma = 0.2;
constexpr double kThickness = 0.005;

struct BoardSession {
  CameraRig rig;
  RigidTransform old_from_lab;
  TargetObservations observations;
};

BoardSession Record(const CameraRig& true_rig, std::size_t frames, SceneRandom* random) {
  BoardSession session;
  session.old_from_lab = AnyFrame(random);
  session.rig = InLabFrame(true_rig, session.old_from_lab);
  session.observations = EmptyBoardObservations(true_rig);
  AddBoardViews(true_rig, BoardOnFloor(kThickness), 0, frames, kSigma, random,
                &session.observations);
  return session;
}

BoardFloorOptions Thick() {
  BoardFloorOptions options;
  options.thickness = kThickness;
  return options;
}

TEST(FloorFromBoard, MakesTheLabOfTheBoardThatLiesThere) {
  SceneRandom random(3);
  const BoardSession session = Record(RingRig(6), 7, &random);
  const FloorResult floor = FloorFromBoard(session.rig, session.observations, 0, {}, Thick());
  ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
  const RigidTransform error = floor.lab_from_old * session.old_from_lab;
  const Eigen::Vector3d turned = VectorFromRotation(error.rotation);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(std::abs(turned[i]), 5.0 * floor.RotationSd()[i]) << i;
    EXPECT_LT(std::abs(error.translation[i]), 5.0 * floor.OriginSd()[i]) << i;
    EXPECT_LT(floor.OriginSd()[i], 1e-3);
  }
  ASSERT_TRUE(floor.scale);
  EXPECT_NEAR(floor.scale->ratio, 1.0, 5.0 * floor.scale->sd);
  EXPECT_EQ(floor.points.size(), 4U);
  EXPECT_LT(floor.plane_rms, 2e-3);
  EXPECT_TRUE(floor.findings.empty());
}

TEST(FloorFromBoard, SaysThatNoCornerWasSeenForLong) {
  SceneRandom random(3);
  BoardSession session = Record(RingRig(6), 9, &random);
  for (TargetView& view : session.observations.views) {
    TargetView part = view;  // another third of the board in each frame
    part.point.clear();
    part.xy.clear();
    for (std::size_t i = 0; i < view.xy.size(); ++i) {
      if (view.point[i] / 16 != view.frame % 3) continue;
      part.point.push_back(view.point[i]);
      part.xy.push_back(view.xy[i]);
    }
    view = part;
  }
  const FloorResult floor = FloorFromBoard(session.rig, session.observations, 0, {}, Thick());
  EXPECT_NE(floor.status, FloorStatus::kFound);
  EXPECT_NE(floor.sentence.find("no corner of"), std::string::npos) << floor.sentence;
}

TEST(FloorFromBoard, StatesItsUncertainty) {
  SceneRandom random(4);
  BoardFloorOptions options = Thick();
  options.floor.point_sd = 0.0;
  double sum = 0.0;
  constexpr int kDraws = 60;
  for (int draw = 0; draw < kDraws; ++draw) {
    const BoardSession session = Record(RingRig(4), 1, &random);
    const FloorResult floor = FloorFromBoard(session.rig, session.observations, 0, {}, options);
    ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
    const RigidTransform error = floor.lab_from_old * session.old_from_lab;
    Vector6 difference;
    difference << VectorFromRotation(error.rotation), error.translation;
    sum += difference.dot(floor.covariance.inverse() * difference);
  }
  // Chi squared of 6, mean of 60: sd 0.45. Cauchy's loss at twice the median gives away some of
  // the information and its weights state less than there is: up to a third either way.
  EXPECT_GT(sum / kDraws, 6.0 * 0.67 - 4.0 * 0.45);
  EXPECT_LT(sum / kDraws, 6.0 * 1.33 + 4.0 * 0.45);
}

TEST(FloorFromBoard, FollowsTheAxisThatIsAskedFor) {
  SceneRandom random(5);
  const BoardSession session = Record(RingRig(5), 2, &random);
  BoardFloorOptions options = Thick();
  const Eigen::Vector3d along_x(0.3, 0.0, 0.0);
  // A board's y points to the right of its x when it lies print up.
  for (const auto& [axis, expected] :
       {std::pair(BoardAxis::kMinusX, Eigen::Vector3d(-0.3, 0.0, 0.0)),
        std::pair(BoardAxis::kPlusY, Eigen::Vector3d(0.0, 0.3, 0.0)),
        std::pair(BoardAxis::kMinusY, Eigen::Vector3d(0.0, -0.3, 0.0))}) {
    options.x_axis = axis;
    const FloorResult floor = FloorFromBoard(session.rig, session.observations, 0, {}, options);
    ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
    const Eigen::Vector3d found = floor.lab_from_old * (session.old_from_lab * along_x);
    EXPECT_LT((found - expected).norm(), 0.003) << found.transpose();
  }
}

TEST(FloorFromBoard, RefusesABoardThatMovesAndSaysWhereItLies) {
  SceneRandom random(6);
  const CameraRig rig = RingRig(6);
  TargetObservations observations = EmptyBoardObservations(rig);
  RigidTransform moving = BoardOnFloor(0.0);
  for (std::size_t frame = 0; frame < 12; ++frame) {
    moving.translation += Eigen::Vector3d(0.02, 0.0, 0.03);
    AddBoardViews(rig, moving, frame, 1, kSigma, &random, &observations);
  }
  AddBoardViews(rig, BoardOnFloor(0.0), 12, 8, kSigma, &random, &observations);
  const FloorResult all = FloorFromBoard(rig, observations, 0, {}, {});
  EXPECT_EQ(all.status, FloorStatus::kNotFound);
  EXPECT_NE(all.sentence.find("in 12 of 20 frames it is elsewhere"), std::string::npos)
      << all.sentence;
  EXPECT_NE(all.sentence.find("12:19 (8 seen)"), std::string::npos) << all.sentence;
  const FloorResult some = FloorFromBoard(rig, observations, 0, {12, 8}, {});
  EXPECT_EQ(some.status, FloorStatus::kFound) << some.sentence;
}

TEST(FloorFromBoard, RefusesAMirroredWorld) {
  SceneRandom random(7);
  BoardSession session = Record(RingRig(6), 3, &random);
  // Rows counted from the wrong end: the print as seen in a mirror.
  for (TargetView& view : session.observations.views) {
    for (std::uint32_t& point : view.point) point = (5 - point / 8) * 8 + point % 8;
  }
  const FloorResult floor = FloorFromBoard(session.rig, session.observations, 0, {}, Thick());
  EXPECT_EQ(floor.status, FloorStatus::kImplausible);
  EXPECT_NE(floor.sentence.find("from behind"), std::string::npos) << floor.sentence;
}

TEST(FloorFromBoard, RefusesARigOfTheWrongSize) {
  SceneRandom random(8);
  BoardSession session = Record(RingRig(6), 3, &random);
  for (Camera& camera : session.rig.cameras) camera.camera_from_lab.translation *= 1.04;
  const FloorResult floor = FloorFromBoard(session.rig, session.observations, 0, {}, Thick());
  EXPECT_EQ(floor.status, FloorStatus::kImplausible);
  EXPECT_NE(floor.sentence.find("4.0 % too long"), std::string::npos) << floor.sentence;
}

TEST(FloorFromBoard, SaysWhereNoBoardWasSeen) {
  const CameraRig rig = RingRig(4);
  const FloorResult floor = FloorFromBoard(rig, EmptyBoardObservations(rig), 0, {}, {});
  EXPECT_EQ(floor.status, FloorStatus::kNotFound);
  EXPECT_NE(floor.sentence.find("not seen well enough"), std::string::npos);
}

TEST(FloorFromBoard, IsTheSameForAnyNumberOfThreads) {
  SceneRandom random(9);
  const BoardSession session = Record(RingRig(6), 4, &random);
  BoardFloorOptions options = Thick();
  const FloorResult one = FloorFromBoard(session.rig, session.observations, 0, {}, options);
  for (const int threads : {2, 7}) {
    options.parallelism = Parallelism(threads);
    const FloorResult many = FloorFromBoard(session.rig, session.observations, 0, {}, options);
    EXPECT_EQ(one.lab_from_old.ToMatrix(), many.lab_from_old.ToMatrix());
    EXPECT_EQ(one.covariance, many.covariance);
  }
}

}  // namespace
}  // namespace medius::calibration
