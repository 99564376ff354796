#pragma once

#include <Eigen/Core>

#include "core/events.hpp"

namespace medius::analysis {

/// Three angles of a segment and the covariance of their errors. Radians.
struct AngleTriple {
  Eigen::Vector3d value;
  Eigen::Matrix3d covariance;
};

/// The pelvis against the lab in the order rotation-obliquity-tilt. Value (obliquity, tilt,
/// rotation), radians:
///   obliquity = asin of the upward part of the pelvis' rightward axis; > 0 right side up;
///   tilt      = turn about the rightward axis; > 0 front up (posterior tilt);
///   rotation  = heading of the rightward axis; > 0 right side forward.
/// So obliquity is the elevation of the line between the ASIS, whatever tilt and rotation are.
///
/// @param lab_from_pelvis  columns: anterior, superior, right; lab X forward, Y left, Z up.
/// @param covariance       of the small rotation of lab_from_pelvis, lab axes, radians^2.
/// Source: Baker 2001, Gait Posture 13:1 (the order); Wren & Mitiguy 2007.
[[nodiscard]] AngleTriple PelvisAngles(const Eigen::Matrix3d& lab_from_pelvis,
                                       const Eigen::Matrix3d& covariance);

/// A joint by the Z-X-Y Cardan angles of distal against proximal (the joint coordinate system).
/// Value (flexion, adduction, internal rotation), radians, with the clinical signs of that side:
/// the distal segment turned forward, towards the middle, its front towards the middle are > 0.
///
/// @param lab_from_proximal, lab_from_distal  columns: anterior, superior, right.
/// @param covariance  of the small rotation of the distal against the proximal segment, lab axes.
/// Source: Grood & Suntay 1983, J Biomech Eng 105:136; Wu et al. 2002, J Biomech 35:543.
[[nodiscard]] AngleTriple JointAngles(const Eigen::Matrix3d& lab_from_proximal,
                                      const Eigen::Matrix3d& lab_from_distal,
                                      const Eigen::Matrix3d& covariance, Side side);

}  // namespace medius::analysis
