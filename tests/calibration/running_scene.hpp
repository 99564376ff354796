#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"

namespace medius::calibration {

/// Markers that swing about like those of a runner, in the middle of a ring of cameras.
struct RunningSceneOptions {
  std::uint64_t seed = 1;
  std::size_t cameras = 6;
  std::size_t frames = 240;
  std::size_t markers = 14;
  bool labelled = true;
  double sigma = 0.3;            ///< pixels
  double hidden = 0.3;           ///< share of the sightings that limbs hide
  double false_sightings = 0.1;  ///< a camera and frame
};

/// Cameras on a ring of 4 m, 1280 x 1024 px, f about 1300 px, with distortion.
CameraRig RingOf(std::size_t cameras, std::uint64_t seed);

/// What was seen of a run by cameras that stand where `truth` says.
struct RunningScene {
  ObservationBlock seen;
  std::vector<double> time;  ///< [frames]
};
RunningScene RecordRun(const CameraRig& truth, const RunningSceneOptions& options);

/// The rig with one camera turned about its centre (rotation vector, degrees, camera frame) and
/// then shifted (millimetres, lab).
CameraRig WithMove(CameraRig rig, std::size_t camera, const Eigen::Vector3d& turn_deg,
                   const Eigen::Vector3d& shift_mm = Eigen::Vector3d::Zero());

}  // namespace medius::calibration
