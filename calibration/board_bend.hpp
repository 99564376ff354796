#pragma once

#include <Eigen/Core>

#include "core/target.hpp"

namespace medius::calibration {

/// Parameters of a board's bend.
inline constexpr int kBendCount = 2;

/// A board that is not quite flat bulges as a parabola along each of its sides:
/// z = b0 (1 - u^2) + b1 (1 - v^2), where u and v run from -1 to 1 across it. b0 and b1 are the
/// heights, metres, of its middle over its edges, in the direction of the target's z axis (away
/// from who reads it).
/// Source: the deformation model of mrcal (Kogan, "Calibration object deformation").
struct BoardShape {
  Eigen::Vector2d middle = Eigen::Vector2d::Zero();  ///< metres, target frame
  Eigen::Vector2d half = Eigen::Vector2d::Zero();    ///< metres, half the sides

  /// How z moves with (b0, b1) at a point.
  [[nodiscard]] Eigen::Vector2d By(const Eigen::Vector3d& x_in_target) const {
    Eigen::Vector2d by = Eigen::Vector2d::Zero();
    for (int i = 0; i < kBendCount; ++i) {
      if (half[i] <= 0.0) continue;
      const double u = (x_in_target[i] - middle[i]) / half[i];
      by[i] = 1.0 - u * u;
    }
    return by;
  }
};

/// From the outermost points of a board.
inline BoardShape ShapeOf(const CalibrationTarget& target) {
  if (target.points.empty() || target.is_wand) return {};  // sticks do not bulge
  Eigen::Vector2d low = target.points.front().head<2>();
  Eigen::Vector2d high = low;
  for (const Eigen::Vector3d& point : target.points) {
    low = low.cwiseMin(point.head<2>());
    high = high.cwiseMax(point.head<2>());
  }
  return {0.5 * (low + high), 0.5 * (high - low)};
}

/// The target with its points where the bend (b0, b1) puts them.
inline CalibrationTarget Bent(CalibrationTarget target, const Eigen::Vector2d& bend) {
  const BoardShape shape = ShapeOf(target);
  for (Eigen::Vector3d& point : target.points) point.z() += shape.By(point).dot(bend);
  return target;
}

}  // namespace medius::calibration
