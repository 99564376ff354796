#pragma once

#include <string>
#include <vector>

#include <toml++/toml.h>

#include "core/camera_rig.hpp"

namespace medius::storage {

/// True where a TOML document has cameras as Anipose and its relatives write them: tables with a
/// matrix, at the top or under [cameras].
[[nodiscard]] bool IsAniposeRig(const toml::table& document);

/// x_in_camera = R x_in_world + t with OpenCV's camera frame, pixels and distortion. Anipose and
/// Pose2Sim give the rotation as a Rodrigues vector, caliscope as a matrix; both are read. Cameras
/// stand in the order of the file.
[[nodiscard]] CameraRig ReadAniposeRig(const toml::table& document, const std::string& file,
                                       double metres_per_unit, std::vector<std::string>& warnings);

/// The text of a rig in Anipose's TOML, as Pose2Sim reads it too; see FormatRigAs.
[[nodiscard]] std::string FormatAniposeRig(const CameraRig& rig, double metres_per_unit,
                                           std::vector<std::string>& warnings);

}  // namespace medius::storage
