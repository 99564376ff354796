#pragma once

#include <limits>
#include <span>

#include <Eigen/Core>

#include "core/rigid_transform.hpp"

namespace medius::analysis {

/// Where a cluster's scatter off its best line, over its scatter along it (rms), is below this, the
/// turn about the line is not to be had from its markers.
inline constexpr double kCollinearRatio = 0.01;

enum class RigidFitStatus {
  kFitted,
  kTooFewMarkers,  ///< fewer than three markers are present in both sets
  kCollinear,      ///< the markers lie on one line, see kCollinearRatio
};

/// How a rigid body stands in space, from its markers.
struct RigidFit {
  RigidFitStatus status = RigidFitStatus::kTooFewMarkers;
  RigidTransform target_from_local;                       ///< NaN unless fitted
  double rms = std::numeric_limits<double>::quiet_NaN();  ///< metres, over the markers present
  std::size_t marker_count = 0;                           ///< markers present
  /// A^-1 with A = sum(|r|^2 I - r r^T), r the fitted markers about their centroid, target axes;
  /// 1/m^2. Times the variance of a marker coordinate it is the covariance of the rotation error.
  Eigen::Matrix3d inverse_inertia;

  [[nodiscard]] bool fitted() const { return status == RigidFitStatus::kFitted; }
};

/// The rotation and translation that bring local points nearest to measured ones in least squares.
///
/// The best rotation starts as the dominant eigenvector of Horn's 4x4 matrix (by Newton on its
/// characteristic polynomial, which always gives a proper rotation, also for a plane of markers)
/// and is then polished by Newton steps on the rotation itself, to rounding.
///
/// @param local     points in the body's frame, metres.
/// @param measured  the same points as seen, metres; one with a NaN is left out, as is one whose
///                  local point has a NaN.
/// @return status kTooFewMarkers or kCollinear (transform NaN) where no pose can be had.
/// Source: Soderkvist & Wedin 1993, J Biomech 26:1473 (the problem; also Kabsch 1976); Horn 1987,
/// JOSA A 4:629 (quaternion matrix); Theobald 2005, Acta Cryst A61:478 (its largest root).
[[nodiscard]] RigidFit FitRigid(std::span<const Eigen::Vector3d> local,
                                std::span<const Eigen::Vector3d> measured);

/// Covariance of the small rotation d (target axes, radians; true = exp([d]x) fitted) that errors
/// of the markers cause, to first order: A^-1 (sum [r]x C [r]x^T) A^-1.
///
/// @param measured    as given to FitRigid; its present markers decide which ones count.
/// @param covariance  of each measured marker, metres^2, independent of each other.
/// @return NaN where the fit has no pose.
[[nodiscard]] Eigen::Matrix3d RotationCovariance(const RigidFit& fit,
                                                 std::span<const Eigen::Vector3d> local,
                                                 std::span<const Eigen::Vector3d> measured,
                                                 std::span<const Eigen::Matrix3d> covariance);

}  // namespace medius::analysis
