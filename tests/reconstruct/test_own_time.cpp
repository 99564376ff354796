#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "reconstruct/own_time.hpp"
#include "reconstruct/reconstruct.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

constexpr std::size_t kFrames = 300;
constexpr std::size_t kMarkers = 6;
constexpr double kRate = 200.0;

// Offsets of up to +-2 ms, no two alike.
CameraRig RigWithOffsets() {
  CameraRig rig = RingOfCameras(8);
  const std::array<double, 8> offsets = {2e-3,   -2e-3, 0.7e-3,  -1.3e-3,
                                         1.6e-3, 0.0,   -0.4e-3, -1.8e-3};
  for (std::size_t c = 0; c < 8; ++c) rig.cameras[c].time_offset = offsets[c];
  return rig;
}

struct Accuracy {
  double rms = 0.0;       // metres, over the points that are there
  double whitened = 0.0;  // mean squared error over covariance
  std::size_t missing = 0;
};

Accuracy Measure(const TrajectoryBlock& block) {
  Accuracy accuracy;
  std::size_t present = 0;
  for (std::size_t k = 0; k < block.frames().count; ++k) {
    for (std::size_t m = 0; m < block.marker_count(); ++m) {
      if (!block.IsPresent(k, MarkerId(m))) {
        ++accuracy.missing;
        continue;
      }
      const double time = static_cast<double>(block.frames().first + k) / kRate;
      const Eigen::Vector3d error = block.Position(k, MarkerId(m)) - RunningMarker(m, time);
      const Eigen::Matrix3d covariance = block.Covariance(k, MarkerId(m));
      accuracy.rms += error.squaredNorm();
      accuracy.whitened += error.dot(covariance.inverse() * error);
      ++present;
    }
  }
  accuracy.rms = std::sqrt(accuracy.rms / static_cast<double>(present));
  accuracy.whitened /= static_cast<double>(present);
  return accuracy;
}

TrajectoryBlock Reconstruct(const CameraRig& rig, const ObservationBlock& seen) {
  Reconstructor reconstructor(rig, TimeBase::Uniform(kRate, kFrames), kMarkers, {});
  TrajectoryBlock all({0, kFrames}, kMarkers);
  const auto add = [&](const TrajectoryBlock& part) {
    for (std::size_t k = 0; k < part.frames().count; ++k) {
      for (std::size_t m = 0; m < kMarkers; ++m) {
        all.Set(part.frames().first + k, MarkerId(m), part.Get(k, MarkerId(m)));
      }
    }
  };
  add(reconstructor.Push(seen, Parallelism(1)));
  add(reconstructor.Finish(Parallelism(1)));
  return all;
}

SceneOptions Scene() {
  SceneOptions options;
  options.frames = kFrames;
  options.markers = kMarkers;
  options.rate_hz = kRate;
  return options;
}

TEST(OwnTime, SightingsOfARunnerAreUsedAtTheirOwnTime) {
  const CameraRig rig = RigWithOffsets();
  const Accuracy synchronized =
      Measure(Reconstruct(RingOfCameras(8), Film(RingOfCameras(8), RunningMarker, Scene())));
  const ObservationBlock seen = Film(rig, RunningMarker, Scene());
  const Accuracy own_time = Measure(Reconstruct(rig, seen));
  const Accuracy ignored = Measure(Reconstruct(RingOfCameras(8), seen));

  EXPECT_EQ(own_time.missing, 0U);
  // The velocity adds its own noise: sigma / (sqrt(2) * 5 ms) * 2 ms at most, a third of sigma.
  EXPECT_LT(own_time.rms, 1.1 * synchronized.rms);
  EXPECT_NEAR(own_time.whitened, 3.0, 0.5);
  // What is gained: points move up to 14 mm between two exposures.
  EXPECT_GT(ignored.rms, 2.0 * own_time.rms);
}

