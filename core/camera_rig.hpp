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

  [[nodiscard]] std::optional<CameraId> Find(std::string_view name) const;
  [[nodiscard]] const Camera& operator[](CameraId id) const { return cameras.at(id.index()); }
};

/// Checks what every reader of a rig must: at least one camera, unique non-empty names, positive
/// image sizes, proper rotations (1e-6), finite places and offsets.
/// @param where  the file, for the message.
/// @throws InputError that names the camera and the field.
void ValidateRig(const CameraRig& rig, std::string_view where);

}  // namespace medius
