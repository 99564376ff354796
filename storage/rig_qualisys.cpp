#include "storage/rig_qualisys.hpp"

#include <cmath>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/rig_parts.hpp"

namespace medius::storage {
namespace {

constexpr double kSubpixels = 64.0;
constexpr double kMillimetres = 1000.0;

// From Qualisys' camera frame (x right, y up, z backward) to ours (x right, y down, z forward):
// half a turn about x.
Eigen::Matrix3d OursFromTheirs() {
  return Eigen::Vector3d(1.0, -1.0, -1.0).asDiagonal();
}

// The part of the sensor that is in the image, pixels.
struct View {
  double left = 0.0;
  double top = 0.0;
  double width = 0.0;
  double height = 0.0;
};

View ViewOf(const XmlElement& fov) {
  const double left = fov.Number("left");
  const double top = fov.Number("top");
  return {left, top, fov.Number("right") - left + 1.0, fov.Number("bottom") - top + 1.0};
}

// The sensor is given in 1/64 px, from 0 to 64 w - 1 (Pose2Sim writes 64 (w - 1)).
View SensorOf(const XmlElement& intrinsic) {
  constexpr double kLargestSensor = 16384.0;
  const double width = intrinsic.Number("sensorMaxU") - intrinsic.Number("sensorMinU");
  const double height = intrinsic.Number("sensorMaxV") - intrinsic.Number("sensorMinV");
  if (width < kLargestSensor) {
    intrinsic.Fail(fmt::format(
        "sensorMaxU is {}: the sensor is not in 1/64 px as Qualisys has it (Theia's files have "
        "pixels, and another meaning of <transform>); export the calibration from QTM",
        intrinsic.Number("sensorMaxU")));
  }
  return {0.0, 0.0, std::round(width / kSubpixels), std::round(height / kSubpixels)};
}

View ImageOf(const XmlElement& camera) {
  const View sensor = SensorOf(camera.Child("intrinsic"));
  const char* fov = camera.HasChild("fov_video") ? "fov_video" : "fov_marker";
  if (!camera.HasChild(fov)) return sensor;
  const std::string whole = std::string(fov) + "_max";
  const View view = ViewOf(camera.Child(fov));
  const View full = camera.HasChild(whole.c_str()) ? ViewOf(camera.Child(whole.c_str())) : view;
  constexpr double kRounding = 2.0;  // px
  if (std::abs(full.width - sensor.width) > kRounding ||
      std::abs(full.height - sensor.height) > kRounding) {
    camera.Fail(
        fmt::format("{} is {} x {} px but the sensor of its calibration {} x {} px; export the "
                    "calibration at the camera's full resolution",
                    fov, full.width, full.height, sensor.width, sensor.height));
  }
  if (view.width < 1.0 || view.height < 1.0) camera.Fail(fmt::format("{} is empty", fov));
  return view;
}

CameraModel ReadModel(const XmlElement& intrinsic, const View& image) {
  if (intrinsic.Has("skew") && intrinsic.Number("skew") != 0.0) {
    intrinsic.Fail("skew is not 0; a sensor with skewed axes is not known");
  }
  Eigen::Matrix3d K = Eigen::Matrix3d::Identity();
  K(0, 0) = intrinsic.Number("focalLengthU") / kSubpixels;
  K(1, 1) = intrinsic.Number("focalLengthV") / kSubpixels;
  K(0, 2) = intrinsic.Number("centerPointU") / kSubpixels - image.left;
  K(1, 2) = intrinsic.Number("centerPointV") / kSubpixels - image.top;
  // Spelt so by Qualisys.
  const std::vector<double> distortion = {
      intrinsic.Number("radialDistortion1"), intrinsic.Number("radialDistortion2"),
      intrinsic.Number("tangentalDistortion1"), intrinsic.Number("tangentalDistortion2"),
      intrinsic.Has("radialDistortion3") ? intrinsic.Number("radialDistortion3") : 0.0};
  try {
    return ModelFromOpenCv(K, distortion, false);
  } catch (const InputError& error) {
    intrinsic.Fail(error.what());
  }
}

RigidTransform ReadPlace(const XmlElement& transform) {
  Eigen::Matrix3d R;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      R(row, column) = transform.Number(fmt::format("r{}{}", row + 1, column + 1).c_str());
    }
  }
  try {
    R = OursFromTheirs() * MeantRotation(R);
  } catch (const InputError& error) {
    transform.Fail(fmt::format("r11 to r33 {}", error.what()));
  }
  const Eigen::Vector3d centre =
      Eigen::Vector3d(transform.Number("x"), transform.Number("y"), transform.Number("z")) /
      kMillimetres;
  return {R, -(R * centre)};
}

