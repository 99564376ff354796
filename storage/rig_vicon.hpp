#pragma once

#include <string>
#include <vector>

#include "core/camera_rig.hpp"
#include "storage/xml_element.hpp"

namespace medius::storage {

/// A rig from the calibration of Vicon's programs (.xcp). Each <Camera> with a <KeyFrame>:
/// POSITION is the camera's place in mm, ORIENTATION the quaternion (x y z w) of the rotation from
/// the world into a camera frame with x right, y down and z forward; FOCAL_LENGTH and
/// PRINCIPAL_POINT in px; the distortion goes from what is seen to the ideal, see ViconLens.
/// @throws InputError that names line, camera and attribute.
[[nodiscard]] CameraRig ReadViconRig(const XmlFile& file, std::vector<std::string>& warnings);

}  // namespace medius::storage
