#pragma once

#include <string>
#include <vector>

#include "core/camera_rig.hpp"
#include "storage/xml_element.hpp"

namespace medius::storage {

/// A rig from the calibration that Qualisys Track Manager exports (.qca.txt). Lengths in mm; focal
/// lengths and principal point in 1/64 px; <transform> has the camera's place and, row by row, the
/// rotation from the world into a camera frame with x right, y up and z backward; distortion as
/// OpenCV has it, in the order k1 k2 k3, p1 p2.
/// @throws InputError that names line, camera and attribute.
[[nodiscard]] CameraRig ReadQualisysRig(const XmlFile& file, std::vector<std::string>& warnings);

/// @throws InputError for a camera that is no Brown-Conrady of five coefficients.
[[nodiscard]] std::string FormatQualisysRig(const CameraRig& rig,
                                            std::vector<std::string>& warnings);

}  // namespace medius::storage
