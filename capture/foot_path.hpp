#pragma once

#include <Eigen/Core>

#include "capture/gait_timing.hpp"

namespace medius::capture {

/// The sole in the foot's sagittal plane, from the ankle: x towards the toes, y up, metres.
struct Sole {
  Eigen::Vector2d heel;  ///< where a rearfoot striker first touches
  Eigen::Vector2d toes;  ///< under the toes, the last to leave
};

/// How a foot stands through one contact. Anatomical lab axes: x forward, y up.
struct FootPlan {
  Step step;
  Sole sole;
  double speed = 0.0;             ///< m/s of the belt
  double ankle_at_strike = 0.0;   ///< m, forward place of the ankle were the foot flat at strike
  double pitch_at_strike = 0.0;   ///< rad, toe up > 0
  double pitch_at_toe_off = 0.0;  ///< rad, < 0
};

/// Where a foot is.
struct FootState {
  Eigen::Vector2d ankle;  ///< m, x forward and y up
  double pitch = 0.0;     ///< rad, toe up > 0
};

/// The foot on the ground: it goes back at the belt's speed without slip, rolls over the heel, lies
/// flat, then rolls over the toes, which leaves the ground at toe off. The formula also holds a
/// little before strike and after toe off, for derivatives at these instants.
[[nodiscard]] FootState FootOnGround(const FootPlan& plan, double time);

/// A value and its rate at one end of the swing.
struct SwingEnd {
  double value = 0.0;  ///< rad
  double rate = 0.0;   ///< rad/s
};

/// An angle through the swing: the quintic that joins both ends with their rates, and a bump.
/// Bumps are flat at both ends, so that angle and rate are continuous whatever their height.
struct SwingCurve {
  SwingEnd leaves;
  SwingEnd lands;
  /// s, in which the rate at leaving dies away; 0: it goes on at first.
  double dies_away = 0.0;

  /// @param share  of the swing's duration, in [0, 1]
  [[nodiscard]] double At(double share, double duration) const;
};

/// Of height 1 and highest in the middle of the swing: adds to the knee's flexion.
[[nodiscard]] double KneeBump(double share);
/// Of height 1 and highest at 0.6 of the swing: adds to the hip's flexion.
[[nodiscard]] double HipBump(double share);

}  // namespace medius::capture
