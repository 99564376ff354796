#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "capture/virtual_body.hpp"
#include "capture/virtual_cameras.hpp"
#include "capture/virtual_rig.hpp"
#include "core/parallel.hpp"

namespace medius::capture {
namespace {

CameraEffects NoEffects() {
  return {0.0, 0.0, 0.0, 0.0, 0.0, true};
}

// Markers that stand still (or move along x), with limbs as the test wants them.
class FixedScene : public Scene {
 public:
  FixedScene(std::vector<Eigen::Vector3d> markers, std::vector<Limb> limbs, double speed = 0.0)
      : markers_(std::move(markers)), limbs_(std::move(limbs)), speed_(speed) {
    for (std::size_t m = 0; m < markers_.size(); ++m) labels_.push_back("M" + std::to_string(m));
  }
  [[nodiscard]] const std::vector<std::string>& labels() const override { return labels_; }
  void At(double time, SceneState& state) const override {
    state.markers = markers_;
    for (Eigen::Vector3d& marker : state.markers) marker.x() += speed_ * time;
    state.limbs = limbs_;
  }

 private:
  std::vector<Eigen::Vector3d> markers_;
  std::vector<Limb> limbs_;
  std::vector<std::string> labels_;
  double speed_;
};

std::vector<Eigen::Vector3d> Cloud() {
  std::vector<Eigen::Vector3d> markers;
  for (int i = 0; i < 12; ++i) {
    markers.emplace_back(0.4 * std::cos(i), 0.4 * std::sin(i), 0.5 + 0.08 * i);
  }
  return markers;
}

bool SameRows(const CameraObservations& a, const CameraObservations& b) {
  return a.frame_start == b.frame_start && a.xy == b.xy && a.sigma == b.sigma && a.label == b.label;
}

// Appends one block's rows to another's, as a trial file does.
void Append(ObservationBlock& whole, const ObservationBlock& part) {
  for (std::size_t c = 0; c < whole.cameras.size(); ++c) {
    CameraObservations& to = whole.cameras[c];
    const CameraObservations& from = part.cameras[c];
    const std::uint64_t rows = to.xy.size();
    to.xy.insert(to.xy.end(), from.xy.begin(), from.xy.end());
    to.sigma.insert(to.sigma.end(), from.sigma.begin(), from.sigma.end());
    to.label.insert(to.label.end(), from.label.begin(), from.label.end());
    for (std::size_t f = 1; f < from.frame_start.size(); ++f) {
      to.frame_start.push_back(rows + from.frame_start[f]);
    }
  }
}

TEST(Look, WithoutEffectsGivesTheExactPixelsWithTheirLabels) {
  const FixedScene scene(Cloud(), {});
  const CameraRig rig = BuildRing(RigScenario{}, 1);
  const TimeBase time_base = TimeBase::Uniform(100.0, 3);
  const ObservationBlock seen = Look(scene, rig, time_base, {0, 3}, NoEffects(), 1);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const CameraObservations& camera = seen.cameras[c];
    ASSERT_EQ(camera.row_count(), 36U);
    std::set<std::int16_t> labels;
    for (std::size_t row = 0; row < 12; ++row) {
      labels.insert(camera.label[row]);
      const auto marker = static_cast<std::size_t>(camera.label[row]);
      const Eigen::Vector2d exact = *rig.cameras[c].Project(Cloud()[marker]);
      EXPECT_EQ(camera.xy[row], exact.cast<float>());
    }
    EXPECT_EQ(labels.size(), 12U) << "every label once a frame";
    EXPECT_FALSE(std::is_sorted(camera.label.begin(), camera.label.begin() + 12) &&
                 std::is_sorted(camera.label.begin() + 12, camera.label.begin() + 24))
        << "the order of rows must not betray the labels";
  }
}

TEST(Look, NoiseHasTheStandardDeviationAskedForAndSays) {
  const FixedScene scene(Cloud(), {});
  const CameraRig rig = BuildRing(RigScenario{}, 1);
  constexpr std::size_t kFrames = 400;
  const TimeBase time_base = TimeBase::Uniform(100.0, kFrames);
  CameraEffects effects = NoEffects();
  effects.noise_px = 0.4;
  const ObservationBlock seen = Look(scene, rig, time_base, {0, kFrames}, effects, 3);
  double squares = 0.0, sum = 0.0, count = 0.0;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    for (std::size_t row = 0; row < seen.cameras[c].row_count(); ++row) {
      const auto marker = static_cast<std::size_t>(seen.cameras[c].label[row]);
      const Eigen::Vector2d error =
          seen.cameras[c].xy[row].cast<double>() - *rig.cameras[c].Project(Cloud()[marker]);
      squares += error.squaredNorm();
      sum += error.sum();
      count += 2.0;
      ASSERT_EQ(seen.cameras[c].sigma[row], 0.4F);
    }
  }
  ASSERT_GT(count, 70000.0);
  // Standard error of an sd: sd / sqrt(2 n).
  EXPECT_NEAR(std::sqrt(squares / count), 0.4, 5.0 * 0.4 / std::sqrt(2.0 * count));
  EXPECT_NEAR(sum / count, 0.0, 5.0 * 0.4 / std::sqrt(count));
}

