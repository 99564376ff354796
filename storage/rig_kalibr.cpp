#include "storage/rig_kalibr.hpp"

#include <optional>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/rig_parts.hpp"

namespace medius::storage {
namespace {

constexpr std::string_view kTopicEnd = "/image_raw";

// "/front/image_raw" is the camera "front": Kalibr knows a camera by the topic of its images.
std::string NameOf(const YamlTable& camera, const std::string& key) {
  if (!camera.Has("rostopic")) return key;
  std::string topic = camera.Text("rostopic");
  if (topic.size() > kTopicEnd.size() &&
      topic.compare(topic.size() - kTopicEnd.size(), kTopicEnd.size(), kTopicEnd) == 0) {
    topic.resize(topic.size() - kTopicEnd.size());
  }
  if (!topic.empty() && topic.front() == '/') topic.erase(0, 1);
  for (char& c : topic) {
    if (c == '/') c = '_';
  }
  return topic.empty() ? key : topic;
}

CameraModel ReadModel(const YamlTable& camera) {
  const std::string model = camera.Text("camera_model");
  if (model != "pinhole") {
    camera.Fail("camera_model",
                fmt::format("\"{}\" is not known here; pinhole is; calibrate with the models "
                            "pinhole-radtan or pinhole-equi",
                            model));
  }
  const std::vector<double> f = camera.Numbers("intrinsics", 4);
  const std::string kind =
      camera.Has("distortion_model") ? camera.Text("distortion_model") : "none";
  if (kind != "radtan" && kind != "equidistant" && kind != "none") {
    camera.Fail("distortion_model", fmt::format("\"{}\" is not known here; radtan, equidistant and "
                                                "none are",
                                                kind));
  }
  Eigen::Matrix3d K = Eigen::Matrix3d::Identity();
  K(0, 0) = f[0];
  K(1, 1) = f[1];
  K(0, 2) = f[2];
  K(1, 2) = f[3];
  const std::vector<double> distortion =
      kind == "none" ? std::vector<double>{} : camera.Numbers("distortion_coeffs", 4);
  try {
    return ModelFromOpenCv(K, distortion, kind == "equidistant");
  } catch (const InputError& error) {
    camera.Fail("intrinsics", error.what());
  }
}

RigidTransform ReadTransform(const YamlTable& camera, const std::string& key) {
  const Eigen::Matrix4d matrix = camera.Matrix(key, 4, 4);
  if (matrix.row(3) != Eigen::RowVector4d(0, 0, 0, 1)) {
    camera.Fail(key, "the last row must be 0, 0, 0, 1");
  }
  RigidTransform transform = RigidTransform::FromMatrix(matrix);
  try {
    transform.rotation = MeantRotation(transform.rotation);
  } catch (const InputError& error) {
    camera.Fail(key, error.what());
  }
  return transform;
}

// From the lab: through the IMU where it is there, else through the camera before.
RigidTransform ReadPlace(const YamlTable& camera, const CameraRig& before) {
  if (camera.Has("T_cam_imu")) return ReadTransform(camera, "T_cam_imu");
  if (before.cameras.empty()) return {};
  if (!camera.Has("T_cn_cnm1")) {
    camera.Fail("T_cn_cnm1 is missing: how the camera stands to the one before is not known");
  }
  return ReadTransform(camera, "T_cn_cnm1") * before.cameras.back().camera_from_lab;
}

}  // namespace

CameraRig ReadKalibrRig(const YamlTable& document, std::vector<std::string>& warnings) {
  CameraRig rig;
  for (;;) {
    const std::string key = fmt::format("cam{}", rig.cameras.size());
    if (!document.Has(key)) break;
    const YamlTable unnamed(document.Field(key), document.file(), "camera " + key);
    const std::string name = NameOf(unnamed, key);
    const YamlTable camera = unnamed.Named("camera " + name);
    const std::vector<double> size = camera.Numbers("resolution", 2);
    for (const double side : size) {
      if (side < 1.0 || side > 1e6 || side != static_cast<int>(side)) {
        camera.Fail("resolution", "width and height in pixels are expected");
      }
    }
    rig.cameras.push_back(
        {name, static_cast<int>(size[0]), static_cast<int>(size[1]), ReadModel(camera),
         ReadPlace(camera, rig),
         camera.Has("timeshift_cam_imu") ? camera.Number("timeshift_cam_imu") : 0.0, std::nullopt});
  }
  if (!rig.cameras.empty() && !document.Named("").Field("cam0")["T_cam_imu"].IsDefined()) {
    warnings.push_back(fmt::format(
        "a camchain has no lab: the frame of camera {} is taken for it; put it on the floor with "
        "`medius calibrate floor`",
        rig.cameras.front().name));
  }
  return rig;
}

namespace {

std::string MatrixText(const std::string& key, const RigidTransform& transform) {
  std::string text = "  " + key + ":\n";
  const Eigen::Matrix4d matrix = transform.ToMatrix();
  for (int row = 0; row < 4; ++row) text += fmt::format("  - [{}]\n", NumberList(matrix.row(row)));
  return text;
}

std::string FormatCamera(const Camera& camera) {
  const bool is_fisheye = camera.model.kind() == CameraModelKind::kKannalaBrandt4;
  if (!is_fisheye && !NeedsAtMost(camera.model, 4)) {
    throw InputError(fmt::format(
        "rig: camera {} has a k3 or is rational, but Kalibr's radtan is k1 k2 p1 p2 alone; "
        "calibrate without k3 or as kannala_brandt_4, or write opencv, mrcal or anipose",
        camera.name));
  }
  std::vector<double> distortion = DistortionOf(camera.model);
  distortion.resize(4);
  const std::vector<double>& k = camera.model.intrinsics();
  std::string text = "  camera_model: pinhole\n";
  text += fmt::format("  distortion_coeffs: [{}]\n  distortion_model: {}\n", NumberList(distortion),
                      is_fisheye ? "equidistant" : "radtan");
  text += fmt::format("  intrinsics: [{}]\n  resolution: [{}, {}]\n",
                      NumberList({k.begin(), k.begin() + 4}), camera.width, camera.height);
  text += fmt::format("  rostopic: {}\n", YamlText(fmt::format("/{}{}", camera.name, kTopicEnd)));
  if (camera.time_offset != 0.0) {
    text += fmt::format("  timeshift_cam_imu: {}\n", NumberText(camera.time_offset));
  }
  return text;
}

}  // namespace

std::string FormatKalibrRig(const CameraRig& rig, std::vector<std::string>& warnings) {
  WarnOfLosses(rig, "Kalibr's camchain", {true}, warnings);
  std::string text;
  for (std::size_t i = 0; i < rig.cameras.size(); ++i) {
    const RigidTransform& place = rig.cameras[i].camera_from_lab;
    text += fmt::format("cam{}:\n", i) + MatrixText("T_cam_imu", place);
    if (i > 0) {
      text += MatrixText("T_cn_cnm1", place * rig.cameras[i - 1].camera_from_lab.Inverse());
    }
    text += FormatCamera(rig.cameras[i]);
  }
  return text;
}

}  // namespace medius::storage
