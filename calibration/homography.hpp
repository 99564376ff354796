#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

namespace medius::calibration {

/// A map of a plane to an image.
struct PlaneHomography {
  Eigen::Matrix3d image_from_plane;   ///< scaled so that the last entry is 1
  std::vector<std::uint8_t> is_near;  ///< [N] 1 for points that the map meets
  double median_error = 0.0;          ///< median distance, in units of the image points
  bool valid = false;                 ///< false: fewer than 4 points, on a line, or no agreement
};

/// Fits a homography to N points: normalized linear start, reweighted to the geometric error with
/// Cauchy weights; where that leaves too many points behind, four-point samples first (from a seed
/// that is fixed: the same input gives the same answer).
///
/// @param tolerance  least error that can make a point an outlier, in units of the image points:
///                   room for lens distortion, which bends the plane.
/// Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., sections 4.1, 4.4 and 4.7.
PlaneHomography FitHomography(std::span<const Eigen::Vector2d> plane,
                              std::span<const Eigen::Vector2d> image, double tolerance);

}  // namespace medius::calibration
