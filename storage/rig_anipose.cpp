#include "storage/rig_anipose.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <Eigen/Geometry>
#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/rig_toml.hpp"
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

CameraModelKind KindOf(const TomlTable& table, std::size_t distortion_count) {
  if (table.Flag("fisheye", false)) return CameraModelKind::kKannalaBrandt4;
  return distortion_count <= 5 ? CameraModelKind::kBrownConrady5 : CameraModelKind::kBrownConrady8;
}

// fx, fy, cx, cy of the 3x3 matrix and the distortion, filled up with zeros to the model's count.
CameraModel ReadModel(const TomlTable& table) {
  const Eigen::Matrix3d K = table.Matrix("matrix", 3, 3);
  const toml::node& matrix_node = *table.table().get("matrix");
  if (K(0, 1) != 0.0 || K(1, 0) != 0.0 || K.row(2) != Eigen::RowVector3d(0, 0, 1)) {
    table.Fail(matrix_node, "matrix must be [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]");
  }
  std::vector<double> distortion = table.Numbers("distortions");
  while (!distortion.empty() && distortion.back() == 0.0) distortion.pop_back();
  const CameraModelKind kind = KindOf(table, distortion.size());
  const auto count = static_cast<std::size_t>(IntrinsicCount(kind)) - 4;
  if (distortion.size() > count) {
    table.Fail(*table.table().get("distortions"),
               fmt::format("distortions has {} values that are not zero; at most {} are known of "
                           "this camera model",
                           distortion.size(), count));
  }
  distortion.resize(count, 0.0);
  std::vector<double> intrinsics = {K(0, 0), K(1, 1), K(0, 2), K(1, 2)};
  intrinsics.insert(intrinsics.end(), distortion.begin(), distortion.end());
  try {
    return CameraModel(kind, std::move(intrinsics));
  } catch (const InputError& error) {
    table.Fail(matrix_node, error.what());
  }
}

// Rodrigues' formula: the vector's direction is the axis, its length the angle.
Eigen::Matrix3d RotationFromVector(const Eigen::Vector3d& vector) {
  const double angle = vector.norm();
  if (angle == 0.0) return Eigen::Matrix3d::Identity();
  return Eigen::AngleAxisd(angle, vector / angle).toRotationMatrix();
}

Eigen::Vector3d VectorFromRotation(const Eigen::Matrix3d& R) {
  const Eigen::AngleAxisd rotation{Eigen::Quaterniond(R)};
  return rotation.angle() * rotation.axis();
}

RigidTransform ReadPlace(const TomlTable& table, double metres_per_unit) {
  RigidTransform camera_from_world;
  if (table.IsMatrix("rotation")) {
    camera_from_world.rotation = table.Matrix("rotation", 3, 3);
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

// Largest distance between two cameras, or of the only one from the origin, metres.
double ExtentOf(const CameraRig& rig) {
  double extent = rig.cameras.size() == 1 ? rig.cameras[0].CentreInLab().norm() : 0.0;
  for (const Camera& a : rig.cameras) {
    for (const Camera& b : rig.cameras) {
      extent = std::max(extent, (a.CentreInLab() - b.CentreInLab()).norm());
    }
  }
  return extent;
}

void WarnOfExtent(const CameraRig& rig, double metres_per_unit,
                  std::vector<std::string>& warnings) {
  constexpr double kSmallest = 0.05;
  constexpr double kLargest = 100.0;
  const double extent = ExtentOf(rig);
  if (extent >= kSmallest && extent <= kLargest) return;
  warnings.push_back(
      fmt::format("the cameras stand {:.3g} m apart with the unit taken as {:g} m, which is "
                  "not the size of "
                  "a lab; if the unit is wrong, give it with --unit mm or m",
                  extent, metres_per_unit));
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
    rig.cameras.push_back(ReadCamera(entry, file, metres_per_unit));
  }
  ValidateRig(rig, file);
  WarnOfExtent(rig, metres_per_unit, warnings);
  return rig;
}

std::string FormatAniposeRig(const CameraRig& rig, double metres_per_unit,
                             std::vector<std::string>& warnings) {
  ValidateRig(rig, "rig");
  std::string text;
  for (std::size_t i = 0; i < rig.cameras.size(); ++i) {
    const Camera& camera = rig.cameras[i];
    const std::vector<double>& k = camera.model.intrinsics();
    std::string distortions;
    for (std::size_t j = 4; j < k.size(); ++j) {
      distortions += (j == 4 ? "" : ", ") + TomlNumber(k[j]);
    }
    const auto three = [](const Eigen::Vector3d& v) {
      return fmt::format("[{}, {}, {}]", TomlNumber(v.x()), TomlNumber(v.y()), TomlNumber(v.z()));
    };
    text += fmt::format("[cam_{}]\nname = {}\nsize = [{}, {}]\n", i, TomlText(camera.name),
                        camera.width, camera.height);
    text += fmt::format("matrix = [[{}, 0.0, {}], [0.0, {}, {}], [0.0, 0.0, 1.0]]\n",
                        TomlNumber(k[0]), TomlNumber(k[2]), TomlNumber(k[1]), TomlNumber(k[3]));
    text += fmt::format("distortions = [{}]\n", distortions);
    text += fmt::format("rotation = {}\ntranslation = {}\nfisheye = {}\n\n",
                        three(VectorFromRotation(camera.camera_from_lab.rotation)),
                        three(camera.camera_from_lab.translation / metres_per_unit),
                        camera.model.kind() == CameraModelKind::kKannalaBrandt4);
    if (camera.time_offset != 0.0) {
      warnings.push_back(fmt::format(
          "camera {}: its time offset of {:g} s is left out; Anipose's format has no place for it",
          camera.name, camera.time_offset));
    }
    if (camera.covariance) {
      warnings.push_back(
          fmt::format("camera {}: its covariance is left out; Anipose's format has no place for it",
                      camera.name));
    }
  }
  return text + "[metadata]\nadjusted = false\nerror = 0.0\n";
}

}  // namespace medius::storage
