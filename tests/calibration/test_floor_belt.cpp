#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "calibration/belt_floor.hpp"
#include "calibration/so3.hpp"
#include "core/error.hpp"
#include "tests/calibration/floor_scene.hpp"

namespace medius::calibration {
namespace {

constexpr double kSigma = 0.2;

struct BeltScene {
  double speed = 3.0;   // m/s
  double rate = 100.0;  // Hz
  double seconds = 2.0;
  std::vector<double> lanes = {-0.22, 0.05, 0.23};  // m, where the marks run
  double offset = 0.0;                              // s, largest time offset of a camera
  bool runner = false;                              // things that move otherwise
};

struct BeltRecording {
  CameraRig rig;  // in a frame that knows no floor
  RigidTransform old_from_lab;
  ObservationBlock block;
  std::vector<double> time;
};

// Marks in view at time t: a mark of each lane every 0.7 m of belt, over 1.6 m of deck.
std::vector<Eigen::Vector3d> MarksAt(const BeltScene& scene, double t) {
  std::vector<Eigen::Vector3d> marks;
  constexpr double kSpacing = 0.7;
  for (std::size_t lane = 0; lane < scene.lanes.size(); ++lane) {
    const double start = 0.2 * static_cast<double>(lane) - scene.speed * t;
    for (double x = start - kSpacing * std::floor((start + 0.8) / kSpacing); x < 0.8;
         x += kSpacing) {
      marks.emplace_back(x, scene.lanes[lane], 0.0);
    }
  }
  if (scene.runner) {
    marks.emplace_back(0.4, -0.4, 0.3);  // the frame of the treadmill stands still
    const double swing = 0.3 * std::sin(2.0 * std::numbers::pi * 1.4 * t);
    marks.emplace_back(swing, 0.1, 0.5);
    marks.emplace_back(-swing, -0.1, 0.9);
  }
  return marks;
}

BeltRecording Record(CameraRig true_rig, const BeltScene& scene, SceneRandom* random) {
  BeltRecording recording;
  for (std::size_t c = 0; c < true_rig.cameras.size(); ++c) {
    true_rig.cameras[c].time_offset = scene.offset * (c % 2 == 0 ? 1.0 : -1.0);
  }
  recording.old_from_lab = AnyFrame(random);
  recording.rig = InLabFrame(true_rig, recording.old_from_lab);
  const auto frames = static_cast<std::size_t>(scene.rate * scene.seconds);
  recording.block.frames = {0, frames};
  recording.block.cameras.resize(true_rig.cameras.size());
  for (std::size_t frame = 0; frame < frames; ++frame) {
    recording.time.push_back(static_cast<double>(frame) / scene.rate);
    for (std::size_t c = 0; c < true_rig.cameras.size(); ++c) {
      const Camera& camera = true_rig.cameras[c];
      CameraObservations& seen = recording.block.cameras[c];
      for (const auto& mark : MarksAt(scene, recording.time.back() + camera.time_offset)) {
        const auto xy = camera.Project(mark);
        if (!xy || !camera.IsInImage(*xy)) continue;
        if (random->Below(20) == 0) continue;  // hidden now and then
        seen.xy.push_back((*xy + random->Noise(kSigma)).cast<float>());
      }
      seen.frame_start.push_back(seen.xy.size());
    }
  }
  return recording;
}

FloorResult FloorOf(const BeltRecording& recording, const BeltFloorOptions& options,
                    const BeltTrackOptions& tracking = {}) {
  const auto tracks = FindBeltTracks(recording.rig, recording.block, recording.time, tracking);
  return FloorFromBelt(recording.rig, tracks, options);
}

void ExpectLabOfTheBelt(const BeltRecording& recording, const FloorResult& floor) {
  ASSERT_EQ(floor.status, FloorStatus::kFound) << floor.sentence;
  const RigidTransform error = floor.lab_from_old * recording.old_from_lab;
  const Eigen::Vector3d turned = VectorFromRotation(error.rotation);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(std::abs(turned[i]), 5.0 * floor.RotationSd()[i]) << i;
    EXPECT_LT(std::abs(error.translation[i]), 5.0 * floor.OriginSd()[i]) << i;
    EXPECT_LT(floor.RotationSd()[i], 0.005) << i;
  }
  EXPECT_LT(floor.OriginSd().z(), 0.002);
}

TEST(FloorFromBelt, MakesTheLabOfTheBeltAndItsSpeed) {
  SceneRandom random(1);
  const BeltRecording recording = Record(RingRig(6), {}, &random);
  const FloorResult floor = FloorOf(recording, {});
  ExpectLabOfTheBelt(recording, floor);
  ASSERT_TRUE(floor.belt);
  EXPECT_GE(floor.belt->tracks, 15U);
  EXPECT_NEAR(floor.belt->speed, 3.0, 5.0 * floor.belt->speed_sd);
  EXPECT_LT(floor.belt->speed_sd, 0.01);
  EXPECT_NEAR(floor.belt->extent_across, 0.45, 0.01);
  EXPECT_NEAR(floor.belt->extent_along, 1.6, 0.1);
}

TEST(FloorFromBelt, LeavesOutWhatIsNotTheBelt) {
  SceneRandom random(2);
  BeltScene scene;
  scene.runner = true;
  const BeltRecording recording = Record(RingRig(6), scene, &random);
  ExpectLabOfTheBelt(recording, FloorOf(recording, {}));
}

TEST(FloorFromBelt, RegardsTheTimeOffsetsOfCameras) {
  SceneRandom random(3);
  BeltScene scene;
  scene.offset = 0.001;  // 3 mm of belt, a pixel
  const BeltRecording recording = Record(RingRig(6), scene, &random);
  const FloorResult floor = FloorOf(recording, {});
  ExpectLabOfTheBelt(recording, floor);
  EXPECT_LT(floor.sigma_px, 1.3 * kSigma);
  BeltRecording ignorant = recording;
  for (Camera& camera : ignorant.rig.cameras) camera.time_offset = 0.0;
  EXPECT_GT(FloorOf(ignorant, {}).sigma_px, 2.0 * kSigma);
}

TEST(FloorFromBelt, NeverRunsBackwardsInRandomRigs) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SceneRandom random(seed);
    BeltScene scene;
    scene.seconds = 0.8;
    scene.speed = random.Uniform(1.0, 5.0);
    const BeltRecording recording = Record(RandomRig(&random), scene, &random);
    const FloorResult floor = FloorOf(recording, {});
    if (floor.status == FloorStatus::kNotFound) continue;
    ASSERT_EQ(floor.status, FloorStatus::kFound) << seed << floor.sentence;
    ++found;
    const RigidTransform error = floor.lab_from_old * recording.old_from_lab;
    EXPECT_LT(RotationAngle(error.rotation), 0.03) << seed;
    EXPECT_LT(std::abs(error.translation.z()), 0.01) << seed;
  }
  EXPECT_GE(found, 27);
}

