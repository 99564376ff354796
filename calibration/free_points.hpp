#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "calibration/rig_covariance.hpp"
#include "core/camera_rig.hpp"
#include "core/parallel.hpp"

namespace medius::calibration {

/// One sighting of a point of which nothing is known but that several cameras saw it.
struct PointSighting {
  std::uint32_t camera = 0;
  Eigen::Vector2d xy;          ///< pixels, distorted as seen
  double inverse_sigma = 1.0;  ///< 1 / pixels
  double delay = 0.0;          ///< seconds of its exposure after the mean of those of the point
  Eigen::Vector3d direction;   ///< unit, camera frame
  double weight = 1.0;         ///< of the robust fit, 0 for a sighting that is left out
  double squared = 0.0;        ///< squared standardized residual, of the last fit
};

/// A point at one instant.
struct FreePoint {
  std::size_t sample = 0;  ///< index of the instant
  std::size_t begin = 0;   ///< range of FreePoints::sightings
  std::size_t end = 0;
  Eigen::Vector3d x_in_lab = Eigen::Vector3d::Zero();  ///< metres
  Eigen::Vector3d velocity = Eigen::Vector3d::Zero();  ///< metres per second
  bool usable = false;                                 ///< the last fit succeeded
};

/// Points by ascending sample, each with its sightings.
struct FreePoints {
  std::vector<FreePoint> points;
  std::vector<PointSighting> sightings;
  std::size_t samples = 0;  ///< number of instants
  /// Metres per second: 1 sd of each coordinate of a point's velocity where cameras expose at
  /// different times; 0 where they expose at once and no velocity matters.
  double speed = 0.0;

  [[nodiscard]] std::span<PointSighting> Of(const FreePoint& point) {
    return std::span(sightings).subspan(point.begin, point.end - point.begin);
  }
  [[nodiscard]] std::span<const PointSighting> Of(const FreePoint& point) const {
    return std::span(sightings).subspan(point.begin, point.end - point.begin);
  }
  /// Those of every stride-th instant.
  [[nodiscard]] FreePoints EverySample(std::size_t stride) const;
};

/// Geman and McClure's weight of a squared standardized residual s: (1 + s / c^2)^-2. Redescending:
/// what is wrongly matched ends without a say.
[[nodiscard]] inline double GemanMcClureWeight(double s, double c) {
  const double q = 1.0 / (1.0 + s / (c * c));
  return q * q;
}

/// Fits one point to its sightings by Gauss-Newton on pixels, with the rig held.
/// @param robust_scale  of GemanMcClureWeight, whose weights are written; 0: the weights stand.
/// @param start         false: from the middle of the rays; true: from where the point is.
/// @return false, and the point not usable, where fewer than two sightings have a weight, the rays
///         are parallel or the point comes to lie behind a camera.
bool FitFreePoint(const CameraRig& rig, double robust_scale, bool start, FreePoints* points,
                  std::size_t index);

/// Fits all of them.
void FitFreePoints(const CameraRig& rig, double robust_scale, Parallelism parallelism,
                   FreePoints* points);

/// Robust estimate of how many times larger the residuals are than their sigmas say: from the
/// median of the squared residuals; 1 where there are none.
[[nodiscard]] double ResidualScale(const FreePoints& points);

/// What the parameters of a camera are in a normal equation: its intrinsics or one relative change
/// of both focal lengths, and then its pose as CameraLayout has it.
enum class IntrinsicColumns { kAll, kZoom };

[[nodiscard]] CameraLayout LayoutOf(const CameraRig& rig, IntrinsicColumns columns);

/// The normal equation A d = b of all cameras from some points, these eliminated (Schur
/// complement), about the present rig and points.
struct RigNormal {
  Eigen::MatrixXd A;
  Eigen::VectorXd b;
};

/// @param first, last  range of points.
RigNormal NormalOfPoints(const CameraRig& rig, const FreePoints& points, const CameraLayout& layout,
                         IntrinsicColumns columns, std::size_t first, std::size_t last);

/// Splits the points into at most `count` runs of whole samples, of about as many samples each.
/// @return [runs + 1] indices of points.
[[nodiscard]] std::vector<std::size_t> SplitBySample(const FreePoints& points, std::size_t count);

/// One normal equation a run. The runs do not depend on the number of threads.
std::vector<RigNormal> NormalsOfRuns(const CameraRig& rig, const FreePoints& points,
                                     IntrinsicColumns columns, const std::vector<std::size_t>& runs,
                                     Parallelism parallelism);

/// The sum, in order.
RigNormal SumOf(const std::vector<RigNormal>& normals);

}  // namespace medius::calibration
