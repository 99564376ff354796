#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/rigid_transform.hpp"

namespace medius::calibration {

/// Where the parameters of each camera (and the bend of each board, where that is estimated) stand
/// in the columns of a rig's joint covariance. A pose has
/// six: a rotation vector on the left (R <- exp(w) R, radians) and the translation of
/// camera_from_lab (metres). Cameras that share their intrinsics share columns.
struct CameraLayout {
  std::vector<int> intrinsics_offset;  ///< [cameras]
  std::vector<int> intrinsics_count;   ///< [cameras]
  std::vector<int> pose_offset;        ///< [cameras]
  std::vector<int> bend_offset;        ///< [targets] two columns each; empty: boards are flat
  int size = 0;

  /// The columns of one camera: its intrinsics, then its pose.
  [[nodiscard]] std::vector<int> ColumnsOf(std::size_t camera) const;
  /// What a view of a target by a camera depends on: intrinsics, bend of the target if boards
  /// bend, pose of the camera.
  [[nodiscard]] std::vector<int> ColumnsOf(std::size_t camera, std::size_t target) const;
};

/// What of a rig's freedom to move as a whole its covariance leaves out.
enum class RigGauge {
  kReferenceCamera,  ///< the reference camera stands still: its pose has no variance
  kCameraCentres,    ///< the cameras as a body stand still: the small motion that best fits their
                     ///< centres (and, at a third of the rig's size, their directions) is taken out
};

/// Joint covariance of all intrinsics and places of a rig.
struct RigCovariance {
  CameraLayout layout;
  Eigen::MatrixXd matrix;  ///< [size, size]; zero in rows of parameters that were held
  RigGauge gauge = RigGauge::kReferenceCamera;
  std::size_t reference_camera = 0;
};

/// The same covariance in another gauge: P covariance P^T with P = 1 - N (C N)^-1 C, where N are
/// the motions of the lab and C the conditions of the gauge (an S-transformation, Baarda 1973).
/// The state of the held parameters does not matter: what is taken out is a motion of the lab.
RigCovariance InGauge(const RigCovariance& covariance,
                      const std::vector<RigidTransform>& camera_from_lab, RigGauge gauge,
                      std::size_t reference_camera = 0);

/// [size, size] the projection P of InGauge: it also takes a small change of all parameters to that
/// gauge.
Eigen::MatrixXd GaugeProjection(const CameraLayout& layout,
                                const std::vector<RigidTransform>& camera_from_lab, RigGauge gauge,
                                std::size_t reference_camera = 0);

/// [size, 6] how all cameras' parameters change when the lab frame turns and shifts (rotation
/// vector, then translation): the directions that no observation can see.
Eigen::MatrixXd LabMotions(const CameraLayout& layout,
                           const std::vector<RigidTransform>& camera_from_lab);

/// Hands a covariance on with the rig it belongs to: CameraRig::joint_covariance, in the gauge that
/// is documented there (kCameraCentres), and its block in each Camera::covariance. Cameras that
/// share their intrinsics each get the shared columns; columns of other things (the bend of a
/// board) are left out, not held.
void AttachCovariance(const RigCovariance& covariance, CameraRig* rig);

/// Columns for the cameras of a rig, each with its own: those of CameraRig::joint_covariance.
CameraLayout LayoutOf(const CameraRig& rig);

/// The covariance that a rig carries, as MapUncertainty takes it: each camera with its own columns,
/// in the gauge kCameraCentres. nullopt where the rig has no joint covariance.
std::optional<RigCovariance> CovarianceOf(const CameraRig& rig);

}  // namespace medius::calibration
