#pragma once

#include <array>

#include "core/rigid_transform.hpp"

namespace medius::capture {

/// The rigid parts of the virtual body; pairs stand left, right.
enum class Segment {
  kPelvis,
  kTrunk,
  kLeftThigh,
  kRightThigh,
  kLeftShank,
  kRightShank,
  kLeftFoot,
  kRightFoot,
  kLeftUpperArm,
  kRightUpperArm,
  kLeftForearm,
  kRightForearm,
};
inline constexpr std::size_t kSegmentCount = 12;

/// Where each segment is: lab_from_segment. Segment axes are anatomical (x anterior, y superior, z
/// to the right on both sides). Origins: pelvis mid-ASIS; thigh hip centre; shank knee centre; foot
/// ankle centre; trunk at the lumbar spine; upper arm shoulder; forearm elbow.
struct BodyPose {
  std::array<RigidTransform, kSegmentCount> lab_from_segment;

  [[nodiscard]] const RigidTransform& operator[](Segment segment) const {
    return lab_from_segment[static_cast<std::size_t>(segment)];
  }
  [[nodiscard]] RigidTransform& operator[](Segment segment) {
    return lab_from_segment[static_cast<std::size_t>(segment)];
  }
};

/// The joint angles that the program reports, radians, with the signs a clinician reads: flexion,
/// adduction and internal rotation > 0 on both sides. Arrays are [left, right].
struct BodyAngles {
  /// Pelvis against the lab in the order rotation-obliquity-tilt (Baker 2001). Obliquity > 0 with
  /// the right side up, tilt > 0 with the front up, rotation > 0 with the right side in front.
  double pelvis_obliquity = 0.0;
  double pelvis_tilt = 0.0;
  double pelvis_rotation = 0.0;
  /// Z-X-Y Cardan angles of pelvis and thigh, and of thigh and shank.
  std::array<double, 2> hip_flexion{};
  std::array<double, 2> hip_adduction{};
  std::array<double, 2> hip_rotation{};
  std::array<double, 2> knee_flexion{};
  std::array<double, 2> knee_adduction{};
  std::array<double, 2> knee_rotation{};
};

}  // namespace medius::capture
