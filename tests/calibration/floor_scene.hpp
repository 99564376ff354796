#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"

namespace medius::calibration {

/// A seeded source of numbers that are the same with every standard library.
class SceneRandom {
 public:
  explicit SceneRandom(std::uint64_t seed) : engine_(seed * 6364136223846793005ULL + 1) {}
  double Uniform(double low, double high);
  double Normal(double sigma);
  std::size_t Below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  Eigen::Vector2d Noise(double sigma) { return {Normal(sigma), Normal(sigma)}; }

 private:
  std::mt19937_64 engine_;
};

/// A camera that stands at `centre` and looks at `at`, its image turned by `roll` (radians) from
/// upright; 1920 x 1080, f 1350 px, some distortion.
[[nodiscard]] Camera CameraLookingAt(const Eigen::Vector3d& centre, const Eigen::Vector3d& at,
                                     double roll);

/// Cameras "cam1", ... on a ring about the origin, heights 1.2 to 2.4 m, looking at its middle.
/// Lab frame: X running direction, Z up, origin on the floor.
[[nodiscard]] CameraRig RingRig(std::size_t cameras, double radius = 4.2);

/// Pixels of all points in all cameras that see them, with noise: [cameras][sightings], in the
/// order of the points.
[[nodiscard]] std::vector<std::vector<Eigen::Vector2d>> SightingsOf(
    const CameraRig& rig, const std::vector<Eigen::Vector3d>& x_in_lab, double sigma,
    SceneRandom* random);

/// Some frames of what stands still, sightings in any order, without labels.
[[nodiscard]] ObservationBlock StillBlock(const CameraRig& rig,
                                          const std::vector<Eigen::Vector3d>& x_in_lab,
                                          std::size_t frames, double sigma, SceneRandom* random);

/// 4 to 12 cameras that look at the middle from anywhere above the floor: heights 0.3 to 4 m, all
/// round or from one side, upright, on their side, upside down or held by hand.
[[nodiscard]] CameraRig RandomRig(SceneRandom* random);

/// The frame of a rig that knows no floor: turned and shifted anyhow.
[[nodiscard]] RigidTransform AnyFrame(SceneRandom* random);

/// A rotation of any direction.
[[nodiscard]] Eigen::Matrix3d AnyRotation(SceneRandom* random);

}  // namespace medius::calibration
