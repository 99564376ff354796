#include "calibration/rigid_fit.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/SVD>

#include "calibration/so3.hpp"
#include "core/check.hpp"

namespace medius::calibration {
namespace {

using Points = std::vector<Eigen::Vector3d>;

constexpr int kIterations = 20;
constexpr double kStep = 1e-5;  // metres, of the differences: far above rounding, far below bending

Eigen::Vector3d MiddleOf(const Points& points) {
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (const Eigen::Vector3d& point : points) sum += point;
  return sum / static_cast<double>(points.size());
}

double RmsOf(double sum, std::size_t count) {
  return std::sqrt(std::max(0.0, sum) / static_cast<double>(count));
}

}  // namespace

SimilarityFit FitSimilarity(const Points& shape, const Points& world) {
  MEDIUS_CHECK(shape.size() == world.size() && shape.size() >= 3, "three pairs of points or more");
  const Eigen::Vector3d shape_middle = MiddleOf(shape);
  const Eigen::Vector3d world_middle = MiddleOf(world);
  Eigen::Matrix3d cross = Eigen::Matrix3d::Zero();
  double of_shape = 0.0;
  double of_world = 0.0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const Eigen::Vector3d s = shape[i] - shape_middle;
    const Eigen::Vector3d w = world[i] - world_middle;
    cross += s * w.transpose();
    of_shape += s.squaredNorm();
    of_world += w.squaredNorm();
  }
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(cross, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const double sign = (svd.matrixU() * svd.matrixV().transpose()).determinant() < 0.0 ? -1.0 : 1.0;
  const Eigen::Vector3d& d = svd.singularValues();
  SimilarityFit fit;
  fit.shape_from_world.rotation =
      svd.matrixU() * Eigen::Vector3d(1.0, 1.0, sign).asDiagonal() * svd.matrixV().transpose();
  fit.shape_from_world.translation = shape_middle - fit.shape_from_world.rotation * world_middle;
  const double trace = d[0] + d[1] + sign * d[2];
  const double mirrored = d[0] + d[1] - sign * d[2];
  // world = scale * shape + noise: the noise is of the found points.
  fit.scale = trace / of_shape;
  const double scaled_sum = of_world - trace * trace / of_shape;
  fit.rms = RmsOf(of_world + of_shape - 2.0 * trace, shape.size());
  fit.rms_scaled = RmsOf(scaled_sum, shape.size());
  fit.rms_mirrored = RmsOf(of_world + of_shape - 2.0 * mirrored, shape.size());
  const double degrees = std::max(1.0, 3.0 * static_cast<double>(shape.size()) - 7.0);
  fit.scale_sd = std::sqrt(std::max(0.0, scaled_sum) / degrees / of_shape);
  return fit;
}

RigidTransform FitRigid(const Points& shape, const Points& world,
                        const std::vector<Eigen::Matrix3d>& covariance,
                        const RigidTransform& start) {
  RigidTransform shape_from_world = start;
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    Eigen::Matrix<double, 6, 6> H = Eigen::Matrix<double, 6, 6>::Zero();
    Eigen::Matrix<double, 6, 1> g = Eigen::Matrix<double, 6, 1>::Zero();
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const Eigen::Matrix3d& R = shape_from_world.rotation;
      const Eigen::Matrix3d weight = (R * covariance[i] * R.transpose()).inverse();
      const Eigen::Vector3d x = shape_from_world * world[i];
      Eigen::Matrix<double, 3, 6> J;
      J << -Skew(x), Eigen::Matrix3d::Identity();
      H += J.transpose() * weight * J;
      g += J.transpose() * weight * (shape[i] - x);
    }
    const Eigen::Matrix<double, 6, 1> step = H.ldlt().solve(g);
    if (!step.allFinite()) return start;
    const RigidTransform change{RotationFromVector(step.head<3>()), step.tail<3>()};
    shape_from_world = change * shape_from_world;
    shape_from_world.rotation = Renormalized(shape_from_world.rotation);
    if (step.norm() < 1e-13) break;
  }
  return shape_from_world;
}

double ChiSquared(const Points& shape, const Points& world,
                  const std::vector<Eigen::Matrix3d>& covariance,
                  const RigidTransform& shape_from_world) {
  double sum = 0.0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const Eigen::Vector3d in_world =
        shape_from_world.rotation.transpose() * (shape[i] - shape_from_world * world[i]);
    sum += in_world.dot(covariance[i].ldlt().solve(in_world));
  }
  return sum;
}

double ExtentAcrossLine(const Points& points) {
  if (points.size() < 3) return 0.0;
  const Eigen::Vector3d middle = MiddleOf(points);
  Eigen::Matrix3d spread = Eigen::Matrix3d::Zero();
  for (const Eigen::Vector3d& point : points) {
    spread += (point - middle) * (point - middle).transpose();
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(spread, Eigen::EigenvaluesOnly);
  return RmsOf(solver.eigenvalues()[1], points.size());
}

Eigen::MatrixXd FrameByPoints(const std::function<RigidTransform(const Points&)>& frame,
                              const Points& points) {
  const RigidTransform old_from_frame = frame(points).Inverse();
  Eigen::MatrixXd by_points(6, 3 * static_cast<Eigen::Index>(points.size()));
  for (Eigen::Index column = 0; column < by_points.cols(); ++column) {
    Eigen::Matrix<double, 6, 1> difference = Eigen::Matrix<double, 6, 1>::Zero();
    for (const double sign : {-1.0, 1.0}) {
      Points moved = points;
      moved[static_cast<std::size_t>(column / 3)][column % 3] += sign * kStep;
      const RigidTransform change = frame(moved) * old_from_frame;
      difference.head<3>() += sign * VectorFromRotation(change.rotation);
      difference.tail<3>() += sign * change.translation;
    }
    by_points.col(column) = difference / (2.0 * kStep);
  }
  return by_points;
}

}  // namespace medius::calibration
