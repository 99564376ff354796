#pragma once

#include <Eigen/Core>

#include "calibration/view_normal.hpp"
#include "core/rigid_transform.hpp"

namespace medius::calibration {

/// A target at an instant and how it moves there. Twists are (angular velocity, velocity of the
/// origin), both in the lab frame: R' = [w]x R.
struct MotionKnot {
  RigidTransform lab_from_target;
  Vector6 twist = Vector6::Zero();  ///< rad/s, m/s
};

/// Numbers by which a knot moves: rotation on the left, translation, change of the twist.
inline constexpr int kKnotSize = 12;
using KnotVector = Eigen::Matrix<double, kKnotSize, 1>;
using KnotMatrix = Eigen::Matrix<double, kKnotSize, kKnotSize>;
using SixByTwoKnots = Eigen::Matrix<double, 6, 2 * kKnotSize>;
using TwelveByTwoKnots = Eigen::Matrix<double, 12, 2 * kKnotSize>;

/// The knot moved by a small step.
MotionKnot Moved(const MotionKnot& knot, const KnotVector& step);

/// A target between two knots.
struct MotionSample {
  RigidTransform lab_from_target;
  Vector6 twist;           ///< first derivative: how (rotation on the left, translation) grow
  Vector6 rate_of_twist;   ///< rad/s^2, m/s^2
  SixByTwoKnots pose_by;   ///< (rotation on the left, translation) by both knots
  SixByTwoKnots twist_by;  ///< twist by both knots, to first order in the turn between them
};

/// The motion between two knots, `time` seconds after the first of them: the mean of a motion whose
/// acceleration is white noise, a cubic in the translation and in the rotation vector from the
/// first knot. Outside [0, interval] it goes on at the twist of the nearer knot; an interval of 0
/// stands for a first knot without a second.
/// Source: Barfoot, State Estimation for Robotics, 2017, section 11.1; Anderson & Barfoot, Full
/// STEAM ahead, IROS 2015, eq. 16.
MotionSample SampleMotion(const MotionKnot& first, const MotionKnot& second, double interval,
                          double time);

/// How much the motion from one knot to the next asks of a motion prior: the residuals
/// (rotation 3, angular velocity 3; translation 3, velocity 3), decorrelated and scaled so that
/// they are standard normal where the power of the white noise is 1 rad^2/s^3 and 1 m^2/s^3.
struct MotionResidual {
  Eigen::Matrix<double, 12, 1> value;
  TwelveByTwoKnots by;  ///< by both knots
};
MotionResidual ResidualOfMotion(const MotionKnot& first, const MotionKnot& second, double interval);

}  // namespace medius::calibration
