#pragma once

#include <Eigen/Core>

#include "core/events.hpp"
#include "core/rigid_transform.hpp"

namespace medius::analysis {

/// The pelvis' landmarks, all in one frame, metres.
struct PelvisLandmarks {
  Eigen::Vector3d right_asis;
  Eigen::Vector3d left_asis;
  Eigen::Vector3d mid_psis;  ///< or the sacrum marker, which stands between the PSIS
};

/// Frames whose landmarks coincide or lie on a line come out as NaN, as do missing landmarks.
/// All: x anterior, y superior, z to the right (Wu et al. 2002, J Biomech 35:543).

/// Origin mid-ASIS; z = unit(RASIS - LASIS); x = mid-ASIS - mid-PSIS made orthogonal to z; y = z x
/// x.
[[nodiscard]] RigidTransform PelvisFrame(const PelvisLandmarks& landmarks);

/// Origin hip centre; y = unit(hip - knee); x = y x (axis through the epicondyles, to the right);
/// z = x x y. The same for a shank: origin knee centre, from knee to ankle, axis of the malleoli.
///
/// @param lateral, medial  of the distal joint, whose centre is half-way between them.
[[nodiscard]] RigidTransform LongBoneFrame(const Eigen::Vector3d& proximal_centre,
                                           const Eigen::Vector3d& lateral,
                                           const Eigen::Vector3d& medial, Side side);

/// Hip joint centre in the pelvis frame (mid-ASIS origin), metres, by the regression on pelvis
/// width (between the ASIS) and depth (mid-ASIS to mid-PSIS): x = -0.24 PD - 9.9 mm, y = -0.30 PW
/// - 10.9 mm, z = +-(0.33 PW + 7.3 mm).
///
/// @param marker_offset  from the skin to the marker's centre, metres; moves the centre back (-x)
///                       since the regression counts from the bone's landmarks.
/// Source: Harrington et al. 2007, J Biomech 40:595, the form without leg length.
[[nodiscard]] Eigen::Vector3d HarringtonHipCentre(double pelvis_width, double pelvis_depth,
                                                  double marker_offset, Side side);

}  // namespace medius::analysis
