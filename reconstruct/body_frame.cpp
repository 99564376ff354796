#include "reconstruct/body_frame.hpp"

#include <cmath>

#include <Eigen/Geometry>
#include <Eigen/LU>

namespace medius::reconstruct {
namespace {

constexpr std::size_t kMinMarkersForAxes = 4;

// Horn's symmetric matrix of the correlation s = sum of shape * in_lab^T.
Eigen::Matrix4d HornMatrix(const Eigen::Matrix3d& s) {
  Eigen::Matrix4d n;
  n(0, 0) = s(0, 0) + s(1, 1) + s(2, 2);
  n(1, 1) = s(0, 0) - s(1, 1) - s(2, 2);
  n(2, 2) = -s(0, 0) + s(1, 1) - s(2, 2);
  n(3, 3) = -s(0, 0) - s(1, 1) + s(2, 2);
  n(0, 1) = n(1, 0) = s(1, 2) - s(2, 1);
  n(0, 2) = n(2, 0) = s(2, 0) - s(0, 2);
  n(0, 3) = n(3, 0) = s(0, 1) - s(1, 0);
  n(1, 2) = n(2, 1) = s(0, 1) + s(1, 0);
  n(1, 3) = n(3, 1) = s(2, 0) + s(0, 2);
  n(2, 3) = n(3, 2) = s(1, 2) + s(2, 1);
  return n;
}

// Theobald's equation 8: Newton from above on the characteristic polynomial.
double LargestRoot(const Eigen::Matrix3d& s, const Eigen::Matrix4d& n, double bound) {
  const double c2 = -2.0 * s.squaredNorm();
  const double c1 = -8.0 * s.determinant();
  const double c0 = n.determinant();
  double root = bound;
  for (int i = 0; i < 30; ++i) {
    const double square = root * root;
    const double b = (square + c2) * root;
    const double a = b + c1;
    const double step = (a * root + c0) / (2.0 * square * root + b + a);
    if (!std::isfinite(step)) break;
    root -= step;
    if (std::abs(step) < 1e-11 * bound) break;
  }
  return root;
}

Eigen::Matrix3d BestRotation(const Eigen::Matrix3d& s, double bound) {
  if (!(bound > 0.0)) return Eigen::Matrix3d::Identity();
  const Eigen::Matrix4d n = HornMatrix(s);
  // A little above the root the matrix can be inverted, and its inverse is all but the outer
  // product of that root's vector.
  const double shift = LargestRoot(s, n, bound) + 1e-8 * bound;
  const Eigen::Matrix4d inverse = (shift * Eigen::Matrix4d::Identity() - n).inverse();
  if (!inverse.allFinite()) return Eigen::Matrix3d::Identity();
  Eigen::Index best = 0;
  inverse.diagonal().maxCoeff(&best);
  const Eigen::Vector4d q = inverse.col(best).normalized();
  return Eigen::Quaterniond(q[0], q[1], q[2], q[3]).toRotationMatrix();
}

}  // namespace

BodyFrame FitBodyFrame(std::span<const Eigen::Vector3d> shape,
                       std::span<const Eigen::Vector3d> in_lab) {
  BodyFrame frame;
  for (const Eigen::Vector3d& x : in_lab) frame.origin += x;
  frame.origin /= static_cast<double>(in_lab.size());
  if (in_lab.size() < kMinMarkersForAxes) return frame;
  Eigen::Matrix3d s = Eigen::Matrix3d::Zero();
  double bound = 0.0;
  for (std::size_t i = 0; i < in_lab.size(); ++i) {
    const Eigen::Vector3d x = in_lab[i] - frame.origin;
    s += shape[i] * x.transpose();
    bound += 0.5 * (shape[i].squaredNorm() + x.squaredNorm());
  }
  frame.lab_from_body = BestRotation(s, bound);
  return frame;
}

std::vector<Eigen::Vector3d> MeanShape(const std::vector<std::vector<Eigen::Vector3d>>& instants) {
  const std::size_t count = instants.front().size();
  const auto centred = [count](std::vector<Eigen::Vector3d> x) {
    Eigen::Vector3d mean = Eigen::Vector3d::Zero();
    for (const Eigen::Vector3d& p : x) mean += p;
    for (Eigen::Vector3d& p : x) p -= mean / static_cast<double>(count);
    return x;
  };
  std::vector<Eigen::Vector3d> shape = centred(instants[instants.size() / 2]);
  constexpr int kRounds = 1;  // the shape is only a reference; the regression takes what is left
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Eigen::Vector3d> sum(count, Eigen::Vector3d::Zero());
    for (const std::vector<Eigen::Vector3d>& x : instants) {
      const BodyFrame frame = FitBodyFrame(shape, x);
      for (std::size_t i = 0; i < count; ++i) sum[i] += frame.ToBody(x[i]);
    }
    for (Eigen::Vector3d& p : sum) p /= static_cast<double>(instants.size());
    shape = centred(std::move(sum));
  }
  return shape;
}

}  // namespace medius::reconstruct
