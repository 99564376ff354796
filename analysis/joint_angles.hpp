#pragma once

#include <Eigen/Core>

#include "analysis/method.hpp"
#include "core/events.hpp"

namespace medius::analysis {

/// Three angles of a segment and the covariance of their errors. Radians.
struct AngleTriple {
  Eigen::Vector3d value;
  Eigen::Matrix3d covariance;
};

/// The pelvis against the lab. Value (obliquity, tilt, rotation), radians, > 0: right side up,
/// front up (posterior tilt), right side forward. With r, f, t its rightward, forward and upward
/// axis:
///   kRotationObliquityTilt  obliquity = asin(upward part of r), the elevation of the line between
///                           the ASIS whatever tilt and rotation are; tilt = atan2(upward part of
///                           f, of t); rotation = atan2(forward part of r, rightward part of r);
///   kTiltObliquityRotation  obliquity = -asin(rightward part of t), minus OpenSim's pelvis_list;
///                           tilt = atan2(backward part of t, upward part of t); rotation =
///                           atan2(leftward part of f, rightward part of r);
///   kProjections            obliquity = atan(upward / rightward part of r); tilt = atan2(upward,
///                           forward part of f); rotation = atan2(forward, rightward part of r).
///
/// @param lab_from_pelvis  columns: anterior, superior, right; lab X forward, Y left, Z up.
/// @param covariance       of the small rotation of lab_from_pelvis, lab axes, radians^2.
/// Source: Baker 2001, Gait Posture 13:1; Wren & Mitiguy 2007, J Appl Biomech 23:64 (the orders).
[[nodiscard]] AngleTriple PelvisAngles(const Eigen::Matrix3d& lab_from_pelvis,
                                       const Eigen::Matrix3d& covariance,
                                       PelvisOrder order = PelvisOrder::kRotationObliquityTilt);

/// A joint by the Cardan angles of distal against proximal. Value (flexion, adduction, internal
/// rotation), radians, with the clinical signs of that side: the distal segment turned forward,
/// towards the middle, its front towards the middle are > 0.
///
/// @param lab_from_proximal, lab_from_distal  columns: anterior, superior, right.
/// @param covariance  of the small rotation of the distal against the proximal segment, lab axes.
/// @param order  kFlexionAdductionRotation: Z-X-Y, the joint coordinate system.
/// Source: Grood & Suntay 1983, J Biomech Eng 105:136; Wu et al. 2002, J Biomech 35:543.
[[nodiscard]] AngleTriple JointAngles(const Eigen::Matrix3d& lab_from_proximal,
                                      const Eigen::Matrix3d& lab_from_distal,
                                      const Eigen::Matrix3d& covariance, Side side,
                                      JointOrder order = JointOrder::kFlexionAdductionRotation);

}  // namespace medius::analysis
