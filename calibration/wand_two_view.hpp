#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "calibration/wand_dots.hpp"
#include "core/rigid_transform.hpp"

namespace medius::calibration {

/// One marker in the images of two cameras: pixels from the image's centre over its width where the
/// lens is not known, else undistorted (x/z, y/z).
struct PairPoint {
  Eigen::Vector2d a;
  Eigen::Vector2d b;
};

/// The wand at one instant in two cameras, in each way that the labellings of both allow.
struct PairFrame {
  std::vector<std::vector<PairPoint>> matchings;  ///< [matchings][markers]
};

/// The epipolar geometry of two cameras.
struct EpipolarFit {
  Eigen::Matrix3d F;          ///< (b, 1)^T F (a, 1) = 0
  std::vector<int> matching;  ///< [frames] the one that fits, -1 where none does
  std::size_t inliers = 0;    ///< frames of which one does
  double median = 0.0;        ///< Sampson distance of the inliers' points, units of the points
  /// Median distance of the inliers' points from the one map of the image that fits them best:
  /// small where all of them lie in one plane, which says nothing about the cameras' places.
  double planar_median = 0.0;
};

/// Eight-point algorithm in a consensus search over frames and their matchings, then least squares
/// on all that agree. Seeded: the same input gives the same answer.
/// @param threshold  distance within which a point agrees, units of the points.
/// @return nullopt where there are fewer than 8 frames or fewer than 8 agree.
/// Source: Hartley, In defense of the eight-point algorithm, PAMI 1997; Fischler & Bolles 1981.
std::optional<EpipolarFit> FitEpipolar(const std::vector<PairFrame>& frames, double threshold,
                                       std::uint64_t seed);

/// How two cameras stand to each other, to scale.
struct TwoViewStart {
  double focal_a = 0.0;  ///< units of the points
  double focal_b = 0.0;
  RigidTransform b_from_a;  ///< metres: the wand's length gives the scale
  /// Relative spread of the wand's triangulated length, robust sd; infinite where there is none.
  double length_scatter = 0.0;
  double angle = 0.0;  ///< median angle between the two rays to a marker, radians
  /// The images fit only if one of the two is mirrored.
  bool mirrored = false;
};

/// Of all pairs of focal lengths, the one under which the wand is equally long everywhere and in
/// front of both cameras. (The closed form for the focal lengths fails where both axes meet, as
/// they do in a ring of cameras.)
TwoViewStart ScanFocals(const std::vector<PairFrame>& frames, const EpipolarFit& fit,
                        const std::vector<double>& focals_a, const std::vector<double>& focals_b,
                        const WandShape& shape);

}  // namespace medius::calibration
