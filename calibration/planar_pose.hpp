#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "calibration/target_pose.hpp"
#include "core/rigid_transform.hpp"

namespace medius::calibration {

/// The two poses of a plane whose homography to normalized image coordinates is given; both fit an
/// affine view equally well, and a weakly perspective one nearly so.
///
/// @param image_from_plane  maps (x, y) of the plane z = 0 to (X/Z, Y/Z) of the camera frame, up to
///                          scale.
/// @param origin            point of the plane about which to expand: the middle of the points.
/// @return camera_from_plane of both; nullopt where the homography is singular there or the plane
///         lies behind the camera.
/// Source: Collins & Bartoli, Infinitesimal plane-based pose estimation, IJCV 2014, section 4.
std::optional<std::array<RigidTransform, 2>> PosesFromHomography(
    const Eigen::Matrix3d& image_from_plane, const Eigen::Vector2d& origin);

/// A pose that a single view allows.
struct PoseCandidate {
  RigidTransform camera_from_target;
  double median_error = 0.0;  ///< standardized residual
};

/// The poses that one view of a flat target (z = 0) allows, the better first: both solutions of the
/// plane, refined on the distorted pixels. The second is left out where it fits three times worse
/// or where the two are one.
/// @return empty where there are fewer than 4 points, all on a line, or no agreement.
std::vector<PoseCandidate> PlanarPoseCandidates(CameraModelKind kind, const double* intrinsics,
                                                std::span<const Sighting> sightings);

}  // namespace medius::calibration
