#include "storage/rig_anipose.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/rig_parts.hpp"
#include "storage/toml_table.hpp"

namespace medius::storage {
namespace {

// One camera of the file and the name it goes by where it states none.
struct CameraEntry {
  std::string name;
  const toml::table* table = nullptr;
};

bool IsCamera(const toml::node& node) {
  const toml::table* table = node.as_table();
  return table != nullptr && table->contains("matrix");
}

std::vector<CameraEntry> CamerasOf(const toml::table& document) {
  std::vector<CameraEntry> cameras;
  for (const auto& [key, node] : document) {
    if (IsCamera(node)) cameras.push_back({std::string(key.str()), node.as_table()});
  }
  if (const toml::table* nested = document.get_as<toml::table>("cameras")) {
    for (const auto& [key, node] : *nested) {
      // caliscope numbers its cameras and calls their videos cam_0, cam_1, ...
      if (IsCamera(node)) cameras.push_back({"cam_" + std::string(key.str()), node.as_table()});
    }
  }
  std::stable_sort(cameras.begin(), cameras.end(), [](const CameraEntry& a, const CameraEntry& b) {
    return a.table->source().begin.line < b.table->source().begin.line;
  });
  return cameras;
}

CameraModel ReadModel(const TomlTable& table) {
  const Eigen::Matrix3d K = table.Matrix("matrix", 3, 3);
  const std::vector<double> distortion = table.Numbers("distortions");
  try {
    return ModelFromOpenCv(K, distortion, table.Flag("fisheye", false));
  } catch (const InputError& error) {
    table.Fail(*table.table().get("matrix"), fmt::format("matrix, distortions: {}", error.what()));
  }
}

RigidTransform ReadPlace(const TomlTable& table, double metres_per_unit) {
  RigidTransform camera_from_world;
  if (table.IsMatrix("rotation")) {
    try {
      camera_from_world.rotation = MeantRotation(table.Matrix("rotation", 3, 3));
    } catch (const InputError& error) {
      table.Fail(*table.table().get("rotation"), fmt::format("rotation {}", error.what()));
    }
  } else {
    const std::vector<double> r = table.Numbers("rotation", 3);
    camera_from_world.rotation = RotationFromVector({r[0], r[1], r[2]});
  }
  const std::vector<double> t = table.Numbers("translation", 3);
  camera_from_world.translation = Eigen::Vector3d(t[0], t[1], t[2]) * metres_per_unit;
  return camera_from_world;
}

Camera ReadCamera(const CameraEntry& entry, const std::string& file, double metres_per_unit) {
  const TomlTable unnamed(*entry.table, file, "camera " + entry.name);
  const std::string name = unnamed.Has("name") ? unnamed.Text("name") : entry.name;
  const TomlTable table(*entry.table, file, "camera " + name);
  const std::vector<double> size = table.Numbers("size", 2);
  for (const double side : size) {
    if (side < 1.0 || side > 1e6 || side != std::floor(side)) {
      table.Fail(*entry.table->get("size"), "size: width and height in pixels are expected");
    }
  }
  return {name,
          static_cast<int>(size[0]),
          static_cast<int>(size[1]),
          ReadModel(table),
          ReadPlace(table, metres_per_unit),
          0.0,
          std::nullopt};
}

}  // namespace

bool IsAniposeRig(const toml::table& document) {
  return !CamerasOf(document).empty();
}

CameraRig ReadAniposeRig(const toml::table& document, const std::string& file,
                         double metres_per_unit, std::vector<std::string>& warnings) {
  CameraRig rig;
  for (const CameraEntry& entry : CamerasOf(document)) {
    const TomlTable table(*entry.table, file, "camera " + entry.name);
    if (table.Flag("ignore", false)) {
      warnings.push_back(
          fmt::format("camera {} is marked to be ignored and is left out", entry.name));
      continue;
    }
    if (table.Has("rotation_count") && table.Number("rotation_count") != 0.0) {
      warnings.push_back(
          fmt::format("camera {}: caliscope turned its image by {} quarter turns; the rig is that "
                      "of the image as it was calibrated",
                      entry.name, table.Number("rotation_count")));
    }
    rig.cameras.push_back(ReadCamera(entry, file, metres_per_unit));
  }
  return rig;
}

std::string FormatAniposeRig(const CameraRig& rig, double metres_per_unit,
                             std::vector<std::string>& warnings) {
  WarnOfLosses(rig, "Anipose's format", {}, warnings);
  std::string text;
  for (std::size_t i = 0; i < rig.cameras.size(); ++i) {
    const Camera& camera = rig.cameras[i];
    const std::vector<double>& k = camera.model.intrinsics();
    text += fmt::format("[cam_{}]\nname = {}\nsize = [{}, {}]\n", i, TomlText(camera.name),
                        camera.width, camera.height);
    text += fmt::format("matrix = [[{}, 0.0, {}], [0.0, {}, {}], [0.0, 0.0, 1.0]]\n",
                        TomlNumber(k[0]), TomlNumber(k[2]), TomlNumber(k[1]), TomlNumber(k[3]));
    text += fmt::format("distortions = [{}]\n", NumberList(DistortionOf(camera.model)));
    text += fmt::format("rotation = [{}]\ntranslation = [{}]\nfisheye = {}\n\n",
                        NumberList(VectorFromRotation(camera.camera_from_lab.rotation)),
                        NumberList(camera.camera_from_lab.translation / metres_per_unit),
                        camera.model.kind() == CameraModelKind::kKannalaBrandt4);
  }
  return text + "[metadata]\nadjusted = false\nerror = 0.0\n";
}

}  // namespace medius::storage
