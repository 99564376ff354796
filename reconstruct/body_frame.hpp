#pragma once

#include <span>
#include <vector>

#include <Eigen/Core>

namespace medius::reconstruct {

/// A frame that moves with a handful of markers.
struct BodyFrame {
  Eigen::Matrix3d lab_from_body = Eigen::Matrix3d::Identity();
  Eigen::Vector3d origin = Eigen::Vector3d::Zero();  ///< lab, metres: the mean of the markers

  [[nodiscard]] Eigen::Vector3d ToBody(const Eigen::Vector3d& x_in_lab) const {
    return lab_from_body.transpose() * (x_in_lab - origin);
  }
  [[nodiscard]] Eigen::Vector3d ToLab(const Eigen::Vector3d& x_in_body) const {
    return lab_from_body * x_in_body + origin;
  }
};

/// Where the body is: the rotation that brings its centred shape nearest to the markers in least
/// squares. With fewer than four markers the axes stay those of the lab: three can lie on a line,
/// and the turn about it would be noise.
///
/// @param shape   [N] body frame, metres, mean zero.
/// @param in_lab  [N] lab, metres, all finite.
/// Source: Horn 1987, JOSA A 4:629; the largest root by Newton, Theobald 2005, Acta Cryst A61:478.
[[nodiscard]] BodyFrame FitBodyFrame(std::span<const Eigen::Vector3d> shape,
                                     std::span<const Eigen::Vector3d> in_lab);

/// The mean shape of markers over some instants, each turned onto the last estimate.
///
/// @param instants  [I][N] lab, metres; I >= 1.
/// @return [N] mean zero.
[[nodiscard]] std::vector<Eigen::Vector3d> MeanShape(
    const std::vector<std::vector<Eigen::Vector3d>>& instants);

}  // namespace medius::reconstruct
