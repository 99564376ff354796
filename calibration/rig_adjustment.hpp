#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "calibration/free_points.hpp"
#include "core/camera_rig.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"

namespace medius::calibration {

/// How much of a camera's pose an adjustment may change.
enum class PoseFreedom {
  kHeld,
  kTurn,  ///< about its centre of projection
  kAll
};

/// Which parts of each camera an adjustment may change.
struct FreeParts {
  std::vector<PoseFreedom> pose;   ///< [cameras]
  std::vector<std::uint8_t> zoom;  ///< [cameras] both focal lengths by one factor

  [[nodiscard]] static FreeParts Poses(std::size_t cameras, PoseFreedom freedom) {
    return {std::vector<PoseFreedom>(cameras, freedom), std::vector<std::uint8_t>(cameras, 0)};
  }
};

/// [P, n] how the free parts move the parameters of LayoutOf(rig, columns); zooms where the columns
/// are IntrinsicColumns::kZoom only.
[[nodiscard]] Eigen::MatrixXd FreeDirections(const CameraRig& rig, const FreeParts& free,
                                             IntrinsicColumns columns);

/// A rig adjusted to points of which nothing is known.
struct AdjustedRig {
  CameraRig rig;
  double scale = 1.0;  ///< ResidualScale at the end
  int iterations = 0;
  bool converged = false;
};

/// Fits the free parts of a rig, and all points, to the sightings: Gauss-Newton with the points
/// eliminated, Geman and McClure's loss of a scale that follows the median residual; then
/// sightings beyond four times that scale are left out (weight 0, the others 1) and plain least
/// squares ends it. Covariances are handed on as they are.
///
/// Directions that the sightings do not determine (the rig as a whole, its size) are held by a
/// weak pull towards `rig`: 3 degrees, 100 mm, 1 % of the focal length.
/// @param start  [as rig] where to begin.
AdjustedRig AdjustRig(const CameraRig& rig, const CameraRig& start, const FreeParts& free,
                      Parallelism parallelism, const WorkControl& control, FreePoints* points);

/// The last part of it: sightings are chosen by their residuals about `start` where `choose`, else
/// the weights stand; least squares.
AdjustedRig AdjustRigWithWeights(const CameraRig& rig, const CameraRig& start,
                                 const FreeParts& free, bool choose, Parallelism parallelism,
                                 const WorkControl& control, FreePoints* points);

/// What takes `before` to `after`, in the columns of LayoutOf: change of the intrinsics (or the
/// logarithm of the ratio of the focal lengths), rotation vector on the left, translation.
[[nodiscard]] Eigen::VectorXd DifferenceOf(const CameraRig& before, const CameraRig& after,
                                           IntrinsicColumns columns);

/// Applies a change in the columns of LayoutOf(rig, IntrinsicColumns::kZoom).
[[nodiscard]] CameraRig MovedRig(CameraRig rig, const Eigen::VectorXd& change);

}  // namespace medius::calibration
