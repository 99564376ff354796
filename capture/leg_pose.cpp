#include "capture/leg_pose.hpp"

#include <Eigen/Geometry>

#include "capture/anthropometry.hpp"

namespace medius::capture {
namespace {

constexpr double kToeOut = 0.10;  // rad, of the foot

// The segment of a side, given the left one; pairs stand left, right.
Segment OfSide(Segment left, Side side) {
  return static_cast<Segment>(static_cast<int>(left) + (side == Side::kRight ? 1 : 0));
}

}  // namespace

void SetLeg(Side side, const SolvedLeg& leg, const Eigen::Vector3d& hip, double foot_pitch,
            BodyPose& pose) {
  const Eigen::Matrix3d lab = LabFromAnatomical();
  const Eigen::Matrix3d foot = (Eigen::AngleAxisd(-Sign(side) * kToeOut, Eigen::Vector3d::UnitY()) *
                                Eigen::AngleAxisd(foot_pitch, Eigen::Vector3d::UnitZ()))
                                   .toRotationMatrix();
  pose[OfSide(Segment::kLeftThigh, side)] = {lab * leg.lab_from_thigh, InLab(hip)};
  pose[OfSide(Segment::kLeftShank, side)] = {lab * leg.lab_from_shank, InLab(leg.knee)};
  pose[OfSide(Segment::kLeftFoot, side)] = {lab * foot, InLab(leg.ankle)};
}

}  // namespace medius::capture
