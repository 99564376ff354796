#pragma once

#include <string>

#include "core/camera_rig.hpp"

namespace medius::storage {

/// One camera of mrcal: lensmodel, intrinsics, the place (rt_cam_ref, before mrcal 2.5 extrinsics:
/// Rodrigues vector and translation of x_in_camera = R x_in_reference + t), imagersize.
/// @param text  the .cameramodel file. @param file  its path: its stem is the camera's name.
/// @throws InputError that names line, camera and field; for a lens model that Medius does not
///         have, how to convert it.
[[nodiscard]] Camera ReadMrcalCamera(const std::string& text, const std::string& file,
                                     double metres_per_unit);

/// @throws InputError for a fisheye camera, whose model mrcal does not have.
[[nodiscard]] std::string FormatMrcalCamera(const Camera& camera, double metres_per_unit);

}  // namespace medius::storage
