#include "tests/calibration/running_scene.hpp"

#include <cmath>
#include <optional>
#include <random>
#include <string>

#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kRadius = 4.0;   // metres
constexpr double kStride = 0.71;  // seconds
constexpr double kRate = 40.0;    // frames looked at a second

// A place about which a marker swings, how far and when.
struct Swing {
  Eigen::Vector3d middle;
  Eigen::Vector3d way;
  double phase;

  [[nodiscard]] Eigen::Vector3d At(double time) const {
    const double angle = 2.0 * kPi * time / kStride + phase;
    const double wander = 0.02 * std::sin(0.4 * time + phase);
    return middle + std::sin(angle) * way + Eigen::Vector3d(wander, 0.0, 0.02 * std::cos(angle));
  }
};

std::vector<Swing> MakeSwings(std::size_t markers, std::mt19937_64* random) {
  std::uniform_real_distribution<double> unit(-1.0, 1.0);
  std::vector<Swing> swings;
  for (std::size_t m = 0; m < markers; ++m) {
    const double height = 1.7 * (static_cast<double>(m) + 0.5) / static_cast<double>(markers);
    const Eigen::Vector3d middle(0.15 * unit(*random), 0.25 * unit(*random), height);
    const Eigen::Vector3d way((1.3 - 0.6 * height) * 0.35, 0.03 * unit(*random), 0.05);
    swings.push_back({middle, way, kPi * unit(*random)});
  }
  return swings;
}

void Add(const Eigen::Vector2d& xy, int label, const RunningSceneOptions& options,
         CameraObservations* seen) {
  seen->xy.push_back(xy.cast<float>());
  seen->sigma.push_back(static_cast<float>(options.sigma));
  if (options.labelled) seen->label.push_back(static_cast<std::int16_t>(label));
}

// One frame of one camera.
void Look(const Camera& camera, const std::vector<Swing>& swings, double time,
          const RunningSceneOptions& options, std::mt19937_64* random, CameraObservations* seen) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  std::normal_distribution<double> noise(0.0, options.sigma);
  for (std::size_t m = 0; m < swings.size(); ++m) {
    const auto xy = camera.Project(swings[m].At(time + camera.time_offset));
    if (!xy || !camera.IsInImage(*xy) || unit(*random) < options.hidden) continue;
    Add(*xy + Eigen::Vector2d(noise(*random), noise(*random)), static_cast<int>(m), options, seen);
  }
  if (unit(*random) < options.false_sightings) {
    Add({camera.width * unit(*random), camera.height * unit(*random)}, kUnlabelled, options, seen);
  }
  seen->frame_start.push_back(seen->xy.size());
}

}  // namespace

CameraRig RingOf(std::size_t cameras, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(-1.0, 1.0);
  CameraRig rig;
  for (std::size_t c = 0; c < cameras; ++c) {
    const double angle = 2.0 * kPi * static_cast<double>(c) / static_cast<double>(cameras);
    const Eigen::Vector3d centre(kRadius * std::cos(angle), kRadius * std::sin(angle),
                                 c % 2 == 0 ? 1.1 : 2.3);
    Eigen::Matrix3d R;
    R.row(2) = (Eigen::Vector3d(0.0, 0.0, 0.9) - centre).normalized().transpose();
    R.row(0) = R.row(2).cross(Eigen::RowVector3d(0.0, 0.0, 1.0)).normalized();
    R.row(1) = R.row(2).cross(R.row(0));
    const double f = 1300.0 * (1.0 + 0.01 * unit(random));
    const CameraModel model(CameraModelKind::kBrownConrady5,
                            {f, f, 640.0 + 8.0 * unit(random), 512.0 + 8.0 * unit(random), -0.1,
                             0.05, 4e-4, -3e-4, 0.0});
    rig.cameras.push_back({.name = "cam" + std::to_string(c + 1),
                           .width = 1280,
                           .height = 1024,
                           .model = model,
                           .camera_from_lab = {R, -R * centre},
                           .covariance = std::nullopt});
  }
  return rig;
}

RunningScene RecordRun(const CameraRig& truth, const RunningSceneOptions& options) {
  std::mt19937_64 random(1000 + options.seed);
  const std::vector<Swing> swings = MakeSwings(options.markers, &random);
  RunningScene scene;
  scene.seen.frames = {0, options.frames};
  scene.seen.cameras.resize(truth.cameras.size());
  for (std::size_t f = 0; f < options.frames; ++f) {
    scene.time.push_back(static_cast<double>(f) / kRate);
    for (std::size_t c = 0; c < truth.cameras.size(); ++c) {
      Look(truth.cameras[c], swings, scene.time.back(), options, &random, &scene.seen.cameras[c]);
    }
  }
  return scene;
}

CameraRig WithMove(CameraRig rig, std::size_t camera, const Eigen::Vector3d& turn_deg,
                   const Eigen::Vector3d& shift_mm) {
  const Eigen::Vector3d centre = rig.cameras[camera].CentreInLab() + 1e-3 * shift_mm;
  RigidTransform& pose = rig.cameras[camera].camera_from_lab;
  pose.rotation = RotationFromVector(kPi / 180.0 * turn_deg) * pose.rotation;
  pose.translation = -pose.rotation * centre;
  return rig;
}

}  // namespace medius::calibration