TEST(OwnTime, ACommonOffsetMovesThePointsToTheTimeOfTheFrame) {
  CameraRig rig = RingOfCameras(6);
  for (Camera& camera : rig.cameras) camera.time_offset = 2e-3;
  const Accuracy accuracy = Measure(Reconstruct(rig, Film(rig, RunningMarker, Scene())));
  const Accuracy synchronized =
      Measure(Reconstruct(RingOfCameras(6), Film(RingOfCameras(6), RunningMarker, Scene())));
  // p - v o with v from the neighbours: sqrt(1 + 2 (2 ms / 10 ms)^2), 4 % more noise; the
  // acceleration adds less, and 1 800 points scatter by 1 %.
  EXPECT_LT(accuracy.rms, 1.08 * synchronized.rms);
}

TEST(OwnTime, GapsAndSwappedLabelsDoNotSpoilTheirNeighbours) {
  const CameraRig rig = RigWithOffsets();
  SceneOptions options = Scene();
  options.hidden_share = 0.3;
  options.swapped_share = 0.01;
  const Accuracy accuracy = Measure(Reconstruct(rig, Film(rig, RunningMarker, options)));
  SceneOptions clean = options;
  clean.swapped_share = 0.0;
  const Accuracy synchronized =
      Measure(Reconstruct(RingOfCameras(8), Film(RingOfCameras(8), RunningMarker, clean)));
  EXPECT_LT(accuracy.rms, 1.3 * synchronized.rms);
  EXPECT_LT(accuracy.missing, kFrames * kMarkers / 50);
}

MarkerSample At(const Eigen::Vector3d& position) {
  return {position, Eigen::Matrix3d::Identity(), 0.0, 3, SampleSource::kMeasured};
}

// A marker on a parabola, at five uneven times.
struct Parabola {
  Eigen::Vector3d v{3.0, -1.0, 0.5};
  Eigen::Vector3d a{20.0, 5.0, -9.81};
  std::array<double, 5> time = {-0.009, -0.004, 0.0, 0.007, 0.011};
  std::array<MarkerSample, 5> sample;
  Parabola() {
    for (std::size_t i = 0; i < 5; ++i) sample[i] = At(time[i] * v + 0.5 * time[i] * time[i] * a);
  }
  [[nodiscard]] Neighbourhood Around() const {
    Neighbourhood around;
    for (std::size_t i = 0; i < 5; ++i) around.sample[i] = &sample[i];
    around.time = time;
    return around;
  }
};

TEST(EstimateMotion, IsExactForAParabolaAtUnevenTimes) {
  const Parabola parabola;
  const PointMotion motion = EstimateMotion(parabola.Around(), 2, 5.0);
  EXPECT_LT((motion.velocity - parabola.v).norm(), 1e-10);
  EXPECT_LT((motion.acceleration - parabola.a).norm(), 1e-8);
  EXPECT_EQ(motion.speed_sigma, 0.0);
}

TEST(EstimateMotion, UsesOneSideAtAnEdge) {
  const Parabola parabola;
  Neighbourhood around = parabola.Around();
  around.sample[0] = around.sample[1] = nullptr;
  const PointMotion motion = EstimateMotion(around, 2, 5.0);
  // Half a step late.
  EXPECT_LT((motion.velocity - parabola.v - 0.0035 * parabola.a).norm(), 1e-10);
  EXPECT_EQ(motion.acceleration, Eigen::Vector3d::Zero());
  EXPECT_GT(motion.speed_sigma, 0.0);
}

TEST(EstimateMotion, AdmitsToKnowNothingWithoutNeighboursAndInTheFirstPass) {
  const Parabola parabola;
  EXPECT_EQ(EstimateMotion(parabola.Around(), 0, 5.0).speed_sigma, 5.0);
  const MarkerSample missing = MarkerSample::Missing();
  Neighbourhood around = parabola.Around();
  around.sample[1] = around.sample[3] = &missing;
  const PointMotion alone = EstimateMotion(around, 2, 5.0);
  EXPECT_EQ(alone.velocity, Eigen::Vector3d::Zero());
  EXPECT_EQ(alone.speed_sigma, 5.0);
}

}  // namespace
}  // namespace medius::reconstruct
