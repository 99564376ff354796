#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "calibration/bundle.hpp"
#include "core/rigid_transform.hpp"

namespace medius::calibration {

/// A wand whose place is known, in the image of a camera whose place is not, in each way that the
/// camera's labellings allow.
struct ResectionFrame {
  std::vector<Eigen::Vector3d> x_in_lab;                 ///< [markers] metres
  std::vector<std::vector<Eigen::Vector2d>> labellings;  ///< [labellings][markers] pixels as seen
};

/// What is known of the camera.
struct ResectionCamera {
  CameraModelKind kind = CameraModelKind::kBrownConrady5;
  int width = 0;
  int height = 0;
  std::optional<Intrinsics> intrinsics;  ///< known, to be kept
  std::optional<double> focal_guess;     ///< pixels
};

/// Where a camera stands, and its focal length and first distortion term where they were unknown.
struct Resection {
  Intrinsics intrinsics{};
  RigidTransform camera_from_lab;
  std::size_t inliers = 0;  ///< frames that agree
  double median_px = 0.0;   ///< of their points
  bool mirrored = false;    ///< the image fits only if it is mirrored; then nothing else is filled
};

/// Places a camera by its sightings of known points: a linear solution in a consensus search over
/// frames and their labellings, then focal length, first distortion term and place with Cauchy's
/// loss on all that agree.
/// @return nullopt where fewer than 8 frames, or fewer than a third, agree.
/// Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., section 7.1.
std::optional<Resection> ResectCamera(const ResectionCamera& camera,
                                      const std::vector<ResectionFrame>& frames,
                                      std::uint64_t seed);

}  // namespace medius::calibration
