#pragma once

#include <filesystem>
#include <string>
#include <vector>

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

enum class RigFormat { kMedius, kAnipose };

/// A rig from a file of any known format.
struct ImportedRig {
  CameraRig rig;
  RigFormat format = RigFormat::kMedius;
  std::vector<std::string> warnings;
};

/// Reads Medius' own rigs and those of Anipose, Pose2Sim and caliscope (TOML), told apart by their
/// content. Both stand for x_in_camera = R x_in_world + t with OpenCV's camera frame, pixels and
/// distortion; the world stays as it is in the file and becomes the lab frame.
///
/// @param metres_per_unit  of the file's translations; Anipose has the board's unit, often mm.
///                         Medius' own are in metres always.
[[nodiscard]] ImportedRig ImportRig(const std::filesystem::path& path, double metres_per_unit);

/// The text of a rig in Anipose's TOML, as Pose2Sim reads it too. What that format has no place for
/// (time offsets, covariances) is left out, and named in `warnings`.
[[nodiscard]] std::string FormatAniposeRig(const CameraRig& rig, double metres_per_unit,
                                           std::vector<std::string>& warnings);

}  // namespace medius::storage
