#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <Eigen/LU>
#include <gtest/gtest.h>

#include "calibration/l_frame.hpp"
#include "calibration/so3.hpp"
#include "core/error.hpp"
#include "tests/calibration/floor_scene.hpp"

namespace medius::calibration {
namespace {

constexpr double kSigma = 0.2;

// Four markers 20 mm above the floor, all distances different.
LFrame FourMarkers() {
  LFrame frame;
  frame.name = "lab L";
  frame.markers = {"corner", "short", "middle", "long"};
  frame.position = {{0.0, 0.0, 0.02}, {0.0, 0.4, 0.02}, {0.22, 0.0, 0.02}, {0.6, 0.0, 0.02}};
  frame.origin = 0;
  frame.x_arm = 3;
  return frame;
}

LFrame EqualArms() {
  LFrame frame;
  frame.name = "square";
  frame.markers = {"corner", "left", "forward"};
  frame.position = {{0.0, 0.0, 0.0}, {0.0, 0.5, 0.0}, {0.5, 0.0, 0.0}};
  frame.origin = 0;
  frame.x_arm = 2;
  return frame;
}

struct Session {
  CameraRig rig;  // in a frame that knows no floor
  RigidTransform old_from_lab;
  std::vector<StaticPoint> points;
};

// @param markers  true places in the lab
Session Record(const CameraRig& true_rig, const std::vector<Eigen::Vector3d>& markers,
               SceneRandom* random) {
  Session session;
  session.old_from_lab = AnyFrame(random);
  session.rig = InLabFrame(true_rig, session.old_from_lab);
  const ObservationBlock block = StillBlock(true_rig, markers, 9, kSigma, random);
  session.points = FindStaticPoints(session.rig, block, {});
  return session;
}

RigidTransform ErrorOf(const Session& session, const FloorResult& floor) {
  return floor.lab_from_old * session.old_from_lab;
}

TEST(FloorFromLFrame, MakesTheLabOfTheLAmongOtherMarkers) {
  SceneRandom random(21);
  std::vector<Eigen::Vector3d> markers = PlacesInLab(FourMarkers());
  markers.emplace_back(0.3, -0.5, 0.9);
  markers.emplace_back(-0.4, 0.2, 0.1);
  markers.emplace_back(0.1, 0.3, 1.2);
  const Session session = Record(RingRig(6), markers, &random);
  ASSERT_EQ(session.points.size(), markers.size());
  const FloorResult floor = FloorFromLFrame(session.rig, FourMarkers(), session.points, {}, {});
  ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
  const RigidTransform error = ErrorOf(session, floor);
  const Eigen::Vector3d turned = VectorFromRotation(error.rotation);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(std::abs(turned[i]), 5.0 * floor.RotationSd()[i]) << i;
    EXPECT_LT(std::abs(error.translation[i]), 5.0 * floor.OriginSd()[i]) << i;
    EXPECT_LT(floor.OriginSd()[i], 1e-3);
    EXPECT_LT(floor.RotationSd()[i], 0.2 * 3.14 / 180.0);
  }
  EXPECT_EQ(floor.points.size(), 4U);
  EXPECT_EQ(floor.distances.size(), 6U);
  EXPECT_LT(floor.plane_rms, 1e-3);
  EXPECT_NEAR(floor.scale->ratio, 1.0, 5.0 * floor.scale->sd);
  EXPECT_TRUE(floor.findings.empty());
  const CameraRig moved = OnFloor(session.rig, floor);
  EXPECT_NEAR(moved.cameras[0].CentreInLab().z(), 1.2, 0.01);
}

TEST(FloorFromLFrame, StatesItsUncertainty) {
  SceneRandom random(5);
  const CameraRig rig = RingRig(6);
  FloorOptions options;
  options.point_sd = 1e-6;  // only the pixels are noisy here
  double sum = 0.0;
  constexpr int kDraws = 60;
  for (int draw = 0; draw < kDraws; ++draw) {
    // One frame: the median over time has no noise that was averaged away.
    const ObservationBlock block = StillBlock(rig, PlacesInLab(FourMarkers()), 1, kSigma, &random);
    const auto points = FindStaticPoints(rig, block, {});
    const FloorResult floor = FloorFromLFrame(rig, FourMarkers(), points, {}, options);
    ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
    Vector6 error;
    error << VectorFromRotation(floor.lab_from_old.rotation), floor.lab_from_old.translation;
    sum += error.dot(floor.covariance.inverse() * error);
  }
  // Chi squared of 6, mean of 60 draws: sd sqrt(12 / 60) = 0.45. The excess over chi squared is
  // never taken below 1, which makes the stated sd a fifth larger in the mean.
  EXPECT_GT(sum / kDraws, 6.0 / 1.45 - 4.0 * 0.45);
  EXPECT_LT(sum / kDraws, 6.0 + 4.0 * 0.45);
}

TEST(FloorFromLFrame, TellsArmsOfEqualLengthByTheCamerasAbove) {
  SceneRandom random(33);
  const Session session = Record(RingRig(6), PlacesInLab(EqualArms()), &random);
  const FloorResult floor = FloorFromLFrame(session.rig, EqualArms(), session.points, {}, {});
  ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
  EXPECT_LT(RotationAngle(ErrorOf(session, floor).rotation), 0.01);
}

TEST(FloorFromLFrame, RefusesAFloorAboveTheCamerasAndSaysWhy) {
  SceneRandom random(2);
  const Session session = Record(RingRig(6), PlacesInLab(FourMarkers()), &random);
  LFrame exchanged = FourMarkers();
  for (Eigen::Vector3d& position : exchanged.position) std::swap(position.x(), position.y());
  const FloorResult floor = FloorFromLFrame(session.rig, exchanged, session.points, {}, {});
  EXPECT_EQ(floor.status, FloorStatus::kImplausible);
  EXPECT_NE(floor.sentence.find("6 of 6 cameras lie below this floor (lowest cam"),
            std::string::npos)
      << floor.sentence;
  EXPECT_NE(floor.sentence.find("arms of lab L are exchanged"), std::string::npos);
}

TEST(FloorFromLFrame, RefusesARigOfTheWrongSize) {
  SceneRandom random(2);
  LFrame longer = FourMarkers();
  for (Eigen::Vector3d& position : longer.position) position *= 1.05;
  const Session session = Record(RingRig(6), PlacesInLab(longer), &random);
  const FloorResult floor = FloorFromLFrame(session.rig, FourMarkers(), session.points, {}, {});
  EXPECT_EQ(floor.status, FloorStatus::kImplausible);
  ASSERT_TRUE(floor.scale);
  EXPECT_NEAR(floor.scale->ratio, 1.05, 0.005);
  EXPECT_NE(floor.sentence.find("% too long"), std::string::npos) << floor.sentence;
}

TEST(FloorFromLFrame, NamesAMirroredShape) {
  SceneRandom random(4);
  LFrame tall = FourMarkers();
  tall.position[2].z() = 0.25;
  std::vector<Eigen::Vector3d> markers = PlacesInLab(tall);
  for (Eigen::Vector3d& marker : markers) marker.y() = -marker.y();
  const Session session = Record(RingRig(6), markers, &random);
  const FloorResult floor = FloorFromLFrame(session.rig, tall, session.points, {}, {});
  EXPECT_EQ(floor.status, FloorStatus::kImplausible);
  EXPECT_EQ(floor.findings.front().kind, RigDoubtKind::kMirrored);
}

TEST(FloorFromLFrame, DoesWithoutAHiddenMarkerAndSaysSo) {
  SceneRandom random(8);
  std::vector<Eigen::Vector3d> markers = PlacesInLab(FourMarkers());
  markers.erase(markers.begin() + 2);
  const Session session = Record(RingRig(6), markers, &random);
  const FloorResult floor = FloorFromLFrame(session.rig, FourMarkers(), session.points, {}, {});
  ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
  ASSERT_EQ(floor.warnings.size(), 1U);
  EXPECT_NE(floor.warnings[0].find("middle"), std::string::npos);
  EXPECT_LT(RotationAngle(ErrorOf(session, floor).rotation), 0.01);
}

TEST(FloorFromLFrame, TakesMarkersByTheirLabels) {
  SceneRandom random(9);
  const CameraRig rig = RingRig(6);
  // Arms of equal length, and a fourth marker that would fit as well.
  std::vector<Eigen::Vector3d> markers = PlacesInLab(EqualArms());
  markers.emplace_back(0.5, 0.5, 0.0);
  ObservationBlock block;
  block.frames = {0, 1};
  for (const Camera& camera : rig.cameras) {
    CameraObservations seen;
    for (std::size_t i = 0; i < markers.size(); ++i) {
      const auto xy = camera.Project(markers[i]);
      if (!xy || !camera.IsInImage(*xy)) continue;
      seen.xy.push_back(xy->cast<float>());
      seen.label.push_back(static_cast<std::int16_t>(i));
    }
    seen.frame_start.push_back(seen.xy.size());
    block.cameras.push_back(seen);
  }
  std::vector<StaticPoint> points;
  for (std::int16_t i = 0; i < 4; ++i) points.push_back(FindStaticPoint(rig, block, i, {}));
  const FloorResult floor =
      FloorFromLFrame(rig, EqualArms(), points, {"corner", "left", "forward", "other"}, {});
  ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
  EXPECT_LT(RotationAngle(floor.lab_from_old.rotation), 1e-4);
  const FloorResult unnamed = FloorFromLFrame(rig, EqualArms(), points, {}, {});
  EXPECT_EQ(unnamed.status, FloorStatus::kNotFound);
  EXPECT_NE(unnamed.sentence.find("ways that fit equally well"), std::string::npos);
}

TEST(FloorFromLFrame, RefusesLabelsThatAreExchanged) {
  SceneRandom random(13);
  const Session session = Record(RingRig(6), PlacesInLab(FourMarkers()), &random);
  ASSERT_EQ(session.points.size(), 4U);
  // The points' order is that of matching: one order of the names is right, all others are not.
  std::vector<std::string> labels = {"corner", "long", "middle", "short"};
  int refused = 0;
  int found = 0;
  do {
    const FloorResult floor =
        FloorFromLFrame(session.rig, FourMarkers(), session.points, labels, {});
    found += floor.status == FloorStatus::kFound ? 1 : 0;
    refused += floor.status == FloorStatus::kImplausible ? 1 : 0;
  } while (std::next_permutation(labels.begin(), labels.end()));
  EXPECT_EQ(found, 1);
  EXPECT_EQ(refused, 23);
}

TEST(FloorFromLFrame, SaysWhatItFoundWhereNoLLies) {
  SceneRandom random(10);
  const Session session =
      Record(RingRig(6), {{0.0, 0.0, 0.0}, {0.3, 0.1, 0.2}, {-0.3, 0.3, 0.9}}, &random);
  const FloorResult floor = FloorFromLFrame(session.rig, FourMarkers(), session.points, {}, {});
  EXPECT_EQ(floor.status, FloorStatus::kNotFound);
  EXPECT_NE(floor.sentence.find("distances stated: 400, 220, 600"), std::string::npos)
      << floor.sentence;
  const FloorResult none = FloorFromLFrame(session.rig, FourMarkers(), {}, {}, {});
  EXPECT_NE(none.sentence.find("only 0 points"), std::string::npos) << none.sentence;
}

TEST(FloorFromLFrame, TurnsAndShiftsTheLabAsAsked) {
  SceneRandom random(10);
  const Session session = Record(RingRig(6), PlacesInLab(FourMarkers()), &random);
  FloorOptions options;
  options.turn = 0.5 * 3.14159265358979;
  options.origin = {1.0, 0.5, 0.0};
  const FloorResult floor =
      FloorFromLFrame(session.rig, FourMarkers(), session.points, {}, options);
  ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
  // What lay at (1, 1) of the L: half a metre along its Y from the origin, which is now X.
  const Eigen::Vector3d x = floor.lab_from_old * (session.old_from_lab * Eigen::Vector3d(1, 1, 0));
  EXPECT_LT((x - Eigen::Vector3d(0.5, 0.0, 0.0)).norm(), 0.005) << x;
  EXPECT_LT((floor.points[0].found - floor.points[0].stated).norm(), 0.002);
}

TEST(FloorFromLFrame, RigCovarianceAddsToTheUncertainty) {
  SceneRandom random(12);
  CameraRig rig = RingRig(6);
  const auto points =
      FindStaticPoints(rig, StillBlock(rig, PlacesInLab(FourMarkers()), 5, kSigma, &random), {});
  const FloorResult without = FloorFromLFrame(rig, FourMarkers(), points, {}, {});
  rig.joint_covariance = 1e-6 * Eigen::MatrixXd::Identity(90, 90);
  const FloorResult with = FloorFromLFrame(rig, FourMarkers(), points, {}, {});
  EXPECT_FALSE(without.has_rig_covariance);
  EXPECT_TRUE(with.has_rig_covariance);
  for (int i = 0; i < 6; ++i) EXPECT_GT(with.covariance(i, i), without.covariance(i, i)) << i;
}

TEST(LFrame, NamesWhatIsWrongInIt) {
  LFrame frame = FourMarkers();
  frame.position[1] = {0.3, 0.0, 0.02};
  try {
    frame.Validate("l.toml");
    FAIL() << "no complaint";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("l.toml: all markers lie on one line"),
              std::string::npos);
  }
  frame = FourMarkers();
  frame.x_arm = 0;
  EXPECT_THROW(frame.Validate("l.toml"), InputError);
  frame = FourMarkers();
  frame.position[0].x() = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(frame.Validate("l.toml"), InputError);
}

