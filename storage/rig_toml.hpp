#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/camera_rig.hpp"
#include "core/trial.hpp"

namespace medius::storage {

/// Reads a rig as Medius writes it (format = "medius-rig", see docs/import-export.md).
/// @throws InputError that names the file, the line, the camera and the field which is missing, of
///         another kind, misspelt or not finite; for a rig of another program, how to convert it.
[[nodiscard]] CameraRig ReadRig(const std::filesystem::path& path);

/// What made the rig of a file of Medius, the first stage first (its calibration, its floor, ...);
/// empty where the file does not say. Times of stages are not in it.
/// @throws InputError as ReadRig.
[[nodiscard]] std::vector<StageProvenance> ReadRigProvenance(const std::filesystem::path& path);

/// The text of a rig file; ReadRig gives back the same numbers to the last bit, ReadRigProvenance
/// the stages without their times: the same calibration gives the same bytes.
[[nodiscard]] std::string FormatRig(const CameraRig& rig,
                                    const std::vector<StageProvenance>& provenance = {});

/// Writes it whole or not at all. @throws InputError as AtomicTextFile, or ValidateRig.
void WriteRig(const std::filesystem::path& path, const CameraRig& rig,
              const std::vector<StageProvenance>& provenance = {});

}  // namespace medius::storage
