#pragma once

#include <array>
#include <optional>

#include <Eigen/Core>

#include "core/camera_model.hpp"
#include "core/observations.hpp"

namespace medius::storage {

/// Vicon's radial distortion: ideal = centre + (seen - centre) (1 + k1 r^2 + k2 r^4 + k3 r^6), r
/// being the distance of the seen point from the centre, with y measured in widths of a pixel.
struct ViconLens {
  double focal_length = 0.0;  ///< px, of x
  double aspect = 1.0;        ///< height of a pixel by its width: fy = focal_length / aspect
  Eigen::Vector2d principal_point = Eigen::Vector2d::Zero();    ///< px
  Eigen::Vector2d distortion_centre = Eigen::Vector2d::Zero();  ///< px
  std::array<double, 3> k = {0.0, 0.0, 0.0};                    ///< px^-2, px^-4, px^-6

  /// Where a pixel would be seen without distortion.
  [[nodiscard]] Eigen::Vector2d Ideal(const Eigen::Vector2d& seen) const;
};

/// A lens in Medius' terms, and how well it stands for the other.
struct FittedLens {
  CameraModel model;
  double rms_px = 0.0;
  double max_px = 0.0;
};

/// The Brown-Conrady model (five coefficients; eight where those leave more than 0.01 px) that
/// projects to the same pixels, by least squares over a grid of the image.
/// @return nullopt where the lens folds back within the image, or none stands for it.
[[nodiscard]] std::optional<FittedLens> FitBrownConrady(const ViconLens& lens,
                                                        const ImageSize& image);

}  // namespace medius::storage
