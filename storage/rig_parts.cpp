#include "storage/rig_parts.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <Eigen/Geometry>
#include <Eigen/SVD>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"
#include "storage/toml_table.hpp"

namespace medius::storage {
namespace {

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

}  // namespace

std::optional<double> ParseNumber(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string NumberText(double value) {
  return TomlNumber(value);
}

std::string NumberList(const std::vector<double>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += (i == 0 ? "" : ", ") + NumberText(values[i]);
  }
  return text;
}

std::string NumberList(const Eigen::Ref<const Eigen::MatrixXd>& row_by_row) {
  std::vector<double> values;
  for (Eigen::Index r = 0; r < row_by_row.rows(); ++r) {
    for (Eigen::Index c = 0; c < row_by_row.cols(); ++c) values.push_back(row_by_row(r, c));
  }
  return NumberList(values);
}

Eigen::Matrix3d RotationFromVector(const Eigen::Vector3d& vector) {
  const double angle = vector.norm();
  if (angle == 0.0) return Eigen::Matrix3d::Identity();
  return Eigen::AngleAxisd(angle, vector / angle).toRotationMatrix();
}

Eigen::Vector3d VectorFromRotation(const Eigen::Matrix3d& R) {
  const Eigen::AngleAxisd rotation{Eigen::Quaterniond(R)};
  return rotation.angle() * rotation.axis();
}

Eigen::Matrix3d MeantRotation(const Eigen::Matrix3d& matrix) {
  constexpr double kExact = 1e-10;
  constexpr double kMostRounding = 1e-3;
  const double error = RotationError(matrix);
  if (error <= kExact) return matrix;
  if (!(error <= kMostRounding)) {
    throw InputError(fmt::format(
        "is not a rotation (determinant {:.4g}, R R^T differs from 1 by {:.2g}, at most {} "
        "expected)",
        matrix.determinant(), error, kMostRounding));
  }
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(matrix, Eigen::ComputeFullU | Eigen::ComputeFullV);
  return svd.matrixU() * svd.matrixV().transpose();
}

CameraModel ModelFromOpenCv(const Eigen::Matrix3d& K, std::vector<double> distortion,
                            bool is_fisheye) {
  if (K(0, 1) != 0.0 || K(1, 0) != 0.0 || K.row(2) != Eigen::RowVector3d(0, 0, 1)) {
    throw InputError("the camera matrix must be [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]");
  }
  while (!distortion.empty() && distortion.back() == 0.0) distortion.pop_back();
  const CameraModelKind kind = is_fisheye               ? CameraModelKind::kKannalaBrandt4
                               : distortion.size() <= 5 ? CameraModelKind::kBrownConrady5
                                                        : CameraModelKind::kBrownConrady8;
  const auto count = static_cast<std::size_t>(IntrinsicCount(kind)) - 4;
  if (distortion.size() > count) {
    throw InputError(fmt::format(
        "the distortion has {} coefficients that are not all zero; at most {} are "
        "known of this camera model{}",
        distortion.size(), count,
        is_fisheye ? "" : " (thin prism and tilted sensor are not); calibrate without"));
  }
  distortion.resize(count, 0.0);
  std::vector<double> intrinsics = {K(0, 0), K(1, 1), K(0, 2), K(1, 2)};
  intrinsics.insert(intrinsics.end(), distortion.begin(), distortion.end());
  return CameraModel(kind, std::move(intrinsics));
}

std::vector<double> DistortionOf(const CameraModel& model) {
  return {model.intrinsics().begin() + 4, model.intrinsics().end()};
}

bool NeedsAtMost(const CameraModel& model, std::size_t count) {
  if (model.kind() == CameraModelKind::kKannalaBrandt4) return false;
  const std::vector<double> distortion = DistortionOf(model);
  for (std::size_t i = count; i < distortion.size(); ++i) {
    if (distortion[i] != 0.0) return false;
  }
  return true;
}

void WarnOfLosses(const CameraRig& rig, std::string_view format, const Kept& kept,
                  std::vector<std::string>& warnings) {
  const auto warn = [&](std::string_view what, const auto& has) {
    std::vector<std::string> names;
    for (const Camera& camera : rig.cameras) {
      if (has(camera)) names.push_back(camera.name);
    }
    if (names.empty()) return;
    warnings.push_back(fmt::format("the {} of {} is left out; {} has no place for it", what,
                                   fmt::join(names, ", "), format));
  };
  if (!kept.time_offset) {
    warn("time offset", [](const Camera& camera) { return camera.time_offset != 0.0; });
  }
  warn("time drift", [](const Camera& camera) { return camera.time_drift != 0.0; });
  warn("line time (rolling shutter)", [](const Camera& camera) { return camera.line_time != 0.0; });
  warn("covariance", [](const Camera& camera) { return camera.covariance.has_value(); });
  if (!rig.joint_covariance) return;
  warnings.push_back(fmt::format(
      "the joint covariance of the cameras is left out; {} has no place for it", format));
}

void WarnOfExtent(const CameraRig& rig, double metres_per_unit,
                  std::vector<std::string>& warnings) {
  constexpr double kSmallest = 0.05;
  constexpr double kLargest = 100.0;
  const double extent = ExtentOf(rig);
  if (extent >= kSmallest && extent <= kLargest) return;
  warnings.push_back(
      fmt::format("the cameras stand {:.3g} m apart with the unit taken as {:g} m, which is "
                  "not the size of a lab; if the unit is wrong, give it with --unit mm or m",
                  extent, metres_per_unit));
}

}  // namespace medius::storage
