#pragma once

#include <array>

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

/// Origin heel; x = heel to forefoot made horizontal (the foot stands flat); y = up; z = x x y.
///
/// @param forefoot  the toe, or half-way between first and fifth metatarsal.
/// @param up        unit vector of the frame that all are in.
[[nodiscard]] RigidTransform FootFrame(const Eigen::Vector3d& heel, const Eigen::Vector3d& forefoot,
                                       const Eigen::Vector3d& up);

/// Origin and top C7 (or half-way between the acromia); y = unit(top - mid-PSIS); x = unit(y x
/// (axis between the acromia, to the right)); z = x x y.
[[nodiscard]] RigidTransform TrunkFrame(const Eigen::Vector3d& top, const Eigen::Vector3d& mid_psis,
                                        const Eigen::Vector3d& to_right);

/// The foot of a shoe with three markers (`ric`): sorted from left to right the first less the
/// second (right shoe) or the second less the third (left shoe) is the vertical pair, pointed up; x
/// = forward; z = unit(x x vertical); y = z x x. Origin: their centroid.
///
/// @param forward, up  unit vectors of the lab; to the right is forward x up.
[[nodiscard]] RigidTransform ShoeFrame(std::array<Eigen::Vector3d, 3> shoe, Side side,
                                       const Eigen::Vector3d& forward, const Eigen::Vector3d& up);

}  // namespace medius::analysis
