#pragma once

#include <filesystem>
#include <string>

#include "core/camera_rig.hpp"

namespace medius::storage {

/// Reads a rig as Medius writes it (format = "medius-rig", see docs/import-export.md).
/// @throws InputError that names the file, the line, the camera and the field which is missing, of
///         another kind, misspelt or not finite; for a rig of another program, how to convert it.
[[nodiscard]] CameraRig ReadRig(const std::filesystem::path& path);

/// The text of a rig file; ReadRig gives back the same numbers to the last bit.
[[nodiscard]] std::string FormatRig(const CameraRig& rig);

/// Writes it whole or not at all. @throws InputError as AtomicTextFile, or ValidateRig.
void WriteRig(const std::filesystem::path& path, const CameraRig& rig);

}  // namespace medius::storage