TEST(FloorFromThreePoints, MakesTheLabAndRefusesTheWrongOrder) {
  SceneRandom random(14);
  const std::vector<Eigen::Vector3d> markers = {
      {0.0, 0.0, 0.01}, {0.7, 0.0, 0.01}, {0.2, 0.5, 0.01}};
  const Session session = Record(RingRig(5), markers, &random);
  ASSERT_EQ(session.points.size(), 3U);
  std::vector<StaticPoint> ordered;
  for (const Eigen::Vector3d& marker : markers) {
    for (const StaticPoint& point : session.points) {
      if ((point.x_in_lab - session.old_from_lab * marker).norm() < 0.02) ordered.push_back(point);
    }
  }
  ASSERT_EQ(ordered.size(), 3U);
  const FloorResult floor = FloorFromThreePoints(session.rig, ordered, {"O", "X", "Y"}, 0.01, {});
  ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
  const RigidTransform error = ErrorOf(session, floor);
  const Eigen::Vector3d turned = VectorFromRotation(error.rotation);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(std::abs(turned[i]), 5.0 * floor.RotationSd()[i]) << i;
    EXPECT_LT(std::abs(error.translation[i]), 5.0 * floor.OriginSd()[i]) << i;
  }
  std::swap(ordered[1], ordered[2]);
  const FloorResult flipped = FloorFromThreePoints(session.rig, ordered, {"O", "Y", "X"}, 0.01, {});
  EXPECT_EQ(flipped.status, FloorStatus::kImplausible);
  EXPECT_NE(flipped.sentence.find("named in the wrong order"), std::string::npos);
  ordered[2] = ordered[1];
  EXPECT_EQ(FloorFromThreePoints(session.rig, ordered, {"O", "Y", "X"}, 0.01, {}).status,
            FloorStatus::kNotFound);
}

}  // namespace
}  // namespace medius::calibration
