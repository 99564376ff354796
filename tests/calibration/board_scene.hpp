#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "calibration/bundle.hpp"
#include "core/camera_rig.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// A virtual calibration with boards: every number that decides it.
struct BoardSceneOptions {
  enum class Places { kRing, kChain, kRandom };

  std::uint64_t seed = 1;
  Places places = Places::kRing;
  std::size_t cameras = 6;
  double radius = 4.2;  ///< metres, of the ring
  int width = 1920;
  int height = 1080;
  double focal = 1350.0;           ///< pixels, each camera within 2 % of it
  double focal_spread = 0.02;      ///< largest relative difference of a camera from it
  double principal_offset = 18.0;  ///< pixels, largest
  CameraModelKind kind = CameraModelKind::kBrownConrady5;
  bool share_intrinsics = false;  ///< all cameras have those of the first
  std::size_t frames = 600;
  int columns = 10;  ///< corners
  int rows = 7;
  double square = 0.08;         ///< metres
  Eigen::Vector2d bend{0, 0};   ///< metres, true bulge of the board (BoardShape)
  double largest_angle = 1.29;  ///< radians between the board's normal and the way to a camera
  double sigma = 0.3;           ///< pixels; 0 for exact sightings
  double outlier_share = 0.0;   ///< of sightings
  double outlier_least = 10.0;  ///< pixels
  double outlier_most = 50.0;
  bool state_sigma = false;  ///< hand sigma on with the sightings
};

/// A scene and its truth.
struct BoardScene {
  TargetObservations observations;
  CameraRig rig;                                ///< true; lab frame in the middle of the floor
  std::vector<RigidTransform> lab_from_target;  ///< [frames] true
  std::vector<std::vector<std::uint8_t>> is_outlier;  ///< [views][sightings]
};

BoardScene MakeBoardScene(const BoardSceneOptions& options);

/// The truth as the adjustment would hold it, in the frame of the reference camera.
struct SceneTruth {
  BundleData data;
  RigState state;
  std::vector<std::uint8_t> use;  ///< [sightings] 0 for outliers
};
SceneTruth TruthOf(const BoardScene& scene, std::size_t reference_camera = 0);

}  // namespace medius::calibration
