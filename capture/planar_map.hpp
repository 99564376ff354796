#pragma once

#include <optional>
#include <vector>

#include <Eigen/Core>

namespace medius::capture {

/// A place of the board's plane (metres) and where the image shows it (pixels).
struct PlanarPair {
  Eigen::Vector2d place;
  Eigen::Vector2d xy;
};

/// A homography from a plane to the image.
struct PlanarMap {
  Eigen::Matrix3d matrix = Eigen::Matrix3d::Identity();

  /// Pixel of a place; far away where the place lies on or behind the horizon.
  [[nodiscard]] Eigen::Vector2d Apply(const Eigen::Vector2d& place) const;
  /// d xy / d place, pixels per metre.
  [[nodiscard]] Eigen::Matrix2d Jacobian(const Eigen::Vector2d& place) const;
};

/// Fits by the normalized direct linear transformation.
/// @param pairs  4 or more, no three of the only four on a line.
/// @return nullopt for fewer pairs, for degenerate ones, and where a pair lies behind the horizon.
/// Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., algorithm 4.2.
[[nodiscard]] std::optional<PlanarMap> FitPlanarMap(const std::vector<PlanarPair>& pairs);

/// Root-mean-square distance of the pairs from the map, pixels.
[[nodiscard]] double ResidualOf(const PlanarMap& map, const std::vector<PlanarPair>& pairs);

}  // namespace medius::capture
