#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "calibration/result.hpp"
#include "calibration/uncertainty.hpp"
#include "core/parallel.hpp"
#include "core/rigid_transform.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// A frame to look at a rig in: Z up, origin amid the places where targets were.
struct ViewFrame {
  RigidTransform view_from_lab;
  /// The lab frame's own Z is up (the rig stands on its floor). Otherwise "up" is the mean upward
  /// direction of the images, which is right for cameras that stand upright, and heights are from
  /// the lowest place of a target.
  bool is_lab = false;
};

/// @param lab_is_on_floor  that the lab frame is that of the design: Z up, origin on the floor.
ViewFrame MakeViewFrame(const TargetObservations& observations, const CalibrationResult& result,
                        bool lab_is_on_floor);

/// Expected precision at one place.
struct PlacePrecision {
  Eigen::Vector3d x_in_view;                                ///< metres, frame of ViewFrame
  std::size_t cameras = 0;                                  ///< whose image holds it
  double sigma = std::numeric_limits<double>::quiet_NaN();  ///< metres, root of the trace of total
  double sigma_calibration = std::numeric_limits<double>::quiet_NaN();  ///< its share by the rig
  Eigen::Vector3d axis_sd;     ///< metres, descending: semi-axes of the ellipsoid of one sd
  Eigen::Matrix3d axes;        ///< columns, view frame, in that order
  Eigen::Matrix3d covariance;  ///< m^2, view frame, total
};

/// Places at one height, row by row.
struct PrecisionSlice {
  double height = 0.0;                 ///< metres, view frame
  std::vector<PlacePrecision> places;  ///< [rows * columns], x fastest
};

/// Expected precision of one marker seen once by all cameras whose image holds it, over the box in
/// which targets were (between the 2nd and 98th percentile of their points, on each axis).
///
/// Errors count against the volume as a body: of what the calibration has wrong is taken off, at
/// each place, the rigid motion that best fits all places (an inner constraint on them; Baarda
/// 1973). Such a motion changes no distance and no angle within the volume, and a floor that is
/// found with the same cameras moves with it. The result does not depend on the gauge of the
/// covariance.
struct VolumePrecision {
  Eigen::Vector3d least;  ///< metres, view frame
  Eigen::Vector3d most;
  int columns = 0;                     ///< along x
  int rows = 0;                        ///< along y
  std::vector<PrecisionSlice> slices;  ///< three heights, lowest first
  double noise_px = 0.0;               ///< sd of a sighting's coordinate that was taken
  /// Over the places that two cameras or more see, metres; NaN where there is none.
  double median = std::numeric_limits<double>::quiet_NaN();
  double percentile90 = std::numeric_limits<double>::quiet_NaN();
  double median_calibration = std::numeric_limits<double>::quiet_NaN();
  double percentile90_calibration = std::numeric_limits<double>::quiet_NaN();
  double seen_share = 0.0;  ///< of places that two cameras or more see
};

/// @pre the result has a rig and its covariance.
VolumePrecision PrecisionInVolume(const TargetObservations& observations,
                                  const CalibrationResult& result, const ViewFrame& frame,
                                  double noise_px, Parallelism parallelism);

/// Sd of a sighting's coordinate, pixels, from the residuals of the used sightings and the degrees
/// of freedom; CalibrationResult::sigma is that only where no sigmas were stated.
double NoisePixels(const TargetObservations& observations, const CalibrationResult& result);

}  // namespace medius::calibration
