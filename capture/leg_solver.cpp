#include "capture/leg_solver.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/LU>

namespace medius::capture {
namespace {

// Up to here an ankle is reached exactly; beyond, the leg gives way smoothly (twice differentiable)
// and never straightens beyond the sum of both.
constexpr double kFreeReach = 0.970;
constexpr double kGiveWay = 0.027;

double SoftReach(double reach, bool gives_way) {
  constexpr double kStraight = 0.99999;
  if (!gives_way) return std::min(reach, kStraight);
  if (reach <= kFreeReach) return reach;
  return kFreeReach + kGiveWay * std::tanh((reach - kFreeReach) / kGiveWay);
}

struct Turned {  // a vector turned by Rz(angle) and its derivative by the angle
  Eigen::Vector3d value;
  Eigen::Vector3d derivative;
};

Turned TurnZ(double angle, const Eigen::Vector3d& v) {
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  return {{c * v.x() - s * v.y(), s * v.x() + c * v.y(), v.z()},
          {-s * v.x() - c * v.y(), c * v.x() - s * v.y(), 0.0}};
}

}  // namespace

Eigen::Matrix3d RotationZXY(double z, double x, double y) {
  const double cz = std::cos(z), sz = std::sin(z);
  const double cx = std::cos(x), sx = std::sin(x);
  const double cy = std::cos(y), sy = std::sin(y);
  Eigen::Matrix3d rotation;
  rotation << cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy,  //
      sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy,           //
      -cx * sy, sx, cx * cy;
  return rotation;
}

SolvedLeg PoseLeg(const LegTask& task, double hip_flexion, double knee_flexion) {
  SolvedLeg leg;
  leg.hip_flexion = hip_flexion;
  leg.knee_flexion = knee_flexion;
  leg.lab_from_thigh =
      task.lab_from_pelvis * RotationZXY(hip_flexion, task.hip_frontal, task.hip_axial);
  leg.lab_from_shank =
      leg.lab_from_thigh * RotationZXY(-knee_flexion, task.knee_frontal, task.knee_axial);
  leg.knee = task.hip - task.thigh_length * leg.lab_from_thigh.col(1);
  leg.ankle = leg.knee - task.shank_length * leg.lab_from_shank.col(1);
  return leg;
}

SolvedLeg SolveLeg(const LegTask& task) {
  // In the frame that hip flexion turns, the thigh points to thigh_axis and the shank to
  // hip_turn * Rz(-knee flexion) * shank_axis, both upwards.
  const Eigen::Matrix3d hip_turn = RotationZXY(0.0, task.hip_frontal, task.hip_axial);
  const Eigen::Vector3d thigh_axis = task.thigh_length * hip_turn.col(1);
  const Eigen::Vector3d shank_axis =
      task.shank_length *
      Eigen::Vector3d(0.0, std::cos(task.knee_frontal), std::sin(task.knee_frontal));
  const Eigen::Matrix<double, 2, 3> sagittal = task.lab_from_pelvis.topRows<2>();

  Eigen::Vector2d wanted = task.hip.head<2>() - task.ankle;  // ankle to hip
  const double thigh = thigh_axis.head<2>().norm();
  const double shank = task.shank_length * std::cos(task.knee_frontal) * std::cos(task.hip_frontal);
  const double reach = wanted.norm() / (thigh + shank);
  wanted *= SoftReach(reach, task.gives_way) / reach;

  // Start: the leg in the sagittal plane, by the law of cosines.
  const double distance = wanted.norm();
  const double cos_knee =
      (distance * distance - thigh * thigh - shank * shank) / (2.0 * thigh * shank);
  double knee = std::acos(std::clamp(cos_knee, -1.0, 1.0));
  const double tilt = std::atan2(sagittal(1, 0), sagittal(1, 1));
  const double lean = std::atan2(-wanted.x(), wanted.y());  // of the hip-ankle line, ankle forward
  double hip = lean + std::asin(std::clamp(shank * std::sin(knee) / distance, -1.0, 1.0)) - tilt;

  for (int iteration = 0; iteration < 12; ++iteration) {
    const Turned shank_in_thigh = TurnZ(-knee, shank_axis);
    const Eigen::Vector3d leg = thigh_axis + hip_turn * shank_in_thigh.value;
    const Turned turned = TurnZ(hip, leg);
    const Turned turned_by_knee = TurnZ(hip, -(hip_turn * shank_in_thigh.derivative));
    const Eigen::Vector2d error = sagittal * turned.value - wanted;
    if (error.squaredNorm() < 1e-24) break;
    Eigen::Matrix2d jacobian;
    jacobian.col(0) = sagittal * turned.derivative;
    jacobian.col(1) = sagittal * turned_by_knee.value;
    const double determinant = jacobian.determinant();
    if (std::abs(determinant) < 1e-9) break;  // the straight leg; kept away from by SoftReach
    const Eigen::Vector2d step = jacobian.inverse() * error;
    hip -= std::clamp(step.x(), -0.5, 0.5);
    knee = std::max(1e-3, knee - std::clamp(step.y(), -0.5, 0.5));
  }

  SolvedLeg leg = PoseLeg(task, hip, knee);
  leg.reach = reach;
  return leg;
}

}  // namespace medius::capture
