#pragma once

#include <string>

#include <toml++/toml.h>

#include "core/camera_rig.hpp"

namespace medius::storage {

/// True where a TOML document is a rig of Medius, or means to be.
[[nodiscard]] bool IsMediusRig(const toml::table& document);

/// See ReadRig.
[[nodiscard]] CameraRig ReadMediusRig(const toml::table& document, const std::string& file);

}  // namespace medius::storage
