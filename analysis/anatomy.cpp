#include "analysis/anatomy.hpp"

#include <limits>

#include <Eigen/Geometry>

namespace medius::analysis {
namespace {

// Columns x, y, z from y or z first; NaN where an axis has no length.
RigidTransform FrameFromAxes(const Eigen::Vector3d& x, const Eigen::Vector3d& y,
                             const Eigen::Vector3d& z, const Eigen::Vector3d& origin) {
  RigidTransform frame;
  frame.rotation << x, y, z;
  frame.translation = origin;
  return frame;
}

// Eigen's normalized() leaves a zero vector as it is; here it has no direction.
Eigen::Vector3d Unit(const Eigen::Vector3d& v) {
  constexpr double kShortest = 1e-6;  // metres, or m^2 of a cross product
  const double length = v.norm();
  if (!(length > kShortest)) {
    return Eigen::Vector3d::Constant(std::numeric_limits<double>::quiet_NaN());
  }
  return v / length;
}

}  // namespace

RigidTransform PelvisFrame(const PelvisLandmarks& landmarks) {
  const Eigen::Vector3d origin = 0.5 * (landmarks.right_asis + landmarks.left_asis);
  const Eigen::Vector3d z = Unit(landmarks.right_asis - landmarks.left_asis);
  const Eigen::Vector3d forward = origin - landmarks.mid_psis;
  const Eigen::Vector3d x = Unit(forward - forward.dot(z) * z);
  return FrameFromAxes(x, z.cross(x), z, origin);
}

RigidTransform LongBoneFrame(const Eigen::Vector3d& proximal_centre, const Eigen::Vector3d& lateral,
                             const Eigen::Vector3d& medial, Side side) {
  const Eigen::Vector3d distal_centre = 0.5 * (lateral + medial);
  const Eigen::Vector3d to_right =
      side == Side::kRight ? Eigen::Vector3d(lateral - medial) : Eigen::Vector3d(medial - lateral);
  const Eigen::Vector3d y = Unit(proximal_centre - distal_centre);
  const Eigen::Vector3d x = Unit(y.cross(to_right));
  return FrameFromAxes(x, y, x.cross(y), proximal_centre);
}

Eigen::Vector3d HarringtonHipCentre(double pelvis_width, double pelvis_depth, double marker_offset,
                                    Side side) {
  const double lateral = 0.33 * pelvis_width + 0.0073;
  return {-0.24 * pelvis_depth - 0.0099 - marker_offset, -0.30 * pelvis_width - 0.0109,
          side == Side::kRight ? lateral : -lateral};
}

}  // namespace medius::analysis
