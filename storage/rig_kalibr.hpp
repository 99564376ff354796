#pragma once

#include <string>
#include <vector>

#include "core/camera_rig.hpp"
#include "storage/yaml_table.hpp"

namespace medius::storage {

/// A rig from Kalibr's camchain: cam0, cam1, ... with pinhole intrinsics, distortion radtan,
/// equidistant or none, and T_cn_cnm1 (this camera from the one before, metres). The lab is the
/// frame of cam0, or the IMU's where T_cam_imu is there. timeshift_cam_imu becomes the time offset
/// (t_imu = t_cam + shift).
/// @throws InputError that names line, camera and field.
[[nodiscard]] CameraRig ReadKalibrRig(const YamlTable& document,
                                      std::vector<std::string>& warnings);

/// T_cam_imu holds camera_from_lab: the IMU of Kalibr stands for the lab.
/// @throws InputError for a camera with k3 or the rational model, which Kalibr does not have.
[[nodiscard]] std::string FormatKalibrRig(const CameraRig& rig, std::vector<std::string>& warnings);

}  // namespace medius::storage
