#include "analysis/pose_angles.hpp"

#include <cmath>

#include <Eigen/Geometry>

#include "analysis/joint_angles.hpp"

namespace medius::analysis {
namespace {

const Eigen::Vector3d kForward = Eigen::Vector3d::UnitX();
const Eigen::Vector3d kLeft = Eigen::Vector3d::UnitY();
const Eigen::Vector3d kUp = Eigen::Vector3d::UnitZ();

// [v]x w = v x w.
Eigen::Matrix3d CrossMatrix(const Eigen::Vector3d& v) {
  Eigen::Matrix3d m;
  m << 0.0, -v.z(), v.y(), v.z(), 0.0, -v.x(), -v.y(), v.x(), 0.0;
  return m;
}

// atan2(v . y, v . x) and how it changes with v.
struct DirectionAngle {
  DirectionAngle(const Eigen::Vector3d& v, const Eigen::Vector3d& y, const Eigen::Vector3d& x) {
    const double a = v.dot(y), b = v.dot(x);
    value = std::atan2(a, b);
    gradient = (b * y - a * x) / (a * a + b * b);
  }
  double value;
  Eigen::Vector3d gradient;
};

// The same of a segment's axis, and how it changes with a small turn of the segment: d moves v by
// d x v, and g . (d x v) = d . (v x g).
struct AxisAngle {
  AxisAngle(const Eigen::Vector3d& axis, const Eigen::Vector3d& y, const Eigen::Vector3d& x) {
    const DirectionAngle angle(axis, y, x);
    value = angle.value;
    gradient = axis.cross(angle.gradient);
  }
  double value;
  Eigen::Vector3d gradient;
};

double Variance(const Eigen::Vector3d& gradient, const Eigen::Matrix3d& covariance) {
  return gradient.dot(covariance * gradient);
}

Eigen::Vector3d ImageRight(double view_direction) {
  const Eigen::Vector3d looking(std::cos(view_direction), std::sin(view_direction), 0.0);
  const Eigen::Vector3d right = looking.cross(kUp);
  // From the front the image is mirrored, so that signs stay those of the runner.
  return looking.x() < 0.0 ? Eigen::Vector3d(-right) : right;
}

}  // namespace

Eigen::Matrix3d Pose::CovarianceAt(const Eigen::Vector3d& x_in_lab) const {
  const Eigen::Matrix3d arm = CrossMatrix(x_in_lab - centroid);
  return centroid_covariance + arm * rotation_covariance * arm.transpose();
}

PoseAngles::PoseAngles(const BodyModel& body, double view_direction)
    : body_(body), image_right_(ImageRight(view_direction)) {}

void PoseAngles::WritePelvis(const Pose& pelvis, const AngleSink& sink) const {
  if (!pelvis.known) return;
  const AngleTriple angles = PelvisAngles(pelvis.lab_from_segment.rotation,
                                          pelvis.rotation_covariance, body_.pelvis_order);
  for (Eigen::Index i = 0; i < 3; ++i) {
    sink(kObliquity + static_cast<std::size_t>(i), angles.value[i], angles.covariance(i, i));
  }
  if (!body_.standing) return;
  sink(kObliquityRelative, angles.value[0] - body_.standing->obliquity, angles.covariance(0, 0));
  sink(kTiltRelative, angles.value[1] - body_.standing->tilt, angles.covariance(1, 1));
}

void PoseAngles::WriteJoints(const Poses& poses, const AngleSink& sink) const {
  const auto joint = [&](std::size_t first, Segment proximal_segment, Segment distal_segment,
                         Side side, double flexion_sign) {
    const Pose& proximal = poses[IndexOf(proximal_segment)];
    const Pose& distal = poses[IndexOf(distal_segment)];
    if (!proximal.known || !distal.known) return;
    const AngleTriple angles = JointAngles(
        proximal.lab_from_segment.rotation, distal.lab_from_segment.rotation,
        proximal.rotation_covariance + distal.rotation_covariance, side, body_.joint_order);
    sink(first, flexion_sign * angles.value[0], angles.covariance(0, 0));
    sink(first + 1, angles.value[1], angles.covariance(1, 1));
    sink(first + 2, angles.value[2], angles.covariance(2, 2));
  };
  for (const Side side : kSides) {
    joint(HipIndex(side), Segment::kPelvis, ThighOf(side), side, 1.0);
    // A bent knee brings the shank backwards.
    joint(KneeIndex(side), ThighOf(side), ShankOf(side), side, -1.0);
    joint(AnkleIndex(side), ShankOf(side), FootOf(side), side, 1.0);
  }
}

void PoseAngles::WriteTrunk(const Pose& pelvis, const Pose& trunk, const AngleSink& sink) const {
  if (!pelvis.known || !trunk.known || !body_.mid_psis) return;
  const Eigen::Vector3d top = trunk.lab_from_segment.translation;
  const Eigen::Vector3d bottom = pelvis.lab_from_segment * *body_.mid_psis;
  const Eigen::Matrix3d covariance = trunk.CovarianceAt(top) + pelvis.CovarianceAt(bottom);
  const DirectionAngle lateral(top - bottom, -kLeft, kUp);
  const DirectionAngle forward(top - bottom, kForward, kUp);
  sink(kTrunkLateralLean, lateral.value, Variance(lateral.gradient, covariance));
  sink(kTrunkForwardLean, forward.value, Variance(forward.gradient, covariance));
}

void PoseAngles::WriteFoot(const Pose& foot, Side side, const AngleSink& sink) const {
  if (!foot.known) return;
  const Eigen::Vector3d outward = side == Side::kRight ? Eigen::Vector3d(-kLeft) : kLeft;
  const AxisAngle heading(foot.lab_from_segment.rotation.col(0), outward, kForward);
  sink(FootProgressionIndex(side), heading.value,
       Variance(heading.gradient, foot.rotation_covariance));
}

void PoseAngles::WriteProjections(const Poses& poses, const AngleSink& sink) const {
  const Pose& pelvis = poses[IndexOf(Segment::kPelvis)];
  if (!pelvis.known) return;
  const AxisAngle obliquity(pelvis.lab_from_segment.rotation.col(2), kUp, image_right_);
  const double of_pelvis = Variance(obliquity.gradient, pelvis.rotation_covariance);
  sink(kObliquity2d, obliquity.value, of_pelvis);
  for (const Side side : kSides) {
    const Pose& thigh = poses[IndexOf(ThighOf(side))];
    const Pose& shank = poses[IndexOf(ShankOf(side))];
    if (!thigh.known) continue;
    const double mirror = side == Side::kRight ? 1.0 : -1.0;
    // Lean of an axis to the runner's right; a pelvis with its right side up leans to the left.
    const AxisAngle lean(thigh.lab_from_segment.rotation.col(1), image_right_, kUp);
    const double of_thigh = Variance(lean.gradient, thigh.rotation_covariance);
    sink(HipAdduction2dIndex(side), mirror * (lean.value + obliquity.value), of_thigh + of_pelvis);
    if (!shank.known) continue;
    const AxisAngle below(shank.lab_from_segment.rotation.col(1), image_right_, kUp);
    sink(KneeProjection2dIndex(side), mirror * (below.value - lean.value),
         of_thigh + Variance(below.gradient, shank.rotation_covariance));
  }
}

void PoseAngles::Write(const Poses& poses, const AngleSink& sink) const {
  WritePelvis(poses[IndexOf(Segment::kPelvis)], sink);
  WriteJoints(poses, sink);
  WriteTrunk(poses[IndexOf(Segment::kPelvis)], poses[IndexOf(Segment::kTrunk)], sink);
  for (const Side side : kSides) WriteFoot(poses[IndexOf(FootOf(side))], side, sink);
  WriteProjections(poses, sink);
}

std::array<bool, kAngleCount> PoseAngles::Available() const {
  std::array<bool, kAngleCount> available = {};
  for (std::size_t i = 0; i < kFirstOptionalAngle; ++i) available[i] = true;
  const auto has = [this](Segment segment) { return body_[segment].available(); };
  for (const Side side : kSides) {
    const bool ankle = has(ShankOf(side)) && has(FootOf(side));
    for (std::size_t i = 0; i < 3; ++i) available[AnkleIndex(side) + i] = ankle;
    available[FootProgressionIndex(side)] = has(FootOf(side));
    available[HipAdduction2dIndex(side)] = has(ThighOf(side));
    available[KneeProjection2dIndex(side)] = has(ThighOf(side)) && has(ShankOf(side));
  }
  const bool trunk = has(Segment::kTrunk) && body_.mid_psis.has_value();
  available[kTrunkLateralLean] = available[kTrunkForwardLean] = trunk;
  available[kObliquity2d] = true;
  return available;
}

}  // namespace medius::analysis
