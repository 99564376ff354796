#include "analysis/rigid_fit.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>
#include <Eigen/LU>

#include "core/check.hpp"

namespace medius::analysis {
namespace {

bool IsPresent(const Eigen::Vector3d& a, const Eigen::Vector3d& b) {
  return std::isfinite(a.sum() + b.sum());
}

// Sums over the markers present, about their centroids.
struct Moments {
  std::size_t count = 0;
  Eigen::Vector3d local_mean = Eigen::Vector3d::Zero();
  Eigen::Vector3d measured_mean = Eigen::Vector3d::Zero();
  Eigen::Matrix3d cross = Eigen::Matrix3d::Zero();    // sum local measured^T
  Eigen::Matrix3d scatter = Eigen::Matrix3d::Zero();  // sum local local^T
  double measured_square = 0.0;                       // sum |measured|^2
};

Moments SumMoments(std::span<const Eigen::Vector3d> local,
                   std::span<const Eigen::Vector3d> measured) {
  Moments m;
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (!IsPresent(local[i], measured[i])) continue;
    ++m.count;
    m.local_mean += local[i];
    m.measured_mean += measured[i];
  }
  if (m.count == 0) return m;
  m.local_mean /= static_cast<double>(m.count);
  m.measured_mean /= static_cast<double>(m.count);
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (!IsPresent(local[i], measured[i])) continue;
    const Eigen::Vector3d p = local[i] - m.local_mean;
    const Eigen::Vector3d q = measured[i] - m.measured_mean;
    m.cross += p * q.transpose();
    m.scatter += p * p.transpose();
    m.measured_square += q.squaredNorm();
  }
  return m;
}

// For A = trace(S) I - S of a scatter S with eigenvalues l1 >= l2 >= l3, det(A) / (tr(A) / 2)^3 is
// (l2 + l3) / l1 near a line: no eigenvalues are needed to see one.
bool IsLine(const Eigen::Matrix3d& inertia) {
  const double half_trace = 0.5 * inertia.trace();
  const double limit = kCollinearRatio * kCollinearRatio * half_trace * half_trace * half_trace;
  return !(half_trace > 0.0) || !(inertia.determinant() > limit);
}

Eigen::Matrix3d InertiaOf(const Eigen::Matrix3d& scatter) {
  return scatter.trace() * Eigen::Matrix3d::Identity() - scatter;
}

// Horn 1987, eq. 45 (symmetric 4x4, quaternion order w x y z).
Eigen::Matrix4d HornMatrix(const Eigen::Matrix3d& s) {
  Eigen::Matrix4d n;
  n(0, 0) = s.trace();
  n(0, 1) = s(1, 2) - s(2, 1);
  n(0, 2) = s(2, 0) - s(0, 2);
  n(0, 3) = s(0, 1) - s(1, 0);
  n.block<3, 3>(1, 1) = s + s.transpose() - s.trace() * Eigen::Matrix3d::Identity();
  n.block<3, 1>(1, 0) = n.block<1, 3>(0, 1).transpose();
  return n;
}

// The determinant of m without row i and column j, with its sign.
double Cofactor(const Eigen::Matrix4d& m, int i, int j) {
  const int r0 = i == 0 ? 1 : 0, r1 = i <= 1 ? 2 : 1, r2 = i <= 2 ? 3 : 2;
  const int c0 = j == 0 ? 1 : 0, c1 = j <= 1 ? 2 : 1, c2 = j <= 2 ? 3 : 2;
  const double minor = m(r0, c0) * (m(r1, c1) * m(r2, c2) - m(r1, c2) * m(r2, c1)) -
                       m(r0, c1) * (m(r1, c0) * m(r2, c2) - m(r1, c2) * m(r2, c0)) +
                       m(r0, c2) * (m(r1, c0) * m(r2, c1) - m(r1, c1) * m(r2, c0));
  return (i + j) % 2 == 0 ? minor : -minor;
}

// Largest root of the characteristic polynomial of Horn's (traceless) matrix. From above every
// root Newton's steps fall towards it without passing it (Theobald 2005).
double LargestEigenvalue(const Eigen::Matrix4d& n, const Eigen::Matrix3d& cross, double bound) {
  constexpr int kMaxSteps = 60;
  const double c2 = -2.0 * cross.squaredNorm();
  const double c1 = -8.0 * cross.determinant();
  const double c0 = n(0, 0) * Cofactor(n, 0, 0) + n(0, 1) * Cofactor(n, 0, 1) +
                    n(0, 2) * Cofactor(n, 0, 2) + n(0, 3) * Cofactor(n, 0, 3);
  double x = bound;
  for (int step = 0; step < kMaxSteps; ++step) {
    const double x2 = x * x;
    const double slope = 4.0 * x2 * x + 2.0 * c2 * x + c1;
    if (!(slope > 0.0)) break;
    const double change = ((x2 + c2) * x2 + c1 * x + c0) / slope;
    x -= change;
    if (std::abs(change) <= 1e-12 * std::abs(x)) break;
  }
  return x;
}

