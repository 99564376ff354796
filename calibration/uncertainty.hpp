#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "calibration/rig_covariance.hpp"
#include "core/camera_rig.hpp"
#include "core/parallel.hpp"

namespace medius::calibration {

/// How a point triangulated from all cameras that see it depends on what they measure and on how
/// they are calibrated.
struct PointSensitivity {
  std::size_t cameras = 0;        ///< that see it
  Eigen::Matrix3d by_noise;       ///< m^2 for unit pixel sigma: (J^T J)^-1
  Eigen::MatrixXd by_parameters;  ///< [3, size] metres per unit of each camera parameter
};

/// @param sees  [cameras] whether a camera may be used for this point; empty: all whose image holds
///              it.
/// @return nullopt where fewer than two cameras see the point or their rays are parallel.
std::optional<PointSensitivity> SensitivityOf(const CameraRig& rig, const CameraLayout& layout,
                                              const Eigen::Vector3d& x_in_lab,
                                              const std::vector<bool>& sees = {});

/// Expected covariance of a triangulated point, lab frame, m^2.
struct PointUncertainty {
  Eigen::Vector3d x_in_lab;
  std::size_t cameras = 0;      ///< that see it; fewer than 2: both covariances are NaN
  Eigen::Matrix3d calibration;  ///< by the covariance of the rig, in its gauge
  Eigen::Matrix3d total;        ///< and by the noise of the sightings
};

/// Uncertainty at places of the lab, all cameras that see each taken together.
/// @param covariance  in the gauge that matters: RigGauge::kCameraCentres for distances within the
///                    volume.
/// @param sigma       of a sighting's coordinate, pixels.
std::vector<PointUncertainty> MapUncertainty(const CameraRig& rig, const RigCovariance& covariance,
                                             const std::vector<Eigen::Vector3d>& places,
                                             double sigma, Parallelism parallelism);

}  // namespace medius::calibration
