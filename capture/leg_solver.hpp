#pragma once

#include <Eigen/Core>

namespace medius::capture {

/// What is known of a leg before it is solved. Anatomical axes (x forward, y up, z right), angles
/// with right-handed signs (the left leg's frontal and axial angles are the negated clinical ones).
struct LegTask {
  Eigen::Matrix3d lab_from_pelvis;  ///< rotation
  Eigen::Vector3d hip;              ///< m, hip joint centre
  Eigen::Vector2d ankle;            ///< m, wanted forward place and height of the ankle centre
  double thigh_length = 0.0;        ///< m
  double shank_length = 0.0;        ///< m
  double hip_frontal = 0.0;         ///< rad, second Cardan angle of pelvis and thigh
  double hip_axial = 0.0;           ///< rad, third
  double knee_frontal = 0.0;        ///< rad, second Cardan angle of thigh and shank
  double knee_axial = 0.0;          ///< rad, third
  /// A leg near its full length gives way smoothly; one that stands still may be straight.
  bool gives_way = true;
};

struct SolvedLeg {
  double hip_flexion = 0.0;   ///< rad
  double knee_flexion = 0.0;  ///< rad
  Eigen::Matrix3d lab_from_thigh;
  Eigen::Matrix3d lab_from_shank;
  Eigen::Vector3d knee;   ///< m
  Eigen::Vector3d ankle;  ///< m; x and y as wanted where within reach, z as it comes out
  double reach = 0.0;     ///< hip to wanted ankle in the sagittal plane over the leg's length there
};

/// Rotations Rz(flexion) Rx(frontal) Ry(axial), the Z-X-Y order of the joint angles.
[[nodiscard]] Eigen::Matrix3d RotationZXY(double z, double x, double y);

/// The leg with hip and knee flexion given too; the wanted ankle is not looked at.
[[nodiscard]] SolvedLeg PoseLeg(const LegTask& task, double hip_flexion, double knee_flexion);

/// Hip and knee flexion that bring the ankle to its place, all other angles being given: Newton on
/// two equations from the planar solution. The knee bends forward. An ankle further than 97 % of
/// the leg's length is pulled smoothly towards the hip, to 99.7 % at most.
[[nodiscard]] SolvedLeg SolveLeg(const LegTask& task);

}  // namespace medius::capture
