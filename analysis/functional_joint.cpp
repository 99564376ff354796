#include "analysis/functional_joint.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

namespace medius::analysis {
namespace {

using Matrix6d = Eigen::Matrix<double, 6, 6>;
using Vector6d = Eigen::Matrix<double, 6, 1>;

const Eigen::Vector3d kUnknown =
    Eigen::Vector3d::Constant(std::numeric_limits<double>::quiet_NaN());
// Smallest share of the largest eigenvalue that still tells a direction. Of SCoRE it is 1 - cos of
// the turn off one axis over 2: some 3 degrees rms.
constexpr double kTooFlat = 1e-3;

bool IsKnown(const RigidTransform& t) {
  return t.rotation.allFinite() && t.translation.allFinite();
}

// Sums of the normal equations of |c1 - R c2 - t|^2 over frames, the mean over them.
struct ScoreEquations {
  double count = 0.0;
  Matrix6d normal = Matrix6d::Zero();
  Vector6d right = Vector6d::Zero();

  explicit ScoreEquations(std::span<const RigidTransform> proximal_from_distal) {
    Eigen::Matrix3d mean_rotation = Eigen::Matrix3d::Zero();
    for (const RigidTransform& frame : proximal_from_distal) {
      if (!IsKnown(frame)) continue;
      count += 1.0;
      mean_rotation += frame.rotation;
      right.head<3>() += frame.translation;
      right.tail<3>() -= frame.rotation.transpose() * frame.translation;
    }
    if (count == 0.0) return;
    mean_rotation /= count;
    right /= count;
    normal.setIdentity();
    normal.topRightCorner<3, 3>() = -mean_rotation;
    normal.bottomLeftCorner<3, 3>() = -mean_rotation.transpose();
  }
};

}  // namespace

JointCentre SymmetricalCentre(std::span<const RigidTransform> proximal_from_distal) {
  JointCentre centre{kUnknown, kUnknown, std::numeric_limits<double>::quiet_NaN()};
  const ScoreEquations equations(proximal_from_distal);
  if (equations.count < 3.0) return centre;
  const Eigen::SelfAdjointEigenSolver<Matrix6d> solver(equations.normal);
  if (solver.eigenvalues()[0] < kTooFlat * solver.eigenvalues()[5]) return centre;
  const Vector6d solution = solver.eigenvectors() *
                            solver.eigenvalues().cwiseInverse().asDiagonal() *
                            solver.eigenvectors().transpose() * equations.right;
  centre.in_proximal = solution.head<3>();
  centre.in_distal = solution.tail<3>();
  double square = 0.0;
  for (const RigidTransform& frame : proximal_from_distal) {
    if (!IsKnown(frame)) continue;
    square += (centre.in_proximal - frame * centre.in_distal).squaredNorm();
  }
  centre.residual = std::sqrt(square / equations.count);
  return centre;
}

Eigen::Vector3d SphereCentre(std::span<const std::vector<Eigen::Vector3d>> points_in_proximal) {
  // |p|^2 less its mean over a marker's frames is 2 (p - mean p) . c: the radius falls out.
  Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
  Eigen::Vector3d right = Eigen::Vector3d::Zero();
  for (const std::vector<Eigen::Vector3d>& points : points_in_proximal) {
    Eigen::Vector3d mean = Eigen::Vector3d::Zero();
    double mean_square = 0.0, count = 0.0;
    for (const Eigen::Vector3d& p : points) {
      if (!p.allFinite()) continue;
      mean += p;
      mean_square += p.squaredNorm();
      count += 1.0;
    }
    if (count < 4.0) continue;
    mean /= count;
    mean_square /= count;
    for (const Eigen::Vector3d& p : points) {
      if (!p.allFinite()) continue;
      normal += 2.0 * (p - mean) * (p - mean).transpose();
      right += (p.squaredNorm() - mean_square) * (p - mean);
    }
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(normal);
  const double largest = solver.eigenvalues()[2];
  if (!(largest > 0.0) || solver.eigenvalues()[0] < kTooFlat * largest) return kUnknown;
  return normal.ldlt().solve(right);
}

JointAxis SymmetricalAxis(std::span<const RigidTransform> proximal_from_distal) {
  JointAxis axis{kUnknown, kUnknown, std::numeric_limits<double>::quiet_NaN()};
  const ScoreEquations equations(proximal_from_distal);
  if (equations.count < 3.0) return axis;
  const Eigen::SelfAdjointEigenSolver<Matrix6d> solver(equations.normal);
  // Where the segments do not turn every direction stays: the second smallest is as small.
  if (solver.eigenvalues()[1] < kTooFlat * solver.eigenvalues()[5]) return axis;
  const Vector6d smallest = solver.eigenvectors().col(0);
  axis.in_proximal = smallest.head<3>().normalized();
  axis.in_distal = smallest.tail<3>().normalized();
  double square = 0.0;
  for (const RigidTransform& frame : proximal_from_distal) {
    if (!IsKnown(frame)) continue;
    const double cosine = axis.in_proximal.dot(frame.rotation * axis.in_distal);
    square += std::pow(std::acos(std::min(1.0, std::max(-1.0, cosine))), 2);
  }
  axis.residual = std::sqrt(square / equations.count);
  return axis;
}

}  // namespace medius::analysis
