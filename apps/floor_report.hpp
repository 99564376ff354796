#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "calibration/floor.hpp"
#include "core/camera_rig.hpp"

namespace medius::apps {

/// What a lab engineer judges a floor by: its uncertainty, its points, distances found against
/// stated, and where the cameras stand over it.
/// @param rig  on the floor.
[[nodiscard]] std::string FloorText(const CameraRig& rig, const calibration::FloorResult& floor);

/// The same for programs; lengths in mm and angles in degrees where the key says so.
[[nodiscard]] nlohmann::json FloorJson(const CameraRig& rig, const calibration::FloorResult& floor);

}  // namespace medius::apps
