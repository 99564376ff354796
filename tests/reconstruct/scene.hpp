#pragma once

#include <functional>
#include <random>
#include <vector>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "core/time_base.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {

/// Cameras on a ring of 4.2 m radius, 2.4 m up, that look at a point 1 m above the middle: 1920 x
/// 1080, about 1350 px of focal length (fisheye: 600 px), with the distortion of a real lens.
[[nodiscard]] CameraRig RingOfCameras(int count,
                                      CameraModelKind kind = CameraModelKind::kBrownConrady5);

/// A camera at `place` that looks at `target`, Z up.
[[nodiscard]] Camera CameraAt(const std::string& name, const Eigen::Vector3d& place,
                              const Eigen::Vector3d& target, CameraModelKind kind);

/// What the cameras see of a point, with normal noise; all of them where they can project it.
[[nodiscard]] std::vector<Sighting> Look(const CameraRig& rig, const Eigen::Vector3d& point,
                                         double noise_px, std::mt19937_64& random);

/// A point in the volume where a runner is: 1.6 x 1.2 x 1.8 m round (0, 0, 0.9).
[[nodiscard]] Eigen::Vector3d PointInVolume(std::mt19937_64& random);

/// Where marker m is at a time.
using Motion = std::function<Eigen::Vector3d(std::size_t marker, double time)>;

struct SceneOptions {
  std::size_t frames = 100;
  std::size_t markers = 5;
  double rate_hz = 200.0;
  double noise_px = 0.3;
  double hidden_share = 0.0;   ///< of the sightings
  double swapped_share = 0.0;  ///< of the sightings, that bear the label of the next marker
  std::uint64_t seed = 1;
};

/// A whole trial of labelled sightings, each at the camera's and the row's own time.
[[nodiscard]] ObservationBlock Film(const CameraRig& rig, const Motion& motion,
                                    const SceneOptions& options);

/// Frames [first, first + count) of a block.
[[nodiscard]] ObservationBlock Cut(const ObservationBlock& block, FrameRange frames);

/// The swing of a leg while running: some 7 m/s and 100 m/s^2 at most, no two markers alike.
[[nodiscard]] Eigen::Vector3d RunningMarker(std::size_t marker, double time);

}  // namespace medius::reconstruct
