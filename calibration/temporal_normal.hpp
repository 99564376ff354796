#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "calibration/rig_covariance.hpp"
#include "calibration/temporal_bundle.hpp"

namespace medius::calibration {

/// Columns of the cameras' numbers: those of CameraLayout, then three of timing a camera.
struct TemporalLayout {
  CameraLayout cameras;
  std::vector<int> timing_offset;  ///< [cameras] of (offset, drift, line time)
  int size = 0;
  /// [size] column among the free ones, -1 for a number that stays as it is.
  std::vector<int> column;
  int free_count = 0;
};

/// All of them held.
TemporalLayout MakeTemporalLayout(const RigState& rig);
/// @param free  [layout.size]
void SetFree(const std::vector<std::uint8_t>& free, TemporalLayout* layout);

/// The value of a camera's number by its place in the layout: an intrinsic or a timing. Not a pose.
double* NumberAt(const TemporalLayout& layout, int index, TemporalState* state);

/// The normal equations of cameras and knots: a band of knots, each tied to the next and to the
/// cameras (an arrow). Everything in units of its own standard deviation.
struct ArrowNormal {
  std::vector<KnotMatrix> diagonal;     ///< [knots]
  std::vector<KnotMatrix> next;         ///< [knots] by the knot after it
  std::vector<Eigen::MatrixXd> border;  ///< [knots] 12 x free cameras' numbers
  std::vector<KnotVector> g;            ///< [knots]
  Eigen::MatrixXd cameras;              ///< [free, free]
  Eigen::VectorXd cameras_g;            ///< [free]
};

/// The motion prior of one interval, where there is one, at unit power.
std::vector<MotionResidual> MotionResiduals(const TemporalData& data, const TemporalState& state);

/// Sum of the views' models and of what is known beforehand.
/// @param known  [layout.size] information that a camera's number is near 0; 0 for poses.
ArrowNormal BuildArrow(const TemporalData& data, const TemporalState& state,
                       const TemporalLayout& layout, const TemporalScales& scales,
                       const std::vector<double>& known,
                       const std::vector<TemporalViewNormal>& views,
                       const std::vector<MotionResidual>& motion);

/// The arrow with its knots eliminated one after the other.
struct ArrowFactor {
  std::vector<KnotMatrix> inverse;      ///< [knots] of each knot's block, those before it gone
  std::vector<KnotMatrix> next;         ///< [knots]
  std::vector<Eigen::MatrixXd> border;  ///< [knots]
  std::vector<KnotVector> g;            ///< [knots]
  Eigen::MatrixXd cameras;              ///< Schur complement: the information of the cameras
  Eigen::VectorXd cameras_g;
};

/// @param damping  diagonal entries are made larger by this share of themselves (Marquardt).
ArrowFactor EliminateKnots(const ArrowNormal& normal, double damping);

/// Steps of all numbers.
struct ArrowStep {
  bool valid = false;  ///< false where the cameras' information is not positive definite
  Eigen::VectorXd cameras;
  std::vector<KnotVector> knots;
};
ArrowStep SolveArrow(const ArrowFactor& factor);

/// Covariances of each knot and the one after it, the cameras being known: [24, 24] each, the
/// second half zero after the last knot.
using PairCovariance = Eigen::Matrix<double, 2 * kKnotSize, 2 * kKnotSize>;
std::vector<PairCovariance> KnotCovariances(const ArrowFactor& factor);

}  // namespace medius::calibration
