#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "core/rigid_transform.hpp"

namespace medius::analysis {

/// Where two segments turn about each other.
struct JointCentre {
  Eigen::Vector3d in_proximal;  ///< metres; NaN where it cannot be had
  Eigen::Vector3d in_distal;    ///< metres
  /// Root mean square distance of the two places over the frames, metres.
  double residual = 0.0;
};

/// The point that stays nearest to one place on both segments (SCoRE): minimises the sum over
/// frames of |R1 c1 + t1 - R2 c2 - t2|^2, a linear problem of six unknowns.
///
/// @param proximal_from_distal  one a frame, those that are NaN left out.
/// @return NaN where the segments turn about one axis or not at all.
/// Source: Ehrig et al. 2006, J Biomech 39:2798.
[[nodiscard]] JointCentre SymmetricalCentre(std::span<const RigidTransform> proximal_from_distal);

/// The centre of the spheres on which points of the distal segment move, each with a radius of its
/// own, least squares in |p - c|^2.
///
/// @param points_in_proximal  one list a marker, metres; NaN left out.
/// @return NaN where the points do not move on a sphere's surface (a plane, a line, at rest).
/// Source: Gamage & Lasenby 2002, J Biomech 35:87.
[[nodiscard]] Eigen::Vector3d SphereCentre(
    std::span<const std::vector<Eigen::Vector3d>> points_in_proximal);

/// An axis about which two segments turn.
struct JointAxis {
  Eigen::Vector3d in_proximal;  ///< unit vector; NaN where it cannot be had
  Eigen::Vector3d in_distal;    ///< unit vector
  /// How far the distal segment's axis strays from the proximal one's, rms over frames, radians.
  double residual = 0.0;
};

/// The direction that stays nearest to one on both segments (SARA): the right singular vector of
/// the smallest singular value of the matrix of SCoRE's problem.
///
/// @param proximal_from_distal  one a frame, those that are NaN left out.
/// @return NaN for fewer than three frames or where the segments do not turn.
/// Source: Ehrig et al. 2007, J Biomech 40:2150.
[[nodiscard]] JointAxis SymmetricalAxis(std::span<const RigidTransform> proximal_from_distal);

}  // namespace medius::analysis
