#include "storage/rig_exchange.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/input_file.hpp"
#include "storage/rig_anipose.hpp"
#include "storage/rig_format.hpp"
#include "storage/rig_kalibr.hpp"
#include "storage/rig_medius.hpp"
#include "storage/rig_mrcal.hpp"
#include "storage/rig_opencv.hpp"
#include "storage/rig_parts.hpp"
#include "storage/rig_qualisys.hpp"
#include "storage/rig_toml.hpp"
#include "storage/rig_vicon.hpp"
#include "storage/toml_table.hpp"

namespace medius::storage {
namespace {

using Paths = std::vector<std::filesystem::path>;
constexpr std::uint64_t kLargestFile = 64 << 20;

// Half a pixel lies between the corner of the top-left pixel and its centre.
void MoveOrigin(CameraRig& rig, double by) {
  for (Camera& camera : rig.cameras) {
    std::vector<double> k = camera.model.intrinsics();
    k[2] += by;
    k[3] += by;
    camera.model = CameraModel(camera.model.kind(), std::move(k));
  }
}

bool EndsWith(const std::string& name, std::string_view end) {
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

// The files of a folder that may be cameras, in the order of their names.
Paths FilesIn(const std::filesystem::path& folder) {
  Paths files;
  for (const std::string_view ending : {".cameramodel", ".yml", ".yaml"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (EndsWith(entry.path().filename().string(), ending)) files.push_back(entry.path());
    }
    if (!files.empty() && ending != ".yml") break;
  }
  if (files.empty()) {
    throw InputError(
        fmt::format("{}: is a folder without a *.cameramodel, *.yml or *.yaml; name the file of "
                    "the rig, or a folder of mrcal's or OpenCV's",
                    folder.string()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

Paths Expanded(const Paths& paths) {
  Paths files;
  for (const std::filesystem::path& path : paths) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) {
      files.push_back(path);
      continue;
    }
    const Paths inside = FilesIn(path);
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

// All files of one format; several only where the format has them.
RigFormat CommonFormat(const Paths& files) {
  const RigFormat format = FormatOf(files.front());
  for (const std::filesystem::path& file : files) {
    const RigFormat other = FormatOf(file);
    if (other == format) continue;
    throw InputError(fmt::format(
        "{}: is a rig of {}, {} one of {}; convert rigs of one format at a time", file.string(),
        NameOfProgram(other), files.front().string(), NameOfProgram(format)));
  }
  const bool has_parts = format == RigFormat::kMrcal || format == RigFormat::kOpenCv;
  if (files.size() > 1 && !has_parts) {
    throw InputError(fmt::format("{}: a rig of {} is one file; give it alone", files[1].string(),
                                 NameOfProgram(format)));
  }
  return format;
}

CameraRig ReadCameras(RigFormat format, const Paths& files, const RigUnits& units,
                      std::vector<std::string>& warnings) {
  const std::filesystem::path& file = files.front();
  const double scale = units.metres_per_unit;
  const auto yaml = [](const std::filesystem::path& path) {
    return YamlTable(ParseYamlFile(path), path.string(), "");
  };
  switch (format) {
    case RigFormat::kMedius:
      return ReadMediusRig(ParseTomlFile(file), file.string());
    case RigFormat::kAnipose:
      return ReadAniposeRig(ParseTomlFile(file), file.string(), scale, warnings);
    case RigFormat::kQualisys:
      return ReadQualisysRig(XmlFile(file), warnings);
    case RigFormat::kVicon:
      return ReadViconRig(XmlFile(file), warnings);
    case RigFormat::kKalibr:
      return ReadKalibrRig(yaml(file), warnings);
    case RigFormat::kOpenCv: {
      std::vector<YamlTable> documents;
      for (const std::filesystem::path& path : files) documents.push_back(yaml(path));
      return ReadOpenCvRig(documents, scale, units.image_size, warnings);
    }
    case RigFormat::kMrcal: {
      CameraRig rig;
      for (const std::filesystem::path& path : files) {
        rig.cameras.push_back(
            ReadMrcalCamera(InputFile(path).ReadAll(kLargestFile), path.string(), scale));
      }
      return rig;
    }
  }
  MEDIUS_CHECK(false, "a format of rigs");
}

}  // namespace

ImportedRig ImportRig(const std::vector<std::filesystem::path>& paths, const RigUnits& units) {
  MEDIUS_CHECK(!paths.empty(), "a rig has a file");
  const Paths files = Expanded(paths);
  ImportedRig imported;
  imported.format = CommonFormat(files);
  imported.rig = ReadCameras(imported.format, files, units, imported.warnings);
  ValidateRig(imported.rig, paths.front().string());
  if (imported.format == RigFormat::kMedius) return imported;
  if (units.origin == PixelOrigin::kCorner) MoveOrigin(imported.rig, -0.5);
  const bool has_unit = imported.format == RigFormat::kAnipose ||
                        imported.format == RigFormat::kOpenCv ||
                        imported.format == RigFormat::kMrcal;
  // One camera alone may well be the lab itself.
  if (has_unit && (imported.rig.cameras.size() > 1 || imported.format == RigFormat::kAnipose)) {
    WarnOfExtent(imported.rig, units.metres_per_unit, imported.warnings);
  }
  return imported;
}

ImportedRig ImportRig(const std::filesystem::path& path, double metres_per_unit) {
  RigUnits units;
  units.metres_per_unit = metres_per_unit;
  return ImportRig(Paths{path}, units);
}

std::vector<RigText> FormatRigAs(RigFormat format, const CameraRig& rig, const RigUnits& units,
                                 std::vector<std::string>& warnings) {
  ValidateRig(rig, "rig");
  CameraRig theirs = rig;
  if (format != RigFormat::kMedius && units.origin == PixelOrigin::kCorner) MoveOrigin(theirs, 0.5);
  switch (format) {
    case RigFormat::kMedius:
      return {{"", FormatRig(rig)}};
    case RigFormat::kAnipose:
      return {{"", FormatAniposeRig(theirs, units.metres_per_unit, warnings)}};
    case RigFormat::kQualisys:
      return {{"", FormatQualisysRig(theirs, warnings)}};
    case RigFormat::kOpenCv:
      return {{"", FormatOpenCvRig(theirs, units.metres_per_unit, warnings)}};
    case RigFormat::kKalibr:
      return {{"", FormatKalibrRig(theirs, warnings)}};
    case RigFormat::kVicon:
      throw InputError(
          "rig: Vicon's .xcp is read but not written: its distortion goes the other way; write "
          "qualisys, opencv or anipose");
    case RigFormat::kMrcal: {
      WarnOfLosses(rig, "mrcal's .cameramodel", {}, warnings);
      std::vector<RigText> files;
      for (const Camera& camera : theirs.cameras) {
        files.push_back(
            {camera.name + ".cameramodel", FormatMrcalCamera(camera, units.metres_per_unit)});
      }
      return files;
    }
  }
  MEDIUS_CHECK(false, "a format of rigs");
}

}  // namespace medius::storage
