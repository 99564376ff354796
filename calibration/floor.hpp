#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "calibration/plausibility.hpp"
#include "calibration/static_points.hpp"
#include "calibration/view_normal.hpp"
#include "core/camera_rig.hpp"
#include "core/rigid_transform.hpp"

namespace medius::calibration {

/// How the lab frame (X the direction of running, Y the runner's left, Z up, the floor at z = 0) is
/// made of what was found on the floor.
struct FloorOptions {
  PlausibilityOptions plausibility;
  /// The lab's axes turned about Z from those that were found, counter-clockwise from above,
  /// radians.
  double turn = 0.0;
  /// Place of the lab's origin in the frame that was found, metres.
  Eigen::Vector3d origin = Eigen::Vector3d::Zero();
  /// Metres, 1 sd of each coordinate: how well the places of markers on an L-frame or on the floor
  /// are known (manufacture, unevenness), beside the noise of the cameras.
  double point_sd = 0.0003;
  double least_sigma_px = 0.05;  ///< of a pixel averaged over time; residuals may say more

  /// @throws InputError that names the field that is out of range.
  void Validate(const CameraRig& rig) const;
};

enum class FloorStatus {
  kFound,
  kNotFound,     ///< the input does not show what the floor was to be made of
  kImplausible,  ///< found, but the world would be wrong: see RigDoubt
};

/// A point that the floor rests on, in the new lab frame.
struct FloorPoint {
  std::string name;
  Eigen::Vector3d found;  ///< metres
  /// Where it should be; NaN where nothing was stated.
  Eigen::Vector3d stated = Eigen::Vector3d::Constant(std::numeric_limits<double>::quiet_NaN());
  std::vector<CameraId> cameras;  ///< that saw it
  double rms_px = 0.0;            ///< of the lengths of the residuals
};

/// A distance that was stated, and what it is in the world of the rig.
struct FloorDistance {
  std::string from;
  std::string to;
  double stated = 0.0;  ///< metres
  double found = 0.0;   ///< metres
};

/// How a treadmill's belt moves.
struct BeltMotion {
  double speed = 0.0;     ///< m/s
  double speed_sd = 0.0;  ///< of the mean
  std::size_t tracks = 0;
  double extent_along = 0.0;   ///< metres
  double extent_across = 0.0;  ///< metres, between the outermost tracks
};

/// A lab frame, what it rests on, and whether it can be.
struct FloorResult {
  FloorStatus status = FloorStatus::kNotFound;
  std::string sentence;  ///< where not found or implausible: what, why, what to do
  std::string source;    ///< "L-frame", "board", "three points", "belt"
  RigidTransform lab_from_old;
  /// [6,6] how the found frame may be turned (rotation vector, radians) and shifted (metres) from
  /// the true one, about the axes of the lab.
  Matrix6 covariance = Matrix6::Zero();
  bool has_rig_covariance = false;  ///< the rig's own covariance is part of it
  std::vector<FloorPoint> points;
  std::vector<FloorDistance> distances;
  std::optional<ScaleCheck> scale;
  std::optional<BeltMotion> belt;
  /// Metres rms of the points' heights over where they should be; NaN where three points alone
  /// make the plane.
  double plane_rms = std::numeric_limits<double>::quiet_NaN();
  double sigma_px = std::numeric_limits<double>::quiet_NaN();  ///< of a pixel's coordinate
  std::vector<RigDoubt> findings;
  std::vector<std::string> warnings;

  /// Standard deviations about (and along) X, Y, Z: radians and metres.
  [[nodiscard]] Eigen::Vector3d RotationSd() const {
    return covariance.diagonal().head<3>().cwiseSqrt();
  }
  [[nodiscard]] Eigen::Vector3d OriginSd() const {
    return covariance.diagonal().tail<3>().cwiseSqrt();
  }
};

/// Three points on the floor: the origin, one in the direction of running from it, one to its left
/// (any distance; it only fixes the plane and its side).
/// @param names   of the three, for messages.
/// @param height  metres of the points (centres of markers) above the floor.
[[nodiscard]] FloorResult FloorFromThreePoints(const CameraRig& rig,
                                               std::span<const StaticPoint> points,
                                               const std::vector<std::string>& names, double height,
                                               const FloorOptions& options);

/// Three places that are known in the frame of the rig, without cameras.
[[nodiscard]] FloorResult FloorFromCoordinates(const CameraRig& rig,
                                               const std::vector<Eigen::Vector3d>& places,
                                               const FloorOptions& options);

/// The rig in the lab frame that was found.
[[nodiscard]] CameraRig OnFloor(const CameraRig& rig, const FloorResult& floor);

// What the kinds of floor share.

/// [3 N, 3 N] joint covariance of points by the noise of their pixels and by the rig's covariance,
/// m^2, in the frame of the rig; *has_rig tells whether the rig has one.
[[nodiscard]] Eigen::MatrixXd CovarianceOfPoints(const CameraRig& rig,
                                                 std::span<const StaticPoint> points,
                                                 double sigma_px, bool* has_rig);

/// Turns and shifts the frame that was found as options say, then asks whether it can be, and sets
/// status and sentence.
/// @param likely_cause  see CheckCamerasAbove.
void FinishFloor(const CameraRig& rig, const std::string& likely_cause, const FloorOptions& options,
                 FloorResult* floor);

/// A result of kNotFound.
[[nodiscard]] FloorResult NoFloor(std::string source, std::string sentence);

}  // namespace medius::calibration
