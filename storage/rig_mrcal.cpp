#include "storage/rig_mrcal.hpp"

#include <cmath>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/python_literal.hpp"
#include "storage/rig_parts.hpp"

namespace medius::storage {
namespace {

constexpr std::string_view kSuffix = ".cameramodel";

// A dictionary of a file with what messages name.
struct Model {
  const PythonValue& value;
  const std::string& file;
  std::string camera;

  [[noreturn]] void Fail(std::size_t line, const std::string& problem) const {
    throw InputError(fmt::format("{}: line {}: camera {}: {}", file, line, camera, problem));
  }
  // The first of the keys that is there.
  [[nodiscard]] const PythonValue& Field(const std::vector<std::string>& keys,
                                         PythonValue::Kind kind, const char* expected) const {
    for (const std::string& key : keys) {
      const auto found = value.fields.find(key);
      if (found == value.fields.end()) continue;
      if (found->second.kind == kind) return found->second;
      Fail(found->second.line, fmt::format("{}: {} is expected", key, expected));
    }
    Fail(value.line, fmt::format("'{}' is missing", keys.front()));
  }
  [[nodiscard]] std::vector<double> Numbers(const std::vector<std::string>& keys,
                                            std::size_t count) const {
    const PythonValue& list = Field(keys, PythonValue::Kind::kList, "a list of numbers");
    std::vector<double> numbers;
    for (const PythonValue& element : list.list) {
      if (element.kind != PythonValue::Kind::kNumber || !std::isfinite(element.number)) {
        Fail(element.line, fmt::format("{}: finite numbers are expected", keys.front()));
      }
      numbers.push_back(element.number);
    }
    if (numbers.size() != count) {
      Fail(list.line,
           fmt::format("{} has {} numbers; {} expected", keys.front(), numbers.size(), count));
    }
    return numbers;
  }
};

// Numbers of intrinsics of the models that Medius has too: all of OpenCV, in its order.
std::size_t CountOf(const Model& model, const PythonValue& lens) {
  constexpr std::pair<const char*, std::size_t> kKnown[] = {{"LENSMODEL_PINHOLE", 4},
                                                            {"LENSMODEL_OPENCV4", 8},
                                                            {"LENSMODEL_OPENCV5", 9},
                                                            {"LENSMODEL_OPENCV8", 12},
                                                            {"LENSMODEL_OPENCV12", 16}};
  for (const auto& [name, count] : kKnown) {
    if (lens.text == name) return count;
  }
  model.Fail(lens.line, fmt::format("lensmodel {} is not known here; convert it with mrcal's own "
                                    "`mrcal-convert-lensmodel FILE LENSMODEL_OPENCV8`",
                                    lens.text));
}

CameraModel ReadModel(const Model& model) {
  const PythonValue& lens = model.Field({"lensmodel", "lens_model", "distortion_model"},
                                        PythonValue::Kind::kText, "a text");
  std::vector<double> k = model.Numbers({"intrinsics"}, CountOf(model, lens));
  Eigen::Matrix3d K = Eigen::Matrix3d::Identity();
  K(0, 0) = k[0];
  K(1, 1) = k[1];
  K(0, 2) = k[2];
  K(1, 2) = k[3];
  k.erase(k.begin(), k.begin() + 4);
  try {
    return ModelFromOpenCv(K, std::move(k), false);
  } catch (const InputError& error) {
    model.Fail(lens.line, fmt::format("intrinsics: {}", error.what()));
  }
}

int Pixels(const Model& model, double side) {
  if (side < 1.0 || side > 1e6 || side != std::floor(side)) {
    model.Fail(model.value.line, "imagersize: width and height in pixels are expected");
  }
  return static_cast<int>(side);
}

std::string NameOf(const std::string& file) {
  std::string name = std::filesystem::path(file).filename().string();
  if (name.size() > kSuffix.size() &&
      name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0) {
    name.resize(name.size() - kSuffix.size());
  }
  return name;
}

}  // namespace

Camera ReadMrcalCamera(const std::string& text, const std::string& file, double metres_per_unit) {
  const PythonValue value = ParsePythonLiteral(text, file);
  const Model model{value, file, NameOf(file)};
  if (value.kind != PythonValue::Kind::kDictionary) {
    model.Fail(value.line, "is no dictionary as mrcal writes it");
  }
  const std::vector<double> size = model.Numbers({"imagersize"}, 2);
  const std::vector<double> rt = model.Numbers({"rt_cam_ref", "extrinsics"}, 6);
  const Eigen::Map<const Eigen::Vector3d> r(rt.data());
  const Eigen::Map<const Eigen::Vector3d> t(rt.data() + 3);
  return {model.camera,
          Pixels(model, size[0]),
          Pixels(model, size[1]),
          ReadModel(model),
          {RotationFromVector(r), t * metres_per_unit},
          0.0,
          std::nullopt};
}

std::string FormatMrcalCamera(const Camera& camera, double metres_per_unit) {
  if (camera.model.kind() == CameraModelKind::kKannalaBrandt4) {
    throw InputError(fmt::format(
        "rig: camera {} is kannala_brandt_4, which mrcal does not have; calibrate it as "
        "brown_conrady_8, or write anipose, opencv or kalibr",
        camera.name));
  }
  const RigidTransform& place = camera.camera_from_lab;
  // "extrinsics" is read by every version; rt_cam_ref, its later name, by those since 2.5 alone.
  return fmt::format(
      "{{\n    'lensmodel':  'LENSMODEL_OPENCV{}',\n\n"
      "    # intrinsics are fx,fy,cx,cy,distortion0,distortion1,....\n"
      "    'intrinsics': [ {}, ],\n\n"
      "    # extrinsics are rt_fromref\n    'extrinsics': [ {}, {}, ],\n\n"
      "    'imagersize': [ {}, {} ]\n}}\n",
      IntrinsicCount(camera.model.kind()) - 4, NumberList(camera.model.intrinsics()),
      NumberList(VectorFromRotation(place.rotation)),
      NumberList(place.translation / metres_per_unit), camera.width, camera.height);
}

}  // namespace medius::storage
