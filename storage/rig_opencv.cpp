#include "storage/rig_opencv.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/rig_parts.hpp"

namespace medius::storage {
namespace {

const std::vector<std::string> kMatrixKeys = {"camera_matrix", "Camera_Matrix", "cameraMatrix",
                                              "K"};
const std::vector<std::string> kDistortionKeys = {"distortion_coefficients",
                                                  "Distortion_Coefficients", "distCoeffs", "D"};
const std::vector<std::string> kWidthKeys = {"image_width", "image_Width", "imageWidth"};
const std::vector<std::string> kHeightKeys = {"image_height", "image_Height", "imageHeight"};
const std::vector<std::string> kNameKeys = {"name", "camera_name"};
const std::vector<std::string> kRotationKeys = {"R", "rvec", "rotation_matrix", "rotation_vector"};
const std::vector<std::string> kTranslationKeys = {"T", "t", "tvec", "translation_vector"};

// Where the fields of one camera stand.
struct CameraKeys {
  std::vector<std::string> matrix, distortion, width, height, rotation, translation;
};

// Fields that may stand in any of several files.
class Fields {
 public:
  Fields(std::vector<YamlTable> tables, const std::string& what) {
    for (const YamlTable& table : tables) tables_.push_back(table.Named(what));
  }

  // The table that has one of the keys, and the key; nullptr where none has.
  struct Found {
    const YamlTable* table = nullptr;
    std::string key;
  };
  [[nodiscard]] Found Find(const std::vector<std::string>& keys) const {
    for (const YamlTable& table : tables_) {
      const std::string key = table.FirstOf(keys);
      if (!key.empty()) return {&table, key};
    }
    return {};
  }
  [[nodiscard]] Found Require(const std::vector<std::string>& keys) const {
    Found found = Find(keys);
    if (found.table == nullptr) Fail(fmt::format("{} is missing", keys.front()));
    return found;
  }
  [[noreturn]] void Fail(const std::string& problem) const { tables_.front().Fail(problem); }

