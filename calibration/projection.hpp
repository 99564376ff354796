#pragma once

#include <Eigen/Core>

#include "core/camera_model.hpp"

namespace medius::calibration {

/// Most intrinsic parameters of any model (Brown-Conrady 8).
inline constexpr int kMaxIntrinsics = 12;

/// A pixel and how it moves with the point and with the intrinsics.
struct PixelDerivatives {
  Eigen::Vector2d xy;                                      ///< pixels
  Eigen::Matrix<double, 2, 3> by_point;                    ///< pixels per metre
  Eigen::Matrix<double, 2, kMaxIntrinsics> by_intrinsics;  ///< columns past the model's are unset
};

/// Projects x_in_camera (metres) with both derivatives, in the order of CameraModelKind.
/// @return false, and nothing written, where a Brown-Conrady point lies less than a micrometre in
///         front of the camera or any point within one of its centre. The range of the distortion
///         is not checked: in a search it moves with the parameters.
bool ProjectWithDerivatives(CameraModelKind kind, const double* intrinsics,
                            const Eigen::Vector3d& x_in_camera, PixelDerivatives* result);

/// The pixel alone. Same cases of false.
bool ProjectPixel(CameraModelKind kind, const double* intrinsics,
                  const Eigen::Vector3d& x_in_camera, Eigen::Vector2d* xy);

}  // namespace medius::calibration
