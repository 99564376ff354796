#pragma once

#include <map>
#include <string>

#include <Eigen/Core>
#include <Eigen/Geometry>

#include "capture/scene.hpp"

namespace medius::capture {

/// Marker positions of a scene by their label, in the anatomical lab axes of the formulas (X
/// forward, Y up, Z right).
inline std::map<std::string, Eigen::Vector3d> MarkersByLabel(const Scene& scene, double time) {
  SceneState state;
  scene.At(time, state);
  std::map<std::string, Eigen::Vector3d> markers;
  for (std::size_t m = 0; m < scene.labels().size(); ++m) {
    const Eigen::Vector3d& p = state.markers[m];
    markers[scene.labels()[m]] = {p.x(), p.z(), -p.y()};
  }
  return markers;
}

/// A segment's axes from two directions: `first` kept for one axis, the other made orthogonal.
inline Eigen::Matrix3d AxesFromUpAndRight(const Eigen::Vector3d& up, const Eigen::Vector3d& right) {
  Eigen::Matrix3d axes;
  axes.col(1) = up.normalized();
  axes.col(0) = axes.col(1).cross(right).normalized();
  axes.col(2) = axes.col(0).cross(axes.col(1));
  return axes;
}

/// Pelvis of the ISB: z from left to right ASIS, x from mid-PSIS to mid-ASIS, made orthogonal.
inline Eigen::Matrix3d PelvisFromMarkers(const std::map<std::string, Eigen::Vector3d>& m) {
  const Eigen::Vector3d z = (m.at("RASI") - m.at("LASI")).normalized();
  const Eigen::Vector3d forward =
      0.5 * (m.at("RASI") + m.at("LASI")) - 0.5 * (m.at("RPSI") + m.at("LPSI"));
  Eigen::Matrix3d axes;
  axes.col(2) = z;
  axes.col(0) = (forward - forward.dot(z) * z).normalized();
  axes.col(1) = z.cross(axes.col(0));
  return axes;
}

/// Harrington's hip centre from the markers, pelvis width and depth alone.
inline Eigen::Vector3d HipFromMarkers(const std::map<std::string, Eigen::Vector3d>& m, bool right) {
  const Eigen::Vector3d mid = 0.5 * (m.at("RASI") + m.at("LASI"));
  const double width = (m.at("RASI") - m.at("LASI")).norm();
  const double depth = (mid - 0.5 * (m.at("RPSI") + m.at("LPSI"))).norm();
  const Eigen::Vector3d local(-0.24 * depth - 0.0099, -0.30 * width - 0.0109,
                              (right ? 1.0 : -1.0) * (0.33 * width + 0.0073));
  return mid + PelvisFromMarkers(m) * local;
}

}  // namespace medius::capture
