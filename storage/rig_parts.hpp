#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"

namespace medius::storage {

/// What the readers and writers of other programs' rigs share.

/// A number as these files write it ("1.", "-2e-3", "+4"); nullopt where the text is none. NaN and
/// infinity are numbers here.
[[nodiscard]] std::optional<double> ParseNumber(std::string_view text);

/// Every digit that is needed to read the same number back, with a point.
[[nodiscard]] std::string NumberText(double value);
/// Numbers with ", " between them.
[[nodiscard]] std::string NumberList(const std::vector<double>& values);
[[nodiscard]] std::string NumberList(const Eigen::Ref<const Eigen::MatrixXd>& row_by_row);

/// Rodrigues' formula: the vector's direction is the axis, its length the angle. And back, at most
/// half a turn.
[[nodiscard]] Eigen::Matrix3d RotationFromVector(const Eigen::Vector3d& vector);
[[nodiscard]] Eigen::Vector3d VectorFromRotation(const Eigen::Matrix3d& R);

/// The rotation that is meant by a matrix of few digits: itself where it is one to 1e-10, else the
/// nearest (by its singular vectors).
/// @throws InputError "... is not a rotation" where it is off by more than 1e-3 or a reflection.
[[nodiscard]] Eigen::Matrix3d MeantRotation(const Eigen::Matrix3d& matrix);

/// A model from the camera matrix and the distortion in the order of OpenCV: up to five
/// coefficients are Brown-Conrady, up to eight the rational model, four of a fisheye
/// Kannala-Brandt. Zeros at the end do not count.
/// @throws InputError without a place: a skewed matrix, too many coefficients, or CameraModel's.
[[nodiscard]] CameraModel ModelFromOpenCv(const Eigen::Matrix3d& K, std::vector<double> distortion,
                                          bool is_fisheye);

/// The distortion of a model in the order of OpenCV: what follows fx, fy, cx, cy.
[[nodiscard]] std::vector<double> DistortionOf(const CameraModel& model);
/// True where the camera is Brown-Conrady and needs only the first `count` of its coefficients.
[[nodiscard]] bool NeedsAtMost(const CameraModel& model, std::size_t count);

/// Which of a rig's extras a format keeps.
struct Kept {
  bool time_offset = false;
};
/// Names in `warnings` what a rig has and the format cannot hold, and of which cameras.
void WarnOfLosses(const CameraRig& rig, std::string_view format, const Kept& kept,
                  std::vector<std::string>& warnings);

/// Warns where the cameras stand nearer or farther apart than those of any lab.
void WarnOfExtent(const CameraRig& rig, double metres_per_unit, std::vector<std::string>& warnings);

}  // namespace medius::storage