void WarnOfView(const XmlElement& element, const std::string& name,
                std::vector<std::string>& warnings) {
  if (element.Has("viewrotation") && element.Number("viewrotation") != 0.0) {
    warnings.push_back(
        fmt::format("camera {}: QTM shows its image turned by {} degrees; the rig is that of the "
                    "image as the sensor has it",
                    name, element.Text("viewrotation")));
  }
  if (element.Has("active") && element.Text("active") == "0") {
    warnings.push_back(fmt::format("camera {} was not active when it was calibrated", name));
  }
}

}  // namespace

CameraRig ReadQualisysRig(const XmlFile& file, std::vector<std::string>& warnings) {
  const XmlElement root(file, file.root(), "");
  CameraRig rig;
  for (const pugi::xml_node node : root.Child("cameras").node().children("camera")) {
    const std::string number = fmt::format("camera {}", rig.cameras.size() + 1);
    const std::string name = XmlElement(file, node, number).Text("serial");
    const XmlElement element(file, node, "camera " + name);
    const View image = ImageOf(element);
    WarnOfView(element, name, warnings);
    rig.cameras.push_back({name, static_cast<int>(image.width), static_cast<int>(image.height),
                           ReadModel(element.Child("intrinsic"), image),
                           ReadPlace(element.Child("transform")), 0.0, std::nullopt});
  }
  return rig;
}

namespace {

std::string FormatCamera(const Camera& camera) {
  if (!NeedsAtMost(camera.model, 5)) {
    throw InputError(fmt::format(
        "rig: camera {} is {}, but Qualisys has radial distortion of three coefficients and "
        "tangential of two alone; calibrate it as brown_conrady_5, or write anipose or opencv",
        camera.name, ToString(camera.model.kind())));
  }
  const auto number = [](double value) { return NumberText(value); };
  const std::vector<double>& k = camera.model.intrinsics();
  const Eigen::Matrix3d R = OursFromTheirs() * camera.camera_from_lab.rotation;
  const Eigen::Vector3d centre = camera.CentreInLab() * kMillimetres;
  std::string text = fmt::format(
      "        <camera active=\"1\" calibrated=\"true\" message=\"\" point-count=\"0\" "
      "avg-residual=\"0.000000\" serial=\"{}\" model=\"none\" viewrotation=\"0\">\n",
      XmlText(camera.name));
  for (const char* fov : {"fov_marker", "fov_marker_max", "fov_video", "fov_video_max"}) {
    text += fmt::format("            <{} left=\"0\" top=\"0\" right=\"{}\" bottom=\"{}\"/>\n", fov,
                        camera.width - 1, camera.height - 1);
  }
  text += fmt::format("            <transform x=\"{}\" y=\"{}\" z=\"{}\"", number(centre.x()),
                      number(centre.y()), number(centre.z()));
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      text += fmt::format(" r{}{}=\"{}\"", row + 1, column + 1, number(R(row, column)));
    }
  }
  // The focal length in mm is that of pixels of 1/64 mm: QTM shows it, nothing is computed from it.
  text += fmt::format(
      "/>\n            <intrinsic focallength=\"{}\" sensorMinU=\"0.000000\" sensorMaxU=\"{}\" "
      "sensorMinV=\"0.000000\" sensorMaxV=\"{}\" focalLengthU=\"{}\" focalLengthV=\"{}\" "
      "centerPointU=\"{}\" centerPointV=\"{}\" skew=\"0.000000\" radialDistortion1=\"{}\" "
      "radialDistortion2=\"{}\" radialDistortion3=\"{}\" tangentalDistortion1=\"{}\" "
      "tangentalDistortion2=\"{}\"/>\n        </camera>\n",
      number(k[0] / kSubpixels), number(camera.width * kSubpixels - 1.0),
      number(camera.height * kSubpixels - 1.0), number(k[0] * kSubpixels),
      number(k[1] * kSubpixels), number(k[2] * kSubpixels), number(k[3] * kSubpixels), number(k[4]),
      number(k[5]), number(k[8]), number(k[6]), number(k[7]));
  return text;
}

}  // namespace

std::string FormatQualisysRig(const CameraRig& rig, std::vector<std::string>& warnings) {
  WarnOfLosses(rig, "Qualisys' format", {}, warnings);
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<calibration calibrated=\"true\" source=\"Medius\" created=\"\" qtm-version=\"none\" "
      "type=\"regular\">\n    <results std-dev=\"0.000000\" min-max-diff=\"0.000000\"/>\n"
      "    <cameras>\n";
  for (const Camera& camera : rig.cameras) text += FormatCamera(camera);
  return text + "    </cameras>\n</calibration>\n";
}

}  // namespace medius::storage
