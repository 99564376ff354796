#include "tests/calibration/floor_scene.hpp"

#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include <Eigen/Geometry>

namespace medius::calibration {
namespace {

constexpr double kPi = std::numbers::pi;

}  // namespace

double SceneRandom::Uniform(double low, double high) {
  return low + (high - low) * (static_cast<double>(engine_() >> 11U) * 0x1.0p-53);
}

double SceneRandom::Normal(double sigma) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform(0.0, 1.0)));
  return sigma * radius * std::cos(2.0 * kPi * Uniform(0.0, 1.0));
}

Camera CameraLookingAt(const Eigen::Vector3d& centre, const Eigen::Vector3d& at, double roll) {
  const Eigen::Vector3d z = (at - centre).normalized();
  const Eigen::Vector3d x = z.cross(Eigen::Vector3d::UnitZ()).normalized();
  Eigen::Matrix3d upright;
  upright.row(0) = x.transpose();
  upright.row(1) = z.cross(x).transpose();
  upright.row(2) = z.transpose();
  RigidTransform camera_from_lab;
  camera_from_lab.rotation = Eigen::AngleAxisd(roll, Eigen::Vector3d::UnitZ()) * upright;
  camera_from_lab.translation = -(camera_from_lab.rotation * centre);
  const CameraModel model(CameraModelKind::kBrownConrady5,
                          {1350.0, 1345.0, 962.0, 537.0, -0.1, 0.04, 1e-4, -2e-4, 0.0});
  return {"cam", 1920, 1080, model, camera_from_lab, 0.0, std::nullopt};
}

CameraRig RingRig(std::size_t cameras, double radius) {
  CameraRig rig;
  for (std::size_t c = 0; c < cameras; ++c) {
    const double angle = 2.0 * kPi * static_cast<double>(c) / static_cast<double>(cameras) + 0.2;
    const Eigen::Vector3d centre(radius * std::cos(angle), radius * std::sin(angle),
                                 c % 2 == 0 ? 1.2 : 2.4);
    rig.cameras.push_back(CameraLookingAt(centre, {0.0, 0.0, 0.7}, 0.0));
    rig.cameras.back().name = "cam" + std::to_string(c + 1);
  }
  return rig;
}

std::vector<std::vector<Eigen::Vector2d>> SightingsOf(const CameraRig& rig,
                                                      const std::vector<Eigen::Vector3d>& x_in_lab,
                                                      double sigma, SceneRandom* random) {
  std::vector<std::vector<Eigen::Vector2d>> all;
  for (const Camera& camera : rig.cameras) {
    std::vector<Eigen::Vector2d> seen;
    for (const Eigen::Vector3d& x : x_in_lab) {
      const auto xy = camera.Project(x);
      if (xy && camera.IsInImage(*xy)) seen.push_back(*xy + random->Noise(sigma));
    }
    all.push_back(std::move(seen));
  }
  return all;
}

ObservationBlock StillBlock(const CameraRig& rig, const std::vector<Eigen::Vector3d>& x_in_lab,
                            std::size_t frames, double sigma, SceneRandom* random) {
  ObservationBlock block;
  block.frames = {0, frames};
  block.cameras.resize(rig.cameras.size());
  for (std::size_t frame = 0; frame < frames; ++frame) {
    auto xy = SightingsOf(rig, x_in_lab, sigma, random);
    for (std::size_t c = 0; c < xy.size(); ++c) {
      for (std::size_t i = xy[c].size(); i > 1; --i) {
        std::swap(xy[c][i - 1], xy[c][random->Below(i)]);
      }
      for (const Eigen::Vector2d& seen : xy[c]) block.cameras[c].xy.push_back(seen.cast<float>());
      block.cameras[c].frame_start.push_back(block.cameras[c].xy.size());
    }
  }
  return block;
}

CameraRig RandomRig(SceneRandom* random) {
  const std::size_t count = 4 + random->Below(9);
  // Cameras all round, or from one side as in a narrow lab.
  const double arc = random->Below(3) == 0 ? 0.7 * kPi : 2.0 * kPi;
  const double start = random->Uniform(0.0, 2.0 * kPi);
  const double away = random->Uniform(2.0, 6.0);
  CameraRig rig;
  for (std::size_t c = 0; c < count; ++c) {
    const double angle = start + arc * (static_cast<double>(c) + random->Uniform(-0.2, 0.2)) /
                                     static_cast<double>(count);
    const double distance = away * random->Uniform(0.8, 1.2);
    const Eigen::Vector3d centre(distance * std::cos(angle), distance * std::sin(angle),
                                 random->Uniform(0.3, 4.0));
    const Eigen::Vector3d at(random->Uniform(-0.2, 0.2), random->Uniform(-0.2, 0.2),
                             random->Uniform(0.0, 0.4));
    double roll = random->Normal(0.05);
    const std::size_t mount = random->Below(8);
    if (mount == 0) roll += kPi;
    if (mount == 1) roll += 0.5 * kPi;
    if (mount == 2) roll = random->Uniform(-kPi, kPi);
    rig.cameras.push_back(CameraLookingAt(centre, at, roll));
    rig.cameras.back().name = "cam" + std::to_string(c + 1);
  }
  return rig;
}

RigidTransform AnyFrame(SceneRandom* random) {
  return {AnyRotation(random),
          Eigen::Vector3d(random->Normal(2.0), random->Normal(2.0), random->Normal(2.0))};
}

Eigen::Matrix3d AnyRotation(SceneRandom* random) {
  Eigen::Quaterniond q(random->Normal(1.0), random->Normal(1.0), random->Normal(1.0),
                       random->Normal(1.0));
  return q.normalized().toRotationMatrix();
}

}  // namespace medius::calibration