TEST(FloorFromBelt, RefusesOneLineOfMarks) {
  SceneRandom random(4);
  BeltScene scene;
  scene.lanes = {0.1};
  const FloorResult floor = FloorOf(Record(RingRig(6), scene, &random), {});
  EXPECT_EQ(floor.status, FloorStatus::kNotFound);
  EXPECT_NE(floor.sentence.find("run along one line"), std::string::npos) << floor.sentence;
}

TEST(FloorFromBelt, RefusesABeltThatStandsStill) {
  SceneRandom random(5);
  BeltScene scene;
  scene.speed = 0.0;
  const FloorResult floor = FloorOf(Record(RingRig(6), scene, &random), {});
  EXPECT_EQ(floor.status, FloorStatus::kNotFound);
  EXPECT_NE(floor.sentence.find("let it run"), std::string::npos) << floor.sentence;
}

TEST(FloorFromBelt, ChecksTheScaleByAStatedSpeed) {
  SceneRandom random(6);
  const BeltRecording recording = Record(RingRig(6), {}, &random);
  BeltFloorOptions options;
  options.stated_speed = 3.02;
  const FloorResult good = FloorOf(recording, options);
  EXPECT_EQ(good.status, FloorStatus::kFound) << good.sentence;
  EXPECT_TRUE(good.findings.empty());
  options.stated_speed = 2.7;
  const FloorResult bad = FloorOf(recording, options);
  EXPECT_EQ(bad.status, FloorStatus::kImplausible);
  EXPECT_NE(bad.sentence.find("11.1 % too long"), std::string::npos) << bad.sentence;
}

TEST(FloorFromBelt, NamesTheOptionThatIsOutOfRange) {
  BeltTrackOptions options;
  options.least_frames = 2;
  EXPECT_THROW(options.Validate(), InputError);
  BeltFloorOptions floor;
  floor.stated_speed = -1.0;
  EXPECT_THROW(floor.Validate(RingRig(3)), InputError);
}

}  // namespace
}  // namespace medius::calibration
