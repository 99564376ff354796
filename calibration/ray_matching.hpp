#pragma once

#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/ids.hpp"

namespace medius::calibration {

/// How sightings without labels are told to be of one point.
struct RayMatchOptions {
  /// Pixels by which a sighting may be off where the others say its point is: some times the noise
  /// of the sightings and the error of the rig.
  double gate_px = 3.0;
  /// Cameras that must see a point. Two rays meet by chance as soon as two points of one camera lie
  /// near one epipolar line: three are rarely wrong.
  int min_rays = 3;
  double min_angle = 0.035;  ///< radians (2 degrees), of the widest pair of rays of a point

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// One sighting of one camera.
struct SightingId {
  CameraId camera;
  std::size_t sighting = 0;  ///< index in the camera's pixels
  friend bool operator==(const SightingId&, const SightingId&) = default;
};

/// A point found by matching.
struct MatchedPoint {
  Eigen::Vector3d x_in_lab;           ///< metres
  Eigen::Matrix3d covariance;         ///< m^2 for sightings of 1 px sigma
  double rms_px = 0.0;                ///< of the lengths of the residuals
  std::vector<SightingId> sightings;  ///< by ascending camera, one of each
  /// Another point with at least as many rays, and at most twice its residual, wanted one of its
  /// sightings.
  bool ambiguous = false;
};

/// Finds the points of one instant that explain sightings without labels, the cameras being known.
///
/// Sightings of each pair of cameras that lie on one epipolar plane (sorted by its angle) start a
/// point; every other camera adds its nearest sighting; the point is fitted to the pixels, and what
/// stays outside the gate is dropped. Points with the most rays, then the least residual, are taken
/// first; a sighting serves one point. Time offsets of the cameras are not regarded.
///
/// @param xy  [cameras of the rig][sightings] pixels, distorted as seen.
/// @return the points, most rays first; the same for the same input, no randomness.
/// @throws InputError where options are out of range.
/// Source: epipolar planes, Hartley & Zisserman, Multiple View Geometry, 2nd ed., section 9.1.
[[nodiscard]] std::vector<MatchedPoint> MatchSightings(
    const CameraRig& rig, const std::vector<std::vector<Eigen::Vector2d>>& xy,
    const RayMatchOptions& options);

}  // namespace medius::calibration
