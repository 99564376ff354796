#include "capture/anthropometry.hpp"

#include <cmath>

#include <Eigen/Geometry>

#include "capture/leg_solver.hpp"

namespace medius::capture {
namespace {

// Shares of the stature (Winter 2009, fig. 4.1).
constexpr double kThighShare = 0.245;
constexpr double kShankShare = 0.246;
constexpr double kAnkleShare = 0.039;
constexpr double kFootShare = 0.152;
constexpr double kUpperArmShare = 0.186;
constexpr double kForearmShare = 0.146;

// Harrington et al. 2007, regression on pelvis width and depth alone, in metres.
Eigen::Vector3d HarringtonRightHip(double width, double depth) {
  return {-0.24 * depth - 0.0099, -0.30 * width - 0.0109, 0.33 * width + 0.0073};
}

}  // namespace

Anthropometry::Anthropometry(const BodyScenario& body)
    : stature(body.stature),
      pelvis_width(body.pelvis_width),
      pelvis_depth(body.pelvis_depth),
      thigh_length(kThighShare * stature),
      shank_length(kShankShare * stature),
      ankle_height(kAnkleShare * stature),
      sole{{-0.2 * kFootShare * stature, -ankle_height},
           {0.68 * kFootShare * stature, -ankle_height}},
      right_hip(HarringtonRightHip(pelvis_width, pelvis_depth)),
      lumbar(-0.5 * pelvis_depth, 0.06, 0.0),
      right_shoulder(0.0, 0.245 * stature, 0.105 * stature),
      upper_arm_length(kUpperArmShare * stature),
      forearm_length(kForearmShare * stature) {}

Eigen::Matrix3d LabFromAnatomical() {
  Eigen::Matrix3d lab_from_anatomical;
  lab_from_anatomical << 1, 0, 0, 0, 0, -1, 0, 1, 0;
  return lab_from_anatomical;
}

Eigen::Matrix3d PelvisRotation(double obliquity, double tilt, double rotation) {
  return (Eigen::AngleAxisd(rotation, Eigen::Vector3d::UnitY()) *
          Eigen::AngleAxisd(-obliquity, Eigen::Vector3d::UnitX()) *
          Eigen::AngleAxisd(tilt, Eigen::Vector3d::UnitZ()))
      .toRotationMatrix();
}

void PoseUpperBody(const Anthropometry& anthropometry, const UpperBody& upper, BodyPose& pose) {
  const Eigen::Matrix3d lab_from_anatomical = LabFromAnatomical();
  RigidTransform& trunk = pose[Segment::kTrunk];
  trunk.rotation =
      lab_from_anatomical * PelvisRotation(-upper.lean_right, -upper.lean_forward, upper.turn_left);
  trunk.translation = pose[Segment::kPelvis] * anthropometry.lumbar;
  for (const Side side : kSides) {
    const bool right = side == Side::kRight;
    const double sign = right ? 1.0 : -1.0;
    const double flexion = upper.shoulder_flexion[GaitTiming::Index(side)];
    RigidTransform& arm = pose[right ? Segment::kRightUpperArm : Segment::kLeftUpperArm];
    arm.rotation = trunk.rotation * RotationZXY(flexion, -sign * upper.shoulder_abduction, 0.0);
    arm.translation = trunk * anthropometry.Shoulder(side);
    RigidTransform& forearm = pose[right ? Segment::kRightForearm : Segment::kLeftForearm];
    forearm.rotation = arm.rotation * RotationZXY(upper.elbow_flexion, 0.0, 0.0);
    forearm.translation = arm * Eigen::Vector3d(0.0, -anthropometry.upper_arm_length, 0.0);
  }
}

}  // namespace medius::capture
