#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "core/camera_model.hpp"
#include "core/ids.hpp"
#include "core/rigid_transform.hpp"

namespace medius {

/// One calibrated camera.
struct Camera {
  std::string name;
  int width = 0;   ///< pixels
  int height = 0;  ///< pixels
  CameraModel model;
  RigidTransform camera_from_lab;
  /// Seconds by which this camera's exposure comes after the time stamp of its frame.
  double time_offset = 0.0;
  /// [P,P] of (intrinsics, rotation vector, translation); absent where the calibration gave none.
  std::optional<Eigen::MatrixXd> covariance;
  /// Growth of time_offset, seconds per second of time stamp; 0 where the clocks run alike.
  double time_drift = 0.0;
  /// Seconds from the exposure of one row to that of the next (rolling shutter; > 0: the upper row
  /// comes first). time_offset is that of the middle row.
  double line_time = 0.0;

  /// Seconds from the time stamp of a frame to the exposure of the row y (pixels).
  [[nodiscard]] double ExposureDelay(double time_stamp, double y) const {
    return time_offset + time_drift * time_stamp + line_time * (y - 0.5 * (height - 1));
  }

  /// Pixel of a lab point (metres), nullopt as CameraModel::Project. May lie outside the image.
  [[nodiscard]] std::optional<Eigen::Vector2d> Project(const Eigen::Vector3d& x_in_lab) const {
    return model.Project(camera_from_lab * x_in_lab);
  }
  /// Centre of projection in the lab, metres.
  [[nodiscard]] Eigen::Vector3d CentreInLab() const {
    return camera_from_lab.Inverse().translation;
  }
  /// True where the pixel lies on the sensor: [-0.5, width - 0.5) x [-0.5, height - 0.5).
  [[nodiscard]] bool IsInImage(const Eigen::Vector2d& xy) const {
    return xy.x() >= -0.5 && xy.y() >= -0.5 && xy.x() < width - 0.5 && xy.y() < height - 0.5;
  }
};

/// The cameras of a lab in one common frame.
struct CameraRig {
  std::vector<Camera> cameras;
  /// [P,P] of all cameras at once: for each camera in turn what Camera::covariance has (intrinsics,
  /// rotation vector w with R <- exp(w) R, translation), whose blocks stand on its diagonal. The
  /// motion of the rig as a whole is left out of it: the small motion that best fits the change of
  /// the cameras' centres and directions (an inner constraint; Baarda 1973). Absent where the
  /// calibration gave none.
  std::optional<Eigen::MatrixXd> joint_covariance = std::nullopt;
  /// What the lab frame is, one line: "floor (L-frame)", or "camera cam1" where the rig was never
  /// put on a floor and stands in the frame of that camera; empty where nobody said.
  std::string lab_frame = {};

  [[nodiscard]] std::optional<CameraId> Find(std::string_view name) const;
  [[nodiscard]] const Camera& operator[](CameraId id) const { return cameras.at(id.index()); }
};

/// Number of parameters of each camera in CameraRig::joint_covariance, summed.
[[nodiscard]] int JointParameterCount(const CameraRig& rig);

/// True where the rig says that it stands in the frame of one of its cameras: its Z is not up.
[[nodiscard]] bool IsInCameraFrame(const CameraRig& rig);

/// The same rig with another lab frame, of which lab_frame says nothing; covariances go with it.
[[nodiscard]] CameraRig InLabFrame(CameraRig rig, const RigidTransform& new_lab_from_lab);

/// Checks what every reader of a rig must: at least one camera, unique non-empty names, positive
/// image sizes, proper rotations (1e-6), finite places, times and covariances of the right size.
/// @param where  the file, for the message.
/// @throws InputError that names the camera and the field.
void ValidateRig(const CameraRig& rig, std::string_view where);

}  // namespace medius
