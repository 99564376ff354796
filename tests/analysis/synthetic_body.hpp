#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "analysis/recording.hpp"
#include "core/marker_set.hpp"

namespace medius::analysis::testing {

inline constexpr double kDegree = 0.017453292519943295;

/// Angles of a body in the clinical signs of docs/methods.md, radians. Index of sides: 0 left.
struct BodyAngles {
  double obliquity = 0.0, tilt = 0.0, rotation = 0.0;
  std::array<Eigen::Vector3d, 2> hip = {Eigen::Vector3d::Zero(), Eigen::Vector3d::Zero()};
  std::array<Eigen::Vector3d, 2> knee = {Eigen::Vector3d::Zero(), Eigen::Vector3d::Zero()};
  Eigen::Vector3d pelvis_in_lab = {0.0, 0.0, 1.0};
};

/// Rotation about an axis, written out here so that a test does not lean on what it tests.
Eigen::Matrix3d Turn(int axis, double angle);

/// lab_from_pelvis by turns in the order rotation-obliquity-tilt (lab X forward, Y left, Z up).
Eigen::Matrix3d PelvisInLab(const BodyAngles& angles);

/// Every marker of the synthetic set at these angles, lab, metres. Rigid limbs; the hip centre is
/// where Harrington's regression has it.
std::map<std::string, Eigen::Vector3d> PlaceMarkers(const BodyAngles& angles);

/// A set with four pelvis markers, clusters of four on thigh and shank, heel and toe.
MarkerSet SyntheticSet();

/// A recording of a moving body; noise_sd is added to every coordinate (metres, fixed seed).
Recording Record(const std::string& where, double rate_hz, std::size_t frames,
                 const std::function<BodyAngles(double time)>& motion, double noise_sd = 0.0);

/// A run of `stride_time` seconds a stride whose angles are known at any time: harmonics of the
/// stride, pelvis and feet moving as in running, so that events are found in it.
BodyAngles RunningAngles(double time, double stride_time = 0.72);

}  // namespace medius::analysis::testing
