#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "calibration/bundle.hpp"
#include "calibration/bundle_adjustment.hpp"
#include "calibration/rig_covariance.hpp"
#include "calibration/view_normal.hpp"
#include "core/parallel.hpp"

namespace medius::calibration {

/// The normal equations of a whole calibration with the target poses eliminated: exact, and small
/// enough to invert. Standardized residuals, plain least squares.
struct ReducedNormal {
  using PoseCoupling = Eigen::Matrix<double, Eigen::Dynamic, 6, 0, kMaxLocal, 6>;

  CameraLayout layout;
  Eigen::MatrixXd matrix;              ///< [size, size] Schur complement: the Fisher information
  std::vector<Matrix6> pose_inverse;   ///< [poses] inverse of the target block
  std::vector<PoseCoupling> coupling;  ///< [views] camera parameters by target parameters
  double squared_residual = 0.0;       ///< sum of squared standardized residuals
  std::size_t residual_count = 0;      ///< two a sighting
  std::size_t used_poses = 0;          ///< poses that any used sighting touches
  /// Directions of all poses that the used sightings fix: 6 a board, 5 a wand of one line.
  std::size_t pose_rank = 0;
};

CameraLayout MakeLayout(const RigState& state);

ReducedNormal ReduceNormal(const BundleData& data, const std::vector<std::uint8_t>& use,
                           const RigState& state, Parallelism parallelism);

/// Adds what the pulls of HeldParameters know.
void AddPull(const RigState& state, const HeldParameters& held, ReducedNormal* normal);

/// [size] 1 where a parameter is free, by what is held.
std::vector<std::uint8_t> FreeParameters(const CameraLayout& layout, const RigState& state,
                                         const HeldParameters& held);

/// Inverse of the free rows, zero elsewhere.
struct FreeInverse {
  Eigen::MatrixXd matrix;  ///< [size, size]
  /// Largest variance over what it would be if all other parameters were known.
  double worst_inflation = 0.0;
  int worst_parameter = -1;
  bool regular = false;
};
FreeInverse InvertFree(const ReducedNormal& normal, const std::vector<std::uint8_t>& free);

/// Covariances of what the pixels of each view of a pose depend on, (intrinsics, bend if any,
/// rotation, translation of camera_from_target), for unit sigma.
/// @param camera_covariance  [size, size] as InvertFree gives it.
/// @return one matrix for each view of the pose, in the order of the data.
std::vector<LocalMatrix> LocalCovariances(const BundleData& data, const RigState& state,
                                          const ReducedNormal& normal,
                                          const Eigen::MatrixXd& camera_covariance,
                                          std::size_t pose);

}  // namespace medius::calibration