TEST(Look, LosesFramesAndAddsReflectionsAtTheRatesAskedFor) {
  const FixedScene scene(Cloud(), {});
  const CameraRig rig = BuildRing(RigScenario{}, 1);
  constexpr std::size_t kFrames = 3000;
  const TimeBase time_base = TimeBase::Uniform(100.0, kFrames);
  CameraEffects effects = NoEffects();
  effects.drop_rate = 0.05;
  effects.reflections = 0.7;
  const ObservationBlock seen = Look(scene, rig, time_base, {0, kFrames}, effects, 3);
  double dropped = 0.0, reflections = 0.0;
  for (const CameraObservations& camera : seen.cameras) {
    for (std::size_t f = 0; f < kFrames; ++f) {
      dropped += camera.frame_start[f] == camera.frame_start[f + 1] ? 1.0 : 0.0;
    }
    reflections +=
        static_cast<double>(std::count(camera.label.begin(), camera.label.end(), kUnlabelled));
  }
  const double frames = 8.0 * kFrames;
  EXPECT_NEAR(dropped / frames, 0.05, 5.0 * std::sqrt(0.05 * 0.95 / frames));
  EXPECT_NEAR(reflections / (frames - dropped), 0.7, 5.0 * std::sqrt(0.7 / frames));
}

TEST(Look, AMarkerBehindALimbIsHiddenFromTheCamerasBehindItAlone) {
  // A thick wall of a limb along y; the marker stands at +x of it.
  const Limb wall{{0, -0.5, 0.9}, {0, 0.5, 0.9}, 0.3, 0.3};
  const FixedScene scene({{0.5, 0.0, 0.9}}, {wall});
  const CameraRig rig = BuildRing(RigScenario{}, 1);
  const TimeBase time_base = TimeBase::Uniform(100.0, 1);
  const ObservationBlock seen = Look(scene, rig, time_base, {0, 1}, NoEffects(), 1);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const double x = rig.cameras[c].CentreInLab().x();
    if (x > 1.0) {
      EXPECT_EQ(seen.cameras[c].row_count(), 1U) << x;
    }
    if (x < -3.0) {
      EXPECT_EQ(seen.cameras[c].row_count(), 0U) << x;
    }
  }
}

TEST(Look, AMarkerThatIsMissingOrOutOfThePictureIsNotSeen) {
  const double nan = std::nan("");
  const FixedScene scene({{nan, nan, nan}, {0, 0, 9.0}, {0, 0, 1.0}}, {});
  const CameraRig rig = BuildRing(RigScenario{}, 1);
  const TimeBase time_base = TimeBase::Uniform(100.0, 1);
  const ObservationBlock seen = Look(scene, rig, time_base, {0, 1}, NoEffects(), 1);
  for (const CameraObservations& camera : seen.cameras) {
    ASSERT_EQ(camera.row_count(), 1U);
    EXPECT_EQ(camera.label[0], 2);
  }
}

TEST(Look, BlobsThatTouchBecomeOneAtTheirMiddle) {
  const FixedScene scene({{0, 0, 1.0}, {0, 0, 1.004}, {0, 0, 1.2}}, {});
  const CameraRig rig = BuildRing(RigScenario{}, 1);
  const TimeBase time_base = TimeBase::Uniform(100.0, 1);
  CameraEffects effects = NoEffects();
  effects.merge_distance_px = 4.0;
  const ObservationBlock seen = Look(scene, rig, time_base, {0, 1}, effects, 1);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    ASSERT_EQ(seen.cameras[c].row_count(), 2U);
    const std::size_t merged = seen.cameras[c].label[0] == 2 ? 1 : 0;
    const Eigen::Vector2d middle = *rig.cameras[c].Project({0, 0, 1.002});
    EXPECT_NEAR((seen.cameras[c].xy[merged].cast<double>() - middle).norm(), 0.0, 0.01);
  }
}

TEST(Look, ACameraSeesTheWorldAtItsOwnInstant) {
  constexpr double kSpeed = 3.0;
  const FixedScene scene({{-0.2, 0.1, 1.0}}, {}, kSpeed);
  RigScenario ring;
  ring.time_offset_spread = 0.004;
  const CameraRig rig = BuildRing(ring, 1);
  const TimeBase time_base = TimeBase::Uniform(100.0, 5);
  const ObservationBlock seen = Look(scene, rig, time_base, {0, 5}, NoEffects(), 1);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    ASSERT_GT(rig.cameras[c].time_offset, 0.0);
    for (std::size_t f = 0; f < 5; ++f) {
      const double instant = time_base.time[f] + rig.cameras[c].time_offset;
      const Eigen::Vector3d place(-0.2 + kSpeed * instant, 0.1, 1.0);
      EXPECT_EQ(seen.cameras[c].xy[f], rig.cameras[c].Project(place)->cast<float>());
    }
  }
}