 private:
  std::vector<YamlTable> tables_;
};

bool IsFisheye(const Fields& fields) {
  const Fields::Found flag = fields.Find({"fisheye_model", "fisheye"});
  if (flag.table != nullptr) return flag.table->Flag(flag.key, false);
  const Fields::Found model = fields.Find({"distortion_model"});  // of ROS
  if (model.table == nullptr) return false;
  const std::string name = model.table->Text(model.key);
  if (name == "equidistant" || name == "fisheye") return true;
  if (name == "plumb_bob" || name == "rational_polynomial") return false;
  model.table->Fail(model.key, fmt::format("\"{}\" is not known here; plumb_bob, "
                                           "rational_polynomial and equidistant are",
                                           name));
}

CameraModel ReadModel(const Fields& fields, const CameraKeys& keys) {
  const Fields::Found matrix = fields.Require(keys.matrix);
  const Fields::Found distortion = fields.Require(keys.distortion);
  const Eigen::Matrix3d K = matrix.table->Matrix(matrix.key, 3, 3);
  try {
    return ModelFromOpenCv(K, distortion.table->Numbers(distortion.key), IsFisheye(fields));
  } catch (const InputError& error) {
    // What came with its place goes on as it is.
    if (std::string_view(error.what()).rfind(matrix.table->file(), 0) == 0) throw;
    matrix.table->Fail(matrix.key, error.what());
  }
}

ImageSize ReadSize(const Fields& fields, const CameraKeys& keys,
                   const std::optional<ImageSize>& image_size) {
  const Fields::Found width = fields.Find(keys.width);
  const Fields::Found height = fields.Find(keys.height);
  if (width.table != nullptr && height.table != nullptr) {
    return {width.table->Count(width.key), height.table->Count(height.key)};
  }
  if (image_size) return *image_size;
  fields.Fail(fmt::format("{} and {} are missing; give the size with --image-size WxH",
                          keys.width.front(), keys.height.front()));
}

Eigen::Matrix3d ReadRotation(const Fields::Found& found) {
  const std::vector<double> values = found.table->Numbers(found.key);
  if (values.size() == 3) return RotationFromVector({values[0], values[1], values[2]});
  try {
    return MeantRotation(found.table->Matrix(found.key, 3, 3));
  } catch (const InputError& error) {
    if (std::string_view(error.what()).rfind(found.table->file(), 0) == 0) throw;
    found.table->Fail(found.key, error.what());
  }
}

RigidTransform ReadPlace(const Fields& fields, const CameraKeys& keys, double metres_per_unit,
                         bool may_lack) {
  const bool lacks =
      fields.Find(keys.rotation).table == nullptr && fields.Find(keys.translation).table == nullptr;
  if (lacks && may_lack) return {};
  const Fields::Found translation = fields.Require(keys.translation);
  const std::vector<double> t = translation.table->Numbers(translation.key, 3);
  return {ReadRotation(fields.Require(keys.rotation)),
          Eigen::Vector3d(t[0], t[1], t[2]) * metres_per_unit};
}

// How the files of one rig are read.
struct Source {
  double metres_per_unit;
  std::optional<ImageSize> image_size;
};

Camera ReadCamera(const std::string& name, const Fields& fields, const CameraKeys& keys,
                  const Source& source, bool may_lack_place) {
  const ImageSize size = ReadSize(fields, keys, source.image_size);
  return {name,
          size.width,
          size.height,
          ReadModel(fields, keys),
          ReadPlace(fields, keys, source.metres_per_unit, may_lack_place),
          0.0,
          std::nullopt};
}

// OpenCV's stereo sample: the first camera is the lab.
CameraRig ReadPair(const std::vector<YamlTable>& documents, const Source& source) {
  CameraRig rig;
  for (const char* number : {"1", "2"}) {
    const std::string name = std::string("camera_") + number;
    const CameraKeys keys{{std::string("M") + number},
                          {std::string("D") + number},
                          kWidthKeys,
                          kHeightKeys,
                          {"R"},
                          {"T"}};
    Camera camera = ReadCamera(name, Fields(documents, "camera " + name), keys, source, false);
    if (rig.cameras.empty()) camera.camera_from_lab = {};
    rig.cameras.push_back(std::move(camera));
  }
  return rig;
}

// EasyMocap: names, then fields that end in the name.
CameraRig ReadNamed(const std::vector<YamlTable>& documents, const Fields::Found& names,
                    const Source& source) {
  CameraRig rig;
  for (const std::string& name : names.table->Texts(names.key)) {
    const CameraKeys keys{{"K_" + name}, {"dist_" + name, "D_" + name}, {"W_" + name},
                          {"H_" + name}, {"Rot_" + name, "R_" + name},  {"T_" + name}};
    rig.cameras.push_back(
        ReadCamera(name, Fields(documents, "camera " + name), keys, source, false));
  }
  return rig;
}

// "camera_3.yml" is the camera "camera_3".
std::string NameOf(const YamlTable& camera, const std::string& absent) {
  const std::string key = camera.FirstOf(kNameKeys);
  return key.empty() ? absent : camera.Text(key);
}

CameraRig ReadSingles(const std::vector<YamlTable>& documents, const Source& source,
                      std::vector<std::string>& warnings) {
  std::vector<YamlTable> cameras;
  for (const YamlTable& document : documents) {
    const std::string stem = std::filesystem::path(document.file()).stem().string();
    if (!document.Has("cameras")) {
      cameras.push_back(document.Named(NameOf(document, stem)));
      continue;
    }
    const YAML::Node list = document.Field("cameras");
    if (!list.IsSequence()) document.Fail("cameras", "a list is expected");
    for (const YAML::Node& node : list) {
      const YamlTable camera(node, document.file(), "");
      cameras.push_back(camera.Named(NameOf(camera, fmt::format("camera_{}", cameras.size() + 1))));
    }
  }
  CameraRig rig;
  const CameraKeys keys{kMatrixKeys, kDistortionKeys, kWidthKeys,
                        kHeightKeys, kRotationKeys,   kTranslationKeys};
  for (const YamlTable& camera : cameras) {
    const std::string name = camera.what();
    const Fields fields({camera}, "camera " + name);
    rig.cameras.push_back(ReadCamera(name, fields, keys, source, cameras.size() == 1));
    if (cameras.size() == 1 && fields.Find(kTranslationKeys).table == nullptr) {
      warnings.push_back(
          fmt::format("camera {} has no R and T: its own frame is taken for the lab's", name));
    }
  }
  return rig;
}

}  // namespace

bool IsOpenCvRig(const YamlTable& document) {
  return !document.FirstOf(kMatrixKeys).empty() || document.Has("M1") || document.Has("cameras") ||
         document.Has("names") || (document.Has("R") && document.Has("T"));
}

CameraRig ReadOpenCvRig(const std::vector<YamlTable>& documents, double metres_per_unit,
                        const std::optional<ImageSize>& image_size,
                        std::vector<std::string>& warnings) {
  const Source source{metres_per_unit, image_size};
  const Fields all(documents, "");
  if (all.Find({"M1"}).table != nullptr) return ReadPair(documents, source);
  const Fields::Found names = all.Find({"names"});
  if (names.table != nullptr) return ReadNamed(documents, names, source);
  return ReadSingles(documents, source, warnings);
}

namespace {

std::string MatrixText(const char* key, const Eigen::Ref<const Eigen::MatrixXd>& matrix) {
  return fmt::format(
      "      {}: !!opencv-matrix\n         rows: {}\n         cols: {}\n         dt: d\n"
      "         data: [ {} ]\n",
      key, matrix.rows(), matrix.cols(), NumberList(matrix));
}

}  // namespace

std::string FormatOpenCvRig(const CameraRig& rig, double metres_per_unit,
                            std::vector<std::string>& warnings) {
  WarnOfLosses(rig, "OpenCV's YAML", {}, warnings);
  std::string text =
      fmt::format("%YAML:1.0\n---\nnr_of_cameras: {}\ncameras:\n", rig.cameras.size());
  for (const Camera& camera : rig.cameras) {
    const std::vector<double>& k = camera.model.intrinsics();
    Eigen::Matrix3d K = Eigen::Matrix3d::Identity();
    K(0, 0) = k[0];
    K(1, 1) = k[1];
    K(0, 2) = k[2];
    K(1, 2) = k[3];
    const std::vector<double> distortion = DistortionOf(camera.model);
    text += fmt::format("   -\n      name: {}\n      image_width: {}\n      image_height: {}\n",
                        YamlText(camera.name), camera.width, camera.height);
    text += fmt::format("      fisheye_model: {}\n",
                        camera.model.kind() == CameraModelKind::kKannalaBrandt4 ? 1 : 0);
    text += MatrixText("camera_matrix", K);
    text += MatrixText("distortion_coefficients",
                       Eigen::Map<const Eigen::VectorXd>(
                           distortion.data(), static_cast<Eigen::Index>(distortion.size())));
    text += MatrixText("R", camera.camera_from_lab.rotation);
    text += MatrixText("T", camera.camera_from_lab.translation / metres_per_unit);
  }
  return text;
}

}  // namespace medius::storage
