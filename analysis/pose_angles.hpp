#pragma once

#include <array>
#include <functional>
#include <vector>

#include <Eigen/Core>

#include "analysis/angle_list.hpp"
#include "analysis/body_model.hpp"

namespace medius::analysis {

/// How one segment is placed in one frame and how well that is known.
struct Pose {
  bool known = false;
  RigidTransform lab_from_segment;
  Eigen::Matrix3d rotation_covariance;  ///< of its small rotation, lab axes, radians^2
  Eigen::Vector3d centroid;             ///< of the markers fitted, lab, metres
  Eigen::Matrix3d centroid_covariance;  ///< metres^2

  /// Covariance of the place of a point that the segment carries, metres^2.
  [[nodiscard]] Eigen::Matrix3d CovarianceAt(const Eigen::Vector3d& x_in_lab) const;
};
using Poses = std::array<Pose, kSegmentCount>;

/// Takes one angle: its index in AngleDescriptions(), value (radians) and variance (radians^2).
using AngleSink = std::function<void(std::size_t index, double value, double variance)>;

/// From the poses of one frame to every angle that they give.
class PoseAngles {
 public:
  /// @param body            kept by reference.
  /// @param view_direction  where the camera of the 2-D angles looks, radians from the lab's X
  ///                        about the upward axis; 0: from straight behind.
  PoseAngles(const BodyModel& body, double view_direction);

  void Write(const Poses& poses, const AngleSink& sink) const;

  /// By index in AngleDescriptions(): whether the body can have the angle at all.
  [[nodiscard]] std::array<bool, kAngleCount> Available() const;

 private:
  void WritePelvis(const Pose& pelvis, const AngleSink& sink) const;
  void WriteJoints(const Poses& poses, const AngleSink& sink) const;
  void WriteTrunk(const Pose& pelvis, const Pose& trunk, const AngleSink& sink) const;
  void WriteFoot(const Pose& foot, Side side, const AngleSink& sink) const;
  void WriteProjections(const Poses& poses, const AngleSink& sink) const;

  const BodyModel& body_;
  Eigen::Vector3d image_right_;  // of the 2-D angles: the runner's right
};

}  // namespace medius::analysis