TEST(Look, GivesTheSameForAnyChunksAndThreads) {
  const Scenario scenario;
  const VirtualRunner runner(scenario.body, scenario.run, {0, 0}, 7);
  const RunnerScene scene(runner, scenario.body, 7);
  const CameraRig rig = BuildRing(scenario.rig, 7);
  constexpr std::size_t kFrames = 90;
  const TimeBase time_base = TimeBase::Uniform(200.0, kFrames);
  CameraEffects effects = scenario.effects;
  effects.drop_rate = 0.1;
  effects.reflections = 1.0;
  const ObservationBlock whole = Look(scene, rig, time_base, {0, kFrames}, effects, 7);
  for (const int threads : {1, 2, 7}) {
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{13}, std::size_t{64}}) {
      const std::vector<FrameRange> ranges = SplitFrames(kFrames, chunk);
      std::vector<ObservationBlock> parts(ranges.size());
      ParallelFor(Parallelism(threads), ranges.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          parts[i] = Look(scene, rig, time_base, ranges[i], effects, 7);
        }
      });
      ObservationBlock joined = parts[0];
      for (std::size_t i = 1; i < parts.size(); ++i) Append(joined, parts[i]);
      for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
        ASSERT_TRUE(SameRows(joined.cameras[c], whole.cameras[c])) << threads << " " << chunk;
      }
    }
  }
}

TEST(Look, TheRunnerIsSeenByEnoughCamerasToBeReconstructed) {
  const Scenario scenario;
  const VirtualRunner runner(scenario.body, scenario.run, {0, 0}, 7);
  const RunnerScene scene(runner, scenario.body, 7);
  const CameraRig rig = BuildRing(scenario.rig, 7);
  constexpr std::size_t kFrames = 300;
  const TimeBase time_base = TimeBase::Uniform(100.0, kFrames);
  const ObservationBlock seen = Look(scene, rig, time_base, {0, kFrames}, scenario.effects, 7);
  std::map<std::pair<std::size_t, std::int16_t>, int> rays;
  for (const CameraObservations& camera : seen.cameras) {
    for (std::size_t f = 0; f < kFrames; ++f) {
      for (auto row = camera.frame_start[f]; row < camera.frame_start[f + 1]; ++row) {
        if (camera.label[row] != kUnlabelled) ++rays[{f, camera.label[row]}];
      }
    }
  }
  const double markers = static_cast<double>(kFrames * scene.labels().size());
  double two = 0.0, total = 0.0;
  for (const auto& [key, count] : rays) {
    two += count >= 2 ? 1.0 : 0.0;
    total += count;
  }
  EXPECT_GT(two / markers, 0.97);
  // Limbs must hide something: without them nearly all eight cameras see each marker.
  EXPECT_LT(total / markers, 7.0);
  EXPECT_GT(total / markers, 4.0);
}

// The camera's y is the lab's x: the marker is at row 500 + a t with a = 1000 px * 5 m/s / 4 m =
// 1250 px/s, exposed at t = s + o + D s + L (row - 500), so that row = 500 + a (s + o + D s) /
// (1 - a L). With o = 20 ms, D = 0.001 and L = 40 us (a L = 0.05), for s = 0, 0.1 and 0.2 s:
TEST(Look, SeesEachMarkerWhenItsRowIsExposedByTheCamerasOwnClock) {
  const FixedScene scene({{0.0, 0.0, 4.0}}, {}, 5.0);
  RigidTransform camera_from_lab;
  camera_from_lab.rotation << 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0;
  camera_from_lab.translation.setZero();
  const Camera camera{"rolling",
                      1001,
                      1001,
                      CameraModel(CameraModelKind::kBrownConrady5,
                                  {1000.0, 1000.0, 500.0, 500.0, 0.0, 0.0, 0.0, 0.0, 0.0}),
                      camera_from_lab,
                      0.02,
                      std::nullopt,
                      1e-3,
                      4e-5};
  CameraRig rig;
  rig.cameras = {camera};
  const ObservationBlock seen =
      Look(scene, rig, TimeBase::Uniform(10.0, 3), {0, 3}, NoEffects(), 1);
  ASSERT_EQ(seen.cameras[0].xy.size(), 3U);
  const double expected[] = {500.0 + 25.0 / 0.95, 500.0 + 150.125 / 0.95, 500.0 + 275.25 / 0.95};
  constexpr double kFloatPx = 1e-4;
  for (std::size_t frame = 0; frame < 3; ++frame) {
    EXPECT_NEAR(seen.cameras[0].xy[frame].x(), 500.0, kFloatPx);
    EXPECT_NEAR(seen.cameras[0].xy[frame].y(), expected[frame], kFloatPx) << frame;
  }
}

}  // namespace
}  // namespace medius::capture
