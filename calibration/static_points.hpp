#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "calibration/ray_matching.hpp"
#include "core/camera_rig.hpp"
#include "core/ids.hpp"
#include "core/observations.hpp"

namespace medius::calibration {

/// How points that stand still are found in a trial.
struct StaticPointOptions {
  RayMatchOptions matching;
  double reach = 0.015;          ///< metres; sightings of one point over time stay this near
  double least_share = 0.5;      ///< of the frames in which a point must be found
  std::size_t max_frames = 300;  ///< looked at, spread over those given

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// A point that stands still: each camera's median pixel over the frames, triangulated.
struct StaticPoint {
  Eigen::Vector3d x_in_lab;         ///< metres
  Eigen::Matrix3d covariance;       ///< m^2 for pixels of 1 px sigma
  double rms_px = 0.0;              ///< of the lengths of the residuals of the median pixels
  std::vector<CameraId> cameras;    ///< that saw it, ascending
  std::vector<Eigen::Vector2d> xy;  ///< [cameras] median pixels
  std::size_t frames = 0;           ///< in which it was found
  double spread = 0.0;              ///< metres rms about its median place, over the frames
};

/// Points that stand still in a block of unlabelled sightings (labels are not looked at), most
/// frames first.
/// @param block  cameras in the order of the rig.
/// @throws InputError where options are out of range.
[[nodiscard]] std::vector<StaticPoint> FindStaticPoints(const CameraRig& rig,
                                                        const ObservationBlock& block,
                                                        const StaticPointOptions& options);

/// The same for one label: nothing needs to be matched. The point is missing (no frames) where
/// fewer than two cameras saw it often enough.
[[nodiscard]] StaticPoint FindStaticPoint(const CameraRig& rig, const ObservationBlock& block,
                                          std::int16_t label, const StaticPointOptions& options);

/// Standard deviation of a median pixel's coordinate that the residuals of these points speak of,
/// pixels; it holds what does not average over time (the lens model, the rig). At least
/// `least`.
[[nodiscard]] double SigmaOf(const std::vector<StaticPoint>& points, double least);

}  // namespace medius::calibration
