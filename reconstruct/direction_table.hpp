#pragma once

#include <optional>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"

namespace medius::reconstruct {

/// Directions of a camera's pixels, tabulated once and interpolated: a start for a fit that then
/// works on the pixels themselves, some twenty times faster than solving for each pixel. Off by a
/// fraction of a pixel for any lens that Medius models; where the grid has a gap (the corner of a
/// lens that folds) or the pixel lies outside the image, the exact solution is used.
class DirectionTable {
 public:
  explicit DirectionTable(const Camera& camera);

  /// @param xy  pixel as seen (distorted).
  /// @return unit direction in the lab frame; nullopt where the pixel cannot be undistorted or is
  ///         not finite.
  [[nodiscard]] std::optional<Eigen::Vector3d> InLab(const Eigen::Vector2d& xy) const;

 private:
  [[nodiscard]] std::optional<Eigen::Vector3d> Exact(const Eigen::Vector2d& xy) const;

  CameraModel model_;
  Eigen::Matrix3d lab_from_camera_;
  Eigen::Vector2d cells_per_pixel_;
  std::vector<Eigen::Vector3f> nodes_;  ///< unit directions in the lab, row by row; NaN in a gap
};

}  // namespace medius::reconstruct
