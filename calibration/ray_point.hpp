#pragma once

#include <optional>
#include <span>

#include <Eigen/Core>

#include "core/camera_rig.hpp"

namespace medius::calibration {

/// A pixel and the calibrated camera that saw it.
struct SeenPixel {
  const Camera* camera = nullptr;
  Eigen::Vector2d xy;  ///< pixels, distorted as seen
};

/// A point of the lab that several cameras saw.
struct RayPoint {
  Eigen::Vector3d x_in_lab;    ///< metres
  Eigen::Matrix3d covariance;  ///< m^2 for sightings of 1 px sigma: (J^T J)^-1
  double rms_px = 0.0;         ///< of the lengths of the residuals
};

/// Unit direction in the lab of what this camera sees at a pixel; nullopt outside its model's
/// range.
[[nodiscard]] std::optional<Eigen::Vector3d> DirectionInLab(const Camera& camera,
                                                            const Eigen::Vector2d& xy);

/// The point that best explains where N >= 2 cameras saw it: nearest to all rays, then Gauss-Newton
/// on pixels of equal weight. Time offsets of the cameras are not regarded.
///
/// @param min_angle  radians; the largest angle between two rays must reach it.
/// @return nullopt for fewer than two rays, a narrow angle, or a point that one of the cameras
///         cannot see (behind it).
/// Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., sections 12.2 and A6.
[[nodiscard]] std::optional<RayPoint> PointFromRays(std::span<const SeenPixel> seen,
                                                    double min_angle);

/// Seen minus predicted pixel; infinite where the camera cannot see the point.
[[nodiscard]] Eigen::Vector2d PixelResidual(const SeenPixel& seen, const Eigen::Vector3d& x_in_lab);

}  // namespace medius::calibration
