#include "apps/floor_report.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/json_number.hpp"

namespace medius::apps {
namespace {

using calibration::FloorPoint;
using calibration::FloorResult;

constexpr double kDegrees = 180.0 / std::numbers::pi;
constexpr double kMillimetres = 1e3;

nlohmann::json VectorJson(const Eigen::Vector3d& value) {
  return {NumberOrNull(value.x()), NumberOrNull(value.y()), NumberOrNull(value.z())};
}

// How far the lab's up is turned from the top of a camera's image, degrees clockwise; NaN where the
// camera looks along it.
double RollOf(const Camera& camera) {
  const Eigen::Vector3d up = camera.camera_from_lab.rotation.col(2);
  if (std::hypot(up.x(), up.y()) < 0.1) return std::nan("");
  return std::atan2(up.x(), -up.y()) * kDegrees;
}

// Degrees by which a camera looks below the horizon.
double PitchOf(const Camera& camera) {
  return std::asin(std::clamp(-camera.camera_from_lab.rotation(2, 2), -1.0, 1.0)) * kDegrees;
}

std::vector<std::string> NamesOf(const CameraRig& rig, const std::vector<CameraId>& cameras) {
  std::vector<std::string> names;
  for (const CameraId id : cameras) names.push_back(rig[id].name);
  return names;
}

std::string UncertaintyText(const FloorResult& floor) {
  const Eigen::Vector3d turn = kDegrees * floor.RotationSd();
  const Eigen::Vector3d shift = kMillimetres * floor.OriginSd();
  std::string text = fmt::format(
      "1 sd: slope along X {:.3f} deg, to the side {:.3f} deg, heading {:.3f} deg; origin X {:.2f} "
      "Y {:.2f} Z {:.2f} mm ({})\n",
      turn.y(), turn.x(), turn.z(), shift.x(), shift.y(), shift.z(),
      floor.has_rig_covariance ? "sightings and rig"
                               : "sightings alone: the rig has no joint covariance");
  if (std::isfinite(floor.plane_rms)) {
    text += fmt::format("heights of the points off the floor: {:.2f} mm rms\n",
                        kMillimetres * floor.plane_rms);
  }
  if (std::isfinite(floor.sigma_px)) {
    text += fmt::format("residual {:.3f} px a coordinate\n", floor.sigma_px);
  }
  return text;
}

std::string PointsText(const FloorResult& floor) {
  if (floor.points.empty()) return "";
  std::size_t width = 5;
  for (const FloorPoint& point : floor.points) width = std::max(width, point.name.size());
  std::string text = fmt::format("{:<{}} {:>9} {:>9} {:>9} {:>7} {:>8} {:>11}\n", "point", width,
                                 "x_mm", "y_mm", "z_mm", "off_mm", "cameras", "residual_px");
  for (const FloorPoint& point : floor.points) {
    const Eigen::Vector3d mm = kMillimetres * point.found;
    const double off = kMillimetres * (point.found - point.stated).norm();
    text +=
        fmt::format("{:<{}} {:>9.1f} {:>9.1f} {:>9.1f} {:>7} {:>8} {:>11.3f}\n", point.name, width,
                    mm.x(), mm.y(), mm.z(), std::isfinite(off) ? fmt::format("{:.2f}", off) : "-",
                    point.cameras.size(), point.rms_px);
  }
  return text;
}

std::string DistancesText(const FloorResult& floor) {
  std::string text;
  for (const auto& distance : floor.distances) {
    text += fmt::format("{} - {}: stated {:.1f} mm, found {:.2f} mm ({:+.2f})\n", distance.from,
                        distance.to, kMillimetres * distance.stated, kMillimetres * distance.found,
                        kMillimetres * (distance.found - distance.stated));
  }
  if (floor.scale) {
    text += fmt::format("size: {} are {:.5f} of what is stated (sd {:.5f})\n", floor.scale->what,
                        floor.scale->ratio, floor.scale->sd);
  }
  if (floor.belt) {
    text += fmt::format(
        "belt: {:.4f} m/s (sd {:.4f}), {} tracks over {:.2f} m along and {:.2f} m "
        "across\n",
        floor.belt->speed, floor.belt->speed_sd, floor.belt->tracks, floor.belt->extent_along,
        floor.belt->extent_across);
  }
  return text;
}

std::string CamerasText(const CameraRig& rig) {
  std::size_t width = 6;
  for (const Camera& camera : rig.cameras) width = std::max(width, camera.name.size());
  std::string text = fmt::format("{:<{}} {:>8} {:>8} {:>8} {:>9} {:>9}\n", "camera", width, "x_m",
                                 "y_m", "height_m", "down_deg", "roll_deg");
  for (const Camera& camera : rig.cameras) {
    const Eigen::Vector3d centre = camera.CentreInLab();
    text += fmt::format("{:<{}} {:>8.3f} {:>8.3f} {:>8.3f} {:>9.1f} {:>9.1f}\n", camera.name, width,
                        centre.x(), centre.y(), centre.z(), PitchOf(camera), RollOf(camera));
  }
  return text;
}

nlohmann::json PointsJson(const CameraRig& rig, const FloorResult& floor) {
  nlohmann::json points = nlohmann::json::array();
  for (const FloorPoint& point : floor.points) {
    points.push_back({{"name", point.name},
                      {"found_mm", VectorJson(kMillimetres * point.found)},
                      {"stated_mm", VectorJson(kMillimetres * point.stated)},
                      {"cameras", NamesOf(rig, point.cameras)},
                      {"residual_rms_px", NumberOrNull(point.rms_px)}});
  }
  return points;
}

nlohmann::json FindingsJson(const CameraRig& rig, const FloorResult& floor) {
  nlohmann::json findings = nlohmann::json::array();
  for (const auto& finding : floor.findings) {
    findings.push_back({{"kind", std::string(calibration::ToString(finding.kind))},
                        {"refuses", finding.refuses},
                        {"cameras", NamesOf(rig, finding.cameras)},
                        {"sentence", finding.sentence}});
  }
  return findings;
}

}  // namespace

std::string FloorText(const CameraRig& rig, const FloorResult& floor) {
  return UncertaintyText(floor) + PointsText(floor) + DistancesText(floor) + CamerasText(rig);
}

nlohmann::json FloorJson(const CameraRig& rig, const FloorResult& floor) {
  nlohmann::json lab_from_old = nlohmann::json::array();
  const Eigen::Matrix4d matrix = floor.lab_from_old.ToMatrix();
  for (int row = 0; row < 4; ++row) {
    lab_from_old.push_back({matrix(row, 0), matrix(row, 1), matrix(row, 2), matrix(row, 3)});
  }
  nlohmann::json distances = nlohmann::json::array();
  for (const auto& distance : floor.distances) {
    distances.push_back({{"from", distance.from},
                         {"to", distance.to},
                         {"stated_mm", kMillimetres * distance.stated},
                         {"found_mm", kMillimetres * distance.found}});
  }
  nlohmann::json cameras = nlohmann::json::array();
  for (const Camera& camera : rig.cameras) {
    cameras.push_back({{"name", camera.name},
                       {"centre_m", VectorJson(camera.CentreInLab())},
                       {"down_deg", NumberOrNull(PitchOf(camera))},
                       {"roll_deg", NumberOrNull(RollOf(camera))}});
  }
  nlohmann::json json = {{"source", floor.source},
                         {"lab_from_old", lab_from_old},
                         {"rotation_sd_deg", VectorJson(kDegrees * floor.RotationSd())},
                         {"origin_sd_mm", VectorJson(kMillimetres * floor.OriginSd())},
                         {"has_rig_covariance", floor.has_rig_covariance},
                         {"plane_rms_mm", NumberOrNull(kMillimetres * floor.plane_rms)},
                         {"sigma_px", NumberOrNull(floor.sigma_px)},
                         {"points", PointsJson(rig, floor)},
                         {"distances", distances},
                         {"findings", FindingsJson(rig, floor)},
                         {"cameras", cameras}};
  if (floor.scale) {
    json["size"] = {{"what", floor.scale->what},
                    {"found_over_stated", floor.scale->ratio},
                    {"sd", floor.scale->sd}};
  }
  if (floor.belt) {
    json["belt"] = {{"speed_m_s", floor.belt->speed},
                    {"speed_sd_m_s", floor.belt->speed_sd},
                    {"tracks", floor.belt->tracks},
                    {"extent_along_m", floor.belt->extent_along},
                    {"extent_across_m", floor.belt->extent_across}};
  }
  return json;
}

}  // namespace medius::apps
