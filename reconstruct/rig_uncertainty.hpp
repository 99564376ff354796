#pragma once

#include <span>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"

namespace medius::reconstruct {

/// How the uncertainty of a calibration reaches the points that are triangulated with it.
class RigUncertainty {
 public:
  explicit RigUncertainty(const CameraRig& rig);

  /// Whether the rig states its covariance: of all cameras at once, or of each alone.
  [[nodiscard]] bool known() const { return covariance_.size() > 0; }

  /// Covariance, metres^2, that the rig's own gives to a point seen by some cameras, all with one
  /// sigma: G S G^T with G the derivative of the least-squares point by the cameras' parameters.
  /// The motion of the rig as a whole is in none of it.
  /// @param position  lab, metres.
  /// @param cameras   two or more that the point was made of.
  /// @return zero where the rig states nothing; NaN where the rays do not determine the point.
  /// Source: implicit function theorem on the normal equations (Hartley & Zisserman, Multiple View
  /// Geometry, 2nd ed., section 5.2).
  [[nodiscard]] Eigen::Matrix3d At(const Eigen::Vector3d& position,
                                   std::span<const CameraId> cameras) const;

 private:
  CameraRig rig_;
  std::vector<int> first_;      // parameter of each camera
  Eigen::MatrixXd covariance_;  // [P,P]
};

/// The cameras named, in the order of the rig, with their part of the joint covariance.
[[nodiscard]] CameraRig SomeCameras(const CameraRig& rig, const std::vector<CameraId>& cameras);

}  // namespace medius::reconstruct
