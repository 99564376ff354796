#pragma once

#include <functional>
#include <vector>

#include <Eigen/Core>

#include "core/rigid_transform.hpp"

namespace medius::calibration {

/// How found points fit a shape that is known.
struct SimilarityFit {
  RigidTransform shape_from_world;  ///< best without a change of size
  double scale = 1.0;               ///< size found over size stated (found / stated)
  double scale_sd = 0.0;            ///< of the scale, from what the best similarity leaves over
  double rms = 0.0;                 ///< metres, of the distances that remain without change of size
  double rms_scaled = 0.0;          ///< metres (found), that remain with the best scale
  double rms_mirrored = 0.0;        ///< metres, that remain where the shape is mirrored
};

/// Fits N >= 3 found points to the shape they should have, closed form, equal weights.
/// @param shape  [N] stated places; not all on one line.
/// @param world  [N] found places.
/// Source: Umeyama 1991, doi 10.1109/34.88573, eqs. 34-42.
[[nodiscard]] SimilarityFit FitSimilarity(const std::vector<Eigen::Vector3d>& shape,
                                          const std::vector<Eigen::Vector3d>& world);

/// As FitSimilarity, weighted: the rigid motion that best explains points of known covariance.
/// @param covariance  [N] of the found points, m^2, in the world.
[[nodiscard]] RigidTransform FitRigid(const std::vector<Eigen::Vector3d>& shape,
                                      const std::vector<Eigen::Vector3d>& world,
                                      const std::vector<Eigen::Matrix3d>& covariance,
                                      const RigidTransform& start);

/// Sum of squared standardized residuals of FitRigid: chi squared with 3 N - 6 degrees of freedom
/// where the covariances are true.
[[nodiscard]] double ChiSquared(const std::vector<Eigen::Vector3d>& shape,
                                const std::vector<Eigen::Vector3d>& world,
                                const std::vector<Eigen::Matrix3d>& covariance,
                                const RigidTransform& shape_from_world);

/// How far points lie from the line that fits them best, metres rms; 0 for fewer than three.
[[nodiscard]] double ExtentAcrossLine(const std::vector<Eigen::Vector3d>& points);

/// How a frame that is a function of points moves with them: rotation vector and translation of
/// frame(points + d) = exp(w), t after frame(points), by central differences.
/// @return [6, 3 N]
[[nodiscard]] Eigen::MatrixXd FrameByPoints(
    const std::function<RigidTransform(const std::vector<Eigen::Vector3d>&)>& frame,
    const std::vector<Eigen::Vector3d>& points);

}  // namespace medius::calibration
