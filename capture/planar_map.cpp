#include "capture/planar_map.hpp"

#include <cmath>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>

namespace medius::capture {
namespace {

// Similarity that brings points to mean 0 and mean distance sqrt 2.
template <typename Pick>
std::optional<Eigen::Matrix3d> Normalizer(const std::vector<PlanarPair>& pairs, const Pick& pick) {
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  for (const PlanarPair& pair : pairs) mean += pick(pair);
  mean /= static_cast<double>(pairs.size());
  double distance = 0.0;
  for (const PlanarPair& pair : pairs) distance += (pick(pair) - mean).norm();
  distance /= static_cast<double>(pairs.size());
  if (!(distance > 0.0)) return std::nullopt;
  const double scale = std::sqrt(2.0) / distance;
  Eigen::Matrix3d matrix = Eigen::Matrix3d::Identity();
  matrix.topLeftCorner<2, 2>() *= scale;
  matrix.topRightCorner<2, 1>() = -scale * mean;
  return matrix;
}

bool AllBeforeHorizon(const Eigen::Matrix3d& H, const std::vector<PlanarPair>& pairs) {
  for (const PlanarPair& pair : pairs) {
    if (!(H.row(2).dot(pair.place.homogeneous()) > 0.0)) return false;
  }
  return true;
}

}  // namespace

Eigen::Vector2d PlanarMap::Apply(const Eigen::Vector2d& place) const {
  const Eigen::Vector3d x = matrix * place.homogeneous();
  if (!(x.z() > 0.0)) return Eigen::Vector2d::Constant(1e9);
  return x.hnormalized();
}

Eigen::Matrix2d PlanarMap::Jacobian(const Eigen::Vector2d& place) const {
  const Eigen::Vector3d x = matrix * place.homogeneous();
  const Eigen::Vector2d xy = x.hnormalized();
  return (matrix.topLeftCorner<2, 2>() - xy * matrix.block<1, 2>(2, 0)) / x.z();
}

std::optional<PlanarMap> FitPlanarMap(const std::vector<PlanarPair>& pairs) {
  if (pairs.size() < 4) return std::nullopt;
  const auto T_place = Normalizer(pairs, [](const PlanarPair& p) { return p.place; });
  const auto T_image = Normalizer(pairs, [](const PlanarPair& p) { return p.xy; });
  if (!T_place || !T_image) return std::nullopt;
  Eigen::Matrix<double, 9, 9> normal = Eigen::Matrix<double, 9, 9>::Zero();
  for (const PlanarPair& pair : pairs) {
    const Eigen::Vector3d x = *T_place * pair.place.homogeneous();
    const Eigen::Vector3d y = *T_image * pair.xy.homogeneous();
    Eigen::Matrix<double, 2, 9> rows;
    rows << x.transpose(), Eigen::RowVector3d::Zero(), -y.x() * x.transpose(),
        Eigen::RowVector3d::Zero(), x.transpose(), -y.y() * x.transpose();
    normal += rows.transpose() * rows;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix<double, 9, 9>> solver(normal);
  // A second null direction: points on a line.
  if (!(solver.eigenvalues()(1) > 1e-9 * solver.eigenvalues()(8))) return std::nullopt;
  const Eigen::Matrix<double, 9, 1> h = solver.eigenvectors().col(0);
  Eigen::Matrix3d H_normalized;
  H_normalized << h.segment<3>(0).transpose(), h.segment<3>(3).transpose(),
      h.segment<3>(6).transpose();
  PlanarMap map;
  map.matrix = T_image->inverse() * H_normalized * *T_place;
  map.matrix /= map.matrix.norm();
  if (map.matrix.row(2).dot(pairs.front().place.homogeneous()) < 0.0) map.matrix = -map.matrix;
  if (!AllBeforeHorizon(map.matrix, pairs)) return std::nullopt;
  return map;
}

double ResidualOf(const PlanarMap& map, const std::vector<PlanarPair>& pairs) {
  double sum = 0.0;
  for (const PlanarPair& pair : pairs) sum += (map.Apply(pair.place) - pair.xy).squaredNorm();
  return pairs.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(pairs.size()));
}

}  // namespace medius::capture
