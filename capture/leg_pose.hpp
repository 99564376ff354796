#pragma once

#include <Eigen/Core>

#include "capture/body_pose.hpp"
#include "capture/leg_solver.hpp"
#include "core/events.hpp"

namespace medius::capture {

/// 1 for the right side, -1 for the left: turns clinical frontal and axial angles into right-handed
/// ones and back.
[[nodiscard]] constexpr double Sign(Side side) {
  return side == Side::kRight ? 1.0 : -1.0;
}

/// A point or direction in the lab from anatomical lab axes, as LabFromAnatomical().
[[nodiscard]] inline Eigen::Vector3d InLab(const Eigen::Vector3d& anatomical) {
  return {anatomical.x(), -anatomical.z(), anatomical.y()};
}

/// Writes thigh, shank and foot of one side into a pose, turned from anatomical lab axes into the
/// lab. The foot points outwards by a few degrees, as most people's do.
/// @param hip         m, hip joint centre, anatomical lab axes.
/// @param foot_pitch  rad, toe up > 0.
void SetLeg(Side side, const SolvedLeg& leg, const Eigen::Vector3d& hip, double foot_pitch,
            BodyPose& pose);

}  // namespace medius::capture
