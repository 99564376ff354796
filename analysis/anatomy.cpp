#include "analysis/anatomy.hpp"

#include <algorithm>
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

RigidTransform FootFrame(const Eigen::Vector3d& heel, const Eigen::Vector3d& forefoot,
                         const Eigen::Vector3d& up) {
  const Eigen::Vector3d along = forefoot - heel;
  const Eigen::Vector3d x = Unit(along - along.dot(up) * up);
  return FrameFromAxes(x, up, x.cross(up), heel);
}

RigidTransform TrunkFrame(const Eigen::Vector3d& top, const Eigen::Vector3d& mid_psis,
                          const Eigen::Vector3d& to_right) {
  const Eigen::Vector3d y = Unit(top - mid_psis);
  const Eigen::Vector3d x = Unit(y.cross(to_right));
  return FrameFromAxes(x, y, x.cross(y), top);
}

RigidTransform ShoeFrame(std::array<Eigen::Vector3d, 3> shoe, Side side,
                         const Eigen::Vector3d& forward, const Eigen::Vector3d& up) {
  const Eigen::Vector3d to_right = forward.cross(up);
  const Eigen::Vector3d origin = (shoe[0] + shoe[1] + shoe[2]) / 3.0;
  if (!origin.allFinite()) return FrameFromAxes(origin, origin, origin, origin);  // all NaN
  std::stable_sort(shoe.begin(), shoe.end(),
                   [&to_right](const Eigen::Vector3d& a, const Eigen::Vector3d& b) {
                     return a.dot(to_right) < b.dot(to_right);
                   });
  Eigen::Vector3d vertical = side == Side::kRight ? shoe[0] - shoe[1] : shoe[1] - shoe[2];
  if (vertical.dot(up) < 0.0) vertical = -vertical;
  const Eigen::Vector3d z = Unit(forward.cross(vertical));
  return FrameFromAxes(forward, z.cross(forward), z, origin);
}

}  // namespace medius::analysis
