#pragma once

#include <array>
#include <cstdint>

#include <Eigen/Core>

#include "core/camera_rig.hpp"

namespace medius::reconstruct {

/// Most views of one point, which are held in arrays of fixed size: as many cameras as a rig may
/// have here.
inline constexpr int kMaxViews = 64;

/// Some of the views of a point: bit i stands for view i.
using ViewSet = std::uint64_t;

/// One sighting of a point, ready for fitting.
struct View {
  const Camera* camera;
  Eigen::Vector3d centre;     ///< of projection, lab, metres
  Eigen::Vector3d direction;  ///< unit, lab, approximate
  double delay;               ///< seconds from the frame's time to this exposure
  Eigen::Vector3d shift;      ///< the point's way from the frame's time to this exposure, metres
  double x;                   ///< pixels, distorted as seen
  double y;
  double weight;  ///< 1 / sigma, 1 / px
};

struct Views {
  std::array<View, kMaxViews> view;
  int count = 0;

  [[nodiscard]] ViewSet All() const {
    return count == kMaxViews ? ~ViewSet{0} : (ViewSet{1} << count) - 1;
  }
};

enum class FitOutcome { kConverged, kBehindCamera, kNotConverged };

/// A point fitted to some views, and what the tests of its views need.
struct PointFit {
  FitOutcome outcome;
  Eigen::Vector3d position;    ///< lab, metres
  Eigen::Matrix3d covariance;  ///< inverse of J^T W J, metres^2
  double chi2;                 ///< sum of squared residuals over sigma
  ViewSet used;
  /// Residuals over sigma and their derivative by the point, at the place of each used view.
  std::array<Eigen::Vector2d, kMaxViews> residual;
  std::array<Eigen::Matrix<double, 2, 3>, kMaxViews> jacobian;
};

/// Pixels, mean of both axes: how an angle, or a length over its distance, becomes pixels.
[[nodiscard]] inline double MeanFocalLength(const Camera& camera) {
  return 0.5 * (camera.model.intrinsics()[0] + camera.model.intrinsics()[1]);
}

/// Calls body(i) for each view of a set, in rising order.
template <typename Body>
void ForEachView(ViewSet set, const Body& body) {
  for (; set != 0; set &= set - 1) body(__builtin_ctzll(set));
}

/// Square of the largest sine between the rays of two of the views: 0 where all are parallel or
/// opposite, which tells nothing about the depth either way.
[[nodiscard]] double LargestSquaredSine(const Views& views, ViewSet used);

/// Point closest to the rays in the sense of least squares over sigma (their "midpoint").
[[nodiscard]] Eigen::Vector3d PointNearestRays(const Views& views, ViewSet used);

/// Maximum-likelihood point of the views given: Gauss-Newton on distorted pixels from `start`, with
/// Levenberg's damping where a step does not reduce the error. Fills `fit`.
/// @param give_up_chi2  stops as kNotConverged once it is clear that chi2 stays above this.
/// Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., sections 12.2 and A6.2.
void FitPoint(const Views& views, ViewSet used, const Eigen::Vector3d& start, double give_up_chi2,
              PointFit* fit);

/// By how much chi2 would fall without view i: chi-square with 2 degrees of freedom where the view
/// is good. The fit must have three views or more.
/// Source: deletion formula of linear least squares (Cook & Weisberg 1982, section 2.2).
[[nodiscard]] double ReductionWithout(const PointFit& fit, int i);

/// True where no view contradicts the others: every ReductionWithout, or chi2 itself where there
/// are two views, is at most `limit`.
[[nodiscard]] bool ViewsAgree(const PointFit& fit, double limit);

}  // namespace medius::reconstruct
