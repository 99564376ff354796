#pragma once

#include <Eigen/Core>

#include "capture/body_pose.hpp"
#include "capture/foot_path.hpp"
#include "capture/scenario.hpp"

namespace medius::capture {

/// The skeleton that follows from a BodyScenario. Metres.
struct Anthropometry {
  explicit Anthropometry(const BodyScenario& body);

  double stature;
  double pelvis_width;  ///< between the ASIS
  double pelvis_depth;  ///< mid-ASIS to mid-PSIS
  double thigh_length;
  double shank_length;
  double ankle_height;  ///< of the ankle centre over the sole
  Sole sole;
  /// Hip centre of the right side from mid-ASIS in pelvis axes, where the regression of Harrington
  /// et al. 2007 (J Biomech 40:595) on pelvis width and depth puts it: an analysis that uses the
  /// same regression has no error from it.
  Eigen::Vector3d right_hip;
  /// Trunk's origin in pelvis axes.
  Eigen::Vector3d lumbar;
  /// Right shoulder in trunk axes.
  Eigen::Vector3d right_shoulder;
  double upper_arm_length;
  double forearm_length;

  [[nodiscard]] Eigen::Vector3d Hip(Side side) const { return Mirrored(right_hip, side); }
  [[nodiscard]] Eigen::Vector3d Shoulder(Side side) const { return Mirrored(right_shoulder, side); }

  /// A place of the right side, on either side.
  [[nodiscard]] static Eigen::Vector3d Mirrored(const Eigen::Vector3d& right, Side side) {
    return side == Side::kRight ? right : Eigen::Vector3d(right.x(), right.y(), -right.z());
  }
};

/// Lab axes (x forward, y left, z up) from anatomical ones (x forward, y up, z right).
[[nodiscard]] Eigen::Matrix3d LabFromAnatomical();

/// Rotation of the pelvis in anatomical lab axes from its angles: Ry(rotation) Rx(-obliquity)
/// Rz(tilt), order rotation-obliquity-tilt (Baker 2001, Gait & Posture 13:1).
[[nodiscard]] Eigen::Matrix3d PelvisRotation(double obliquity, double tilt, double rotation);

/// How trunk and arms are held, in anatomical lab axes.
struct UpperBody {
  double lean_forward = 0.0;                 ///< rad, of the trunk
  double lean_right = 0.0;                   ///< rad
  double turn_left = 0.0;                    ///< rad, right side in front
  std::array<double, 2> shoulder_flexion{};  ///< rad, [left, right]
  double shoulder_abduction = 0.0;           ///< rad, both
  double elbow_flexion = 0.0;                ///< rad, both
};

/// Adds trunk and arms to a pose that has its pelvis.
void PoseUpperBody(const Anthropometry& anthropometry, const UpperBody& upper, BodyPose& pose);

}  // namespace medius::capture
