#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"

namespace medius::storage {

/// The rig files that Medius knows; docs/import-export.md has the conventions of each.
enum class RigFormat {
  kMedius,    ///< Medius' own TOML
  kAnipose,   ///< TOML of Anipose, Pose2Sim and caliscope
  kQualisys,  ///< .qca.txt of QTM (XML)
  kOpenCv,    ///< YAML of cv::FileStorage
  kMrcal,     ///< .cameramodel, one file a camera
  kVicon,     ///< .xcp (XML); read only
  kKalibr     ///< camchain YAML
};

/// "medius", "anipose", "qualisys", "opencv", "mrcal", "vicon", "kalibr".
[[nodiscard]] std::string_view ToString(RigFormat format);
[[nodiscard]] std::optional<RigFormat> RigFormatFromString(std::string_view text);

/// Where the file's pixel (0, 0) lies. None of the formats says; OpenCV's and Medius' own programs
/// mean the centre of the top-left pixel.
enum class PixelOrigin { kCentre, kCorner };

/// What a file of another program may leave open.
struct RigUnits {
  double metres_per_unit = 1.0;  ///< of translations in Anipose, OpenCV and mrcal files
  PixelOrigin origin = PixelOrigin::kCentre;
  std::optional<ImageSize> image_size;  ///< for OpenCV files that do not say it
};

/// A rig from a file of any known format.
struct ImportedRig {
  CameraRig rig;
  RigFormat format = RigFormat::kMedius;
  std::vector<std::string> warnings;
};

/// Reads a rig; what kind it is in, the content says. The world of the file becomes the lab frame.
///
/// @param paths  one file; or several, or a folder of them, where the format has a file a camera
///               (mrcal, OpenCV) or parts (OpenCV's intrinsics and extrinsics).
/// @throws InputError that names the file, the line, the camera and the field which is missing, of
///         another kind, not finite or no rotation; two cameras of one name; a lens model that
///         Medius does not have; files of several formats.
[[nodiscard]] ImportedRig ImportRig(const std::vector<std::filesystem::path>& paths,
                                    const RigUnits& units);
[[nodiscard]] ImportedRig ImportRig(const std::filesystem::path& path, double metres_per_unit);

/// One file to write.
struct RigText {
  std::string name;  ///< "NAME.cameramodel" where a rig is several files, else empty
  std::string text;
};

/// The text of a rig in a format: one, or one a camera (mrcal). What the format has no place for
/// (covariance, times) is left out and named in `warnings`.
/// @throws InputError where a camera cannot be expressed in the format, with what to do; or
///         ValidateRig.
[[nodiscard]] std::vector<RigText> FormatRigAs(RigFormat format, const CameraRig& rig,
                                               const RigUnits& units,
                                               std::vector<std::string>& warnings);

}  // namespace medius::storage
