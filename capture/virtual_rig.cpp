#include "capture/virtual_rig.hpp"

#include <cmath>

#include <Eigen/Geometry>
#include <fmt/format.h>

#include "capture/random.hpp"

namespace medius::capture {
namespace {

constexpr double kTwoPi = 6.283185307179586;

// A camera at a place that looks at a target, its image upright.
RigidTransform LookAt(const Eigen::Vector3d& place, const Eigen::Vector3d& target) {
  const Eigen::Vector3d forward = (target - place).normalized();
  const Eigen::Vector3d right = forward.cross(Eigen::Vector3d::UnitZ()).normalized();
  RigidTransform camera_from_lab;
  camera_from_lab.rotation.row(0) = right;
  camera_from_lab.rotation.row(1) = forward.cross(right);  // down
  camera_from_lab.rotation.row(2) = forward;
  camera_from_lab.translation = -(camera_from_lab.rotation * place);
  return camera_from_lab;
}

std::vector<double> Intrinsics(const RigScenario& rig, Random& random) {
  const double focal = rig.focal_length * (1.0 + rig.spread * random.Normal());
  // Pixels are square to a few parts in ten thousand; the axis passes some pixels off the middle.
  std::vector<double> intrinsics = {
      focal, focal * (1.0 + 0.02 * rig.spread * random.Normal()),
      0.5 * (rig.width - 1) + 0.4 * rig.spread * rig.width * random.Normal(),
      0.5 * (rig.height - 1) + 0.4 * rig.spread * rig.height * random.Normal()};
  for (const double k : rig.distortion) {
    intrinsics.push_back(k * (1.0 + 3.0 * rig.spread * random.Normal()));
  }
  return intrinsics;
}

}  // namespace

CameraRig BuildRing(const RigScenario& rig, std::uint64_t seed) {
  CameraRig result;
  const Eigen::Vector3d target(rig.centre.x(), rig.centre.y(), rig.target_height);
  for (int i = 0; i < rig.cameras; ++i) {
    Random random(seed, RandomStream::kCameraBuild, 0, static_cast<std::uint32_t>(i));
    // Half a step off the running direction: no camera stands on the belt's own line. Tripods never
    // stand exactly where the plan puts them.
    const double angle =
        kTwoPi * (i + 0.5) / rig.cameras + 0.3 * rig.spread * kTwoPi * random.Normal();
    const double radius = rig.radius * (1.0 + rig.spread * random.Normal());
    const double height = i % 2 == 0 ? rig.height_low : rig.height_high;
    const Eigen::Vector3d place(rig.centre.x() + radius * std::cos(angle),
                                rig.centre.y() + radius * std::sin(angle), height);
    Camera camera{fmt::format("cam{}", i + 1),
                  rig.width,
                  rig.height,
                  CameraModel(CameraModelKind::kBrownConrady5, Intrinsics(rig, random)),
                  LookAt(place, target),
                  0.0,
                  std::nullopt};
    if (rig.time_offset_spread > 0.0) {
      camera.time_offset = random.Uniform(0.0, rig.time_offset_spread);
    }
    result.cameras.push_back(std::move(camera));
  }
  return result;
}

}  // namespace medius::capture