// A row of the adjugate of (n - largest I) is the eigenvector, but for its length.
Eigen::Quaterniond LargestEigenvector(const Eigen::Matrix4d& n, double largest) {
  const Eigen::Matrix4d b = n - largest * Eigen::Matrix4d::Identity();
  int row = 0;
  double best = -1.0;
  for (int i = 0; i < 4; ++i) {
    const double size = std::abs(Cofactor(b, i, i));
    if (size > best) {
      best = size;
      row = i;
    }
  }
  const Eigen::Quaterniond q(Cofactor(b, row, 0), Cofactor(b, row, 1), Cofactor(b, row, 2),
                             Cofactor(b, row, 3));
  return q.norm() > 0.0 ? q.normalized() : Eigen::Quaterniond::Identity();
}

// Newton on f(R) = trace(R cross), the quantity that the best rotation makes greatest.
// @return false where its Hessian tells of a line.
bool Polish(const Eigen::Matrix3d& cross, Eigen::Quaterniond& q) {
  constexpr int kMaxSteps = 6;
  constexpr double kSmallTurn = 1e-9;  // the next step would be its square
  for (int step = 0; step < kMaxSteps; ++step) {
    const Eigen::Matrix3d b = q.toRotationMatrix() * cross;
    const Eigen::Vector3d gradient(b(1, 2) - b(2, 1), b(2, 0) - b(0, 2), b(0, 1) - b(1, 0));
    const Eigen::Matrix3d hessian = InertiaOf(0.5 * (b + b.transpose()));
    if (IsLine(hessian)) return false;
    const Eigen::Vector3d turn = hessian.inverse() * gradient;
    const Eigen::Quaterniond change(1.0, 0.5 * turn.x(), 0.5 * turn.y(), 0.5 * turn.z());
    q = (change * q).normalized();
    if (turn.squaredNorm() < kSmallTurn * kSmallTurn) break;
  }
  return true;
}

double ResidualRms(std::span<const Eigen::Vector3d> local,
                   std::span<const Eigen::Vector3d> measured, const RigidFit& fit) {
  double sum = 0.0;
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (!IsPresent(local[i], measured[i])) continue;
    sum += (measured[i] - fit.target_from_local * local[i]).squaredNorm();
  }
  return std::sqrt(sum / static_cast<double>(fit.marker_count));
}

RigidFit NoFit(RigidFitStatus status, std::size_t count) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  RigidFit fit;
  fit.status = status;
  fit.marker_count = count;
  fit.target_from_local.rotation.setConstant(kNaN);
  fit.target_from_local.translation.setConstant(kNaN);
  fit.inverse_inertia.setConstant(kNaN);
  return fit;
}

Eigen::Matrix3d CrossMatrix(const Eigen::Vector3d& v) {
  Eigen::Matrix3d m;
  m << 0.0, -v.z(), v.y(), v.z(), 0.0, -v.x(), -v.y(), v.x(), 0.0;
  return m;
}

}  // namespace

RigidFit FitRigid(std::span<const Eigen::Vector3d> local,
                  std::span<const Eigen::Vector3d> measured) {
  MEDIUS_CHECK(local.size() == measured.size(), "one measured point for each local one");
  const Moments m = SumMoments(local, measured);
  if (m.count < 3) return NoFit(RigidFitStatus::kTooFewMarkers, m.count);
  const Eigen::Matrix3d inertia = InertiaOf(m.scatter);
  if (IsLine(inertia)) return NoFit(RigidFitStatus::kCollinear, m.count);

  const Eigen::Matrix4d horn = HornMatrix(m.cross);
  const double bound = 0.5 * (m.scatter.trace() + m.measured_square);
  Eigen::Quaterniond q = LargestEigenvector(horn, LargestEigenvalue(horn, m.cross, bound));
  if (!Polish(m.cross, q)) return NoFit(RigidFitStatus::kCollinear, m.count);

  RigidFit fit;
  fit.status = RigidFitStatus::kFitted;
  fit.marker_count = m.count;
  const Eigen::Matrix3d rotation = q.toRotationMatrix();
  fit.target_from_local = {rotation, m.measured_mean - rotation * m.local_mean};
  fit.inverse_inertia = rotation * inertia.inverse() * rotation.transpose();
  fit.rms = ResidualRms(local, measured, fit);
  return fit;
}

Eigen::Matrix3d RotationCovariance(const RigidFit& fit, std::span<const Eigen::Vector3d> local,
                                   std::span<const Eigen::Vector3d> measured,
                                   std::span<const Eigen::Matrix3d> covariance) {
  MEDIUS_CHECK(covariance.size() == measured.size(), "one covariance for each measured point");
  if (!fit.fitted()) return fit.inverse_inertia;
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (IsPresent(local[i], measured[i])) mean += local[i];
  }
  mean /= static_cast<double>(fit.marker_count);
  Eigen::Matrix3d torque = Eigen::Matrix3d::Zero();
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (!IsPresent(local[i], measured[i])) continue;
    const Eigen::Matrix3d arm = CrossMatrix(fit.target_from_local.rotation * (local[i] - mean));
    torque += arm * covariance[i] * arm.transpose();
  }
  return fit.inverse_inertia * torque * fit.inverse_inertia;
}

}  // namespace medius::analysis
