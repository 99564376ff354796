#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "storage/yaml_table.hpp"

namespace medius::storage {

/// True where a YAML document has camera matrices under one of the names that OpenCV's programs
/// use.
[[nodiscard]] bool IsOpenCvRig(const YamlTable& document);

/// A rig from files as cv::FileStorage writes them, in any of these forms:
///   - a camera a file: camera_matrix (cameraMatrix, K), distortion_coefficients (distCoeffs, D),
///     image_width, image_height, fisheye_model; R (matrix or Rodrigues vector) and T, or rvec and
///     tvec (OpenCV's calibration sample; ROS' camera_info)
///   - a list `cameras` of such (as Medius writes it)
///   - a pair: M1, D1, M2, D2, R, T, together or in two files (OpenCV's stereo sample)
///   - names, and K_<name>, dist_<name>, Rot_<name> or R_<name>, T_<name> (EasyMocap's intri.yml
///     and extri.yml)
/// x_in_camera = R x_in_world + T; a single camera without R and T is the lab.
///
/// @param image_size  for files that do not say it.
/// @throws InputError that names file, line, camera and field.
[[nodiscard]] CameraRig ReadOpenCvRig(const std::vector<YamlTable>& documents,
                                      double metres_per_unit,
                                      const std::optional<ImageSize>& image_size,
                                      std::vector<std::string>& warnings);

[[nodiscard]] std::string FormatOpenCvRig(const CameraRig& rig, double metres_per_unit,
                                          std::vector<std::string>& warnings);

}  // namespace medius::storage
