#pragma once

#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include "calibration/free_points.hpp"
#include "core/camera_rig.hpp"

namespace medius::calibration {

/// A way in which a camera can differ from its calibration.
struct Suspicion {
  enum class Kind { kMoved, kZoomed };
  std::size_t camera = 0;
  Kind kind = Kind::kMoved;
  friend bool operator==(const Suspicion&, const Suspicion&) = default;
};

/// Numbers that a suspicion frees: 6 of a pose, 1 of a zoom.
[[nodiscard]] inline int FreedomOf(Suspicion::Kind kind) {
  return kind == Suspicion::Kind::kMoved ? 6 : 1;
}

/// Tests whether cameras are where the calibration says, as far as it knows.
///
/// Under the hypothesis that nothing moved, the camera parameters are those of the rig plus an
/// error of its covariance, and the sightings say A d = b. With L L^T the covariance, the score of
/// the present rig, A L (1 + L^T A L)^-1 taken out of it, has the covariance
/// V = A - A L (1 + L^T A L)^-1 L^T A, and the reduction of chi-square by freeing parameters S is
/// s_S^T V_SS^-1 s_S (a score test; Rao 1948, doi 10.1017/S0305004100023987).
class MoveTest {
 public:
  /// @param normal      about the rig `present`, in the columns of
  /// LayoutOf(IntrinsicColumns::kAll).
  /// @param covariance  [P,P] of the calibrated rig in the same columns.
  MoveTest(const CameraRig& rig, const CameraRig& present, const RigNormal& normal,
           const Eigen::MatrixXd& covariance);

  /// Whether cameras stand otherwise in a second part of a trial than in a first: the change d with
  /// A1 p = b1 and A2 (p + d) = b2 for one unknown p.
  /// @param first, second  normal equations of the parts about one rig, in the columns of
  ///                       LayoutOf(IntrinsicColumns::kZoom).
  /// @param sd             [7 cameras] of changes that are not to be found: mounts.
  static MoveTest OfChange(const RigNormal& first, const RigNormal& second,
                           const Eigen::VectorXd& sd);

  /// By how much chi-square falls when all these are freed; 0 for none.
  [[nodiscard]] double Reduction(const std::vector<Suspicion>& freed) const;

  /// What was freed, with its covariance: for kMoved the change of (rotation vector, translation),
  /// for kZoomed of log(focal length), in the order given.
  struct Estimate {
    Eigen::VectorXd value;
    Eigen::MatrixXd covariance;
  };
  [[nodiscard]] Estimate EstimateOf(const std::vector<Suspicion>& freed) const;

 private:
  MoveTest() = default;
  [[nodiscard]] static std::vector<int> ColumnsOf(const std::vector<Suspicion>& freed);

  Eigen::VectorXd score_;        // [7 cameras] zoom, rotation, translation of each
  Eigen::MatrixXd information_;  // V
};

/// The fewest suspicions that explain the sightings.
struct Explanation {
  std::vector<Suspicion> suspicions;
  /// [suspicions] by how much chi-square would rise without it.
  std::vector<double> reduction;
  /// [suspicions] cameras that explain nearly as much in its place: less than 12 of chi-square less
  /// beyond what chance gives each, odds of less than 400 to 1.
  std::vector<std::vector<std::size_t>> instead;
};

/// Frees what reduces chi-square by most beyond what chance would (a pose has 6 numbers to do so, a
/// zoom 1: each is compared with the reduction that chance exceeds with probability `alarm`); then
/// drops what became superfluous and exchanges what another explains better.
/// @param judged   [cameras] which may be suspected at all.
/// @param at_most  cameras.
/// @param alarm    probability by which chance may exceed the limit of one suspicion.
/// @param noise_freedom  degrees of freedom of the noise's estimate.
[[nodiscard]] Explanation Explain(const MoveTest& test, const std::vector<bool>& judged,
                                  std::size_t at_most, double alarm, double noise_freedom);

/// Probability that the sum of squares of `freedom` standard normal numbers, with a variance that
/// was estimated with noise_freedom, exceeds this. freedom is 1 or even.
/// Source: Abramowitz & Stegun 1964, 26.4.5, 26.6.4 and 26.7.3.
[[nodiscard]] double TailProbability(double reduction, int freedom, double noise_freedom);

}  // namespace medius::calibration
