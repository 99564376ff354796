#include "storage/rig_vicon.hpp"

#include <cmath>

#include <Eigen/Geometry>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "storage/rig_parts.hpp"
#include "storage/vicon_lens.hpp"

namespace medius::storage {
namespace {

constexpr double kMillimetres = 1000.0;
constexpr std::string_view kRadial2 = "ViconRadial2";

// Size of the distortion at the farthest corner of the image for coefficients of this scale.
double EffectAtCorner(const std::vector<double>& k, double r2) {
  return std::abs(k[0]) * r2 + std::abs(k[1]) * r2 * r2 + std::abs(k[2]) * r2 * r2 * r2;
}

// Coefficients of VICON_RADIAL are those of pixels. Those of VICON_RADIAL2 may be of pixels or of
// focal lengths; what they do in the corner of the image tells: in pixels, coefficients of focal
// lengths would move it by thousands of images.
void SetCoefficients(std::vector<double> k, const ImageSize& image, ViconLens& lens) {
  constexpr double kLargestEffect = 1.0;
  k.resize(3, 0.0);
  const double corner2 =
      0.25 * (std::pow(image.width, 2) + std::pow(image.height * lens.aspect, 2));
  const bool is_of_pixels = EffectAtCorner(k, corner2) < kLargestEffect;
  const double f2 = is_of_pixels ? 1.0 : lens.focal_length * lens.focal_length;
  lens.k = {k[0] / f2, k[1] / (f2 * f2), k[2] / (f2 * f2 * f2)};
}

// "ViconRadial2 cx cy k1 k2 k3": the centre of the distortion in px, then the coefficients.
void ReadRadial2(const XmlElement& keyframe, const ImageSize& image, ViconLens& lens) {
  const std::string text = keyframe.Text("VICON_RADIAL2");
  const std::size_t begin = text.rfind(kRadial2, 0) == 0 ? kRadial2.size() : 0;
  std::vector<double> values;
  std::size_t at = begin;
  while ((at = text.find_first_not_of(" \t", at)) != std::string::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    const auto number = ParseNumber(std::string_view(text).substr(at, end - at));
    if (!number || !std::isfinite(*number)) {
      keyframe.Fail(
          fmt::format("VICON_RADIAL2: \"{}\" is not a finite number", text.substr(at, end - at)));
    }
    values.push_back(*number);
    at = end;
  }
  if (values.size() < 4 || values.size() > 5) {
    keyframe.Fail(fmt::format(
        "VICON_RADIAL2 has {} numbers; two of a centre and two or three of distortion expected",
        values.size()));
  }
  // Some versions leave the centre at 0: it is the principal point then.
  const Eigen::Vector2d centre(values[0], values[1]);
  if (centre.minCoeff() > 1.0) lens.distortion_centre = centre;
  SetCoefficients({values.begin() + 2, values.end()}, image, lens);
}

ViconLens ReadLens(const XmlElement& camera, const XmlElement& keyframe, const ImageSize& image) {
  ViconLens lens;
  lens.focal_length = keyframe.Number("FOCAL_LENGTH");
  lens.aspect = camera.Has("PIXEL_ASPECT_RATIO") ? camera.Number("PIXEL_ASPECT_RATIO") : 1.0;
  if (lens.focal_length <= 0.0) keyframe.Fail("FOCAL_LENGTH must be above 0");
  if (lens.aspect <= 0.0) camera.Fail("PIXEL_ASPECT_RATIO must be above 0");
  if (camera.Has("SKEW") && camera.Number("SKEW") != 0.0) {
    camera.Fail("SKEW is not 0; a sensor with skewed axes is not known");
  }
  const std::vector<double> point = keyframe.Numbers("PRINCIPAL_POINT", 2);
  lens.principal_point = {point[0], point[1]};
  lens.distortion_centre = lens.principal_point;
  if (keyframe.Has("VICON_RADIAL2")) {
    ReadRadial2(keyframe, image, lens);
  } else if (keyframe.Has("VICON_RADIAL")) {
    const std::vector<double> k = keyframe.Numbers("VICON_RADIAL", 2);
    lens.k = {k[0], k[1], 0.0};
  }
  return lens;
}

CameraModel ReadModel(const XmlElement& camera, const XmlElement& keyframe, const ImageSize& image,
                      const std::string& name, std::vector<std::string>& warnings) {
  const auto fitted = FitBrownConrady(ReadLens(camera, keyframe, image), image);
  if (!fitted) {
    keyframe.Fail(
        "its radial distortion folds back within the image, so that no model of Medius stands for "
        "it; calibrate again");
  }
  warnings.push_back(
      fmt::format("camera {}: Vicon's distortion goes from the seen to the ideal point; the {} "
                  "that stands for it differs by {:.2g} px rms and {:.2g} px at most",
                  name, ToString(fitted->model.kind()), fitted->rms_px, fitted->max_px));
  return fitted->model;
}

RigidTransform ReadPlace(const XmlElement& keyframe) {
  const std::vector<double> q = keyframe.Numbers("ORIENTATION", 4);
  const std::vector<double> p = keyframe.Numbers("POSITION", 3);
  const Eigen::Quaterniond rotation(q[3], q[0], q[1], q[2]);
  constexpr double kMostRounding = 1e-3;
  if (std::abs(rotation.norm() - 1.0) > kMostRounding) {
    keyframe.Fail(fmt::format("ORIENTATION is a quaternion of length {:.4g}, which is no rotation",
                              rotation.norm()));
  }
  const Eigen::Matrix3d R = rotation.normalized().toRotationMatrix();
  return {R, -(R * Eigen::Vector3d(p[0], p[1], p[2])) / kMillimetres};
}

ImageSize ReadSize(const XmlElement& camera) {
  const std::vector<double> size = camera.Numbers("SENSOR_SIZE", 2);
  for (const double side : size) {
    if (side < 1.0 || side > 1e6 || side != std::floor(side)) {
      camera.Fail("SENSOR_SIZE: width and height in pixels are expected");
    }
  }
  return {static_cast<int>(size[0]), static_cast<int>(size[1])};
}

// What its videos are called by, too.
std::string NameOf(const XmlElement& camera) {
  for (const char* attribute : {"DEVICEID", "NAME", "USERID"}) {
    if (camera.Has(attribute) && !camera.Text(attribute).empty()) return camera.Text(attribute);
  }
  camera.Fail("attribute DEVICEID is missing");
}

}  // namespace

CameraRig ReadViconRig(const XmlFile& file, std::vector<std::string>& warnings) {
  CameraRig rig;
  std::size_t number = 0;
  for (const pugi::xml_node node : file.root().children("Camera")) {
    const std::string name = NameOf(XmlElement(file, node, fmt::format("camera {}", ++number)));
    const XmlElement camera(file, node, "camera " + name);
    const pugi::xml_node keyframe = node.child("KeyFrames").child("KeyFrame");
    if (keyframe.empty()) {
      warnings.push_back(
          fmt::format("camera {} has no KeyFrame: it is not calibrated and is left out", name));
      continue;
    }
    if (!keyframe.next_sibling("KeyFrame").empty()) {
      warnings.push_back(fmt::format("camera {} moves; the first of its places is taken", name));
    }
    const XmlElement first(file, keyframe, "camera " + name);
    const ImageSize size = ReadSize(camera);
    rig.cameras.push_back({name, size.width, size.height,
                           ReadModel(camera, first, size, name, warnings), ReadPlace(first), 0.0,
                           std::nullopt});
  }
  return rig;
}

}  // namespace medius::storage
