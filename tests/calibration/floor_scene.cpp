#include "tests/calibration/floor_scene.hpp"

#include <cmath>
#include <numbers>
#include <string>

#include <Eigen/Geometry>

namespace medius::calibration {

double SceneRandom::Uniform(double low, double high) {
  return low + (high - low) * (static_cast<double>(engine_() >> 11U) * 0x1.0p-53);
}

double SceneRandom::Normal(double sigma) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform(0.0, 1.0)));
  return sigma * radius * std::cos(2.0 * std::numbers::pi * Uniform(0.0, 1.0));
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
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(c) / static_cast<double>(cameras) + 0.2;
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

Eigen::Matrix3d AnyRotation(SceneRandom* random) {
  Eigen::Quaterniond q(random->Normal(1.0), random->Normal(1.0), random->Normal(1.0),
                       random->Normal(1.0));
  return q.normalized().toRotationMatrix();
}

}  // namespace medius::calibration
