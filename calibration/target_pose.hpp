#pragma once

#include <span>
#include <vector>

#include "calibration/bundle.hpp"
#include "calibration/view_normal.hpp"

namespace medius::calibration {

/// A camera that is known, and what it saw of a target.
struct PoseView {
  CameraModelKind kind = CameraModelKind::kBrownConrady5;
  const double* intrinsics = nullptr;
  RigidTransform camera_from_lab;
  std::span<const Sighting> sightings;
};

/// How well a target pose fits.
struct PoseFit {
  bool valid = false;         ///< false where a point lies behind a camera
  double cost = 0.0;          ///< half the sum of Cauchy losses at the scale asked for
  double median_error = 0.0;  ///< median standardized residual
};

/// Cost of a target pose at a given robust scale (standardized residuals).
PoseFit EvaluateTargetPose(std::span<const PoseView> views, const RigidTransform& lab_from_target,
                           double scale);

/// Moves a target pose to its best place, the cameras standing still: Levenberg-Marquardt with
/// Cauchy's loss, whose scale follows the median residual down to `least_scale`.
PoseFit RefineTargetPose(std::span<const PoseView> views, double least_scale, int iterations,
                         RigidTransform* lab_from_target);

}  // namespace medius::calibration
