#include "reconstruct/gap_kriging.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>

namespace medius::reconstruct {
namespace {

using Eigen::Index;

// Numbers below which a variance is rounding: (1 um)^2.
constexpr double kTiny = 1e-12;

}  // namespace

Autocovariance::Autocovariance(const std::vector<Eigen::Vector3d>& series, std::size_t step,
                               std::size_t max_lag)
    : step_(static_cast<double>(step)) {
  // Zero beside a mask: the sums then run without a branch.
  std::vector<Eigen::Array4f> values(series.size(), Eigen::Array4f::Zero());
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (!series[i].allFinite()) continue;
    values[i].head<3>() = series[i].array().cast<float>();
    values[i][3] = 1.0F;
  }
  const std::size_t lags = std::min(series.size() / 2, max_lag / step + 2);
  for (std::size_t lag = 0; lag <= std::max<std::size_t>(lags, 2) && lag < series.size(); ++lag) {
    Eigen::Array4f sum = Eigen::Array4f::Zero();
    for (std::size_t i = lag; i < series.size(); ++i) sum += values[i] * values[i - lag];
    // Tapered as the sum over all of the series would be, which keeps it positive definite.
    const double taper = 1.0 - static_cast<double>(lag) / static_cast<double>(series.size());
    lags_.emplace_back(sum.head<3>().cast<double>() * (taper / std::max(1.0F, sum[3])));
  }
  while (lags_.size() < 3) lags_.emplace_back(Eigen::Array3d::Zero());
  bend_ = ((lags_[1] - lags_[2]) / (3.0 * step_ * step_)).max(0.0);
  at_zero_ = (lags_[1] + bend_ * step_ * step_).min(lags_[0]).max(0.0);
}

double Autocovariance::At(int axis, double lag_frames) const {
  const double lag = std::abs(lag_frames);
  if (lag < step_) return at_zero_[axis] - bend_[axis] * lag * lag;
  const auto i = static_cast<std::size_t>(lag / step_);
  if (i + 1 >= lags_.size()) return 0.0;
  const double part = lag / step_ - static_cast<double>(i);
  return (1.0 - part) * lags_[i][axis] + part * lags_[i + 1][axis];
}

double Autocovariance::Nugget(int axis) const {
  return std::max(kTiny, lags_[0][axis] - at_zero_[axis]);
}

namespace {

// The nodes' own covariance, made positive definite where interpolation between lags broke that.
Eigen::LLT<Eigen::MatrixXd> Factor(Eigen::MatrixXd k, double variance) {
  double jitter = 1e-6 * variance + kTiny;
  for (int i = 0; i < 8; ++i) {
    k.diagonal().array() += jitter;
    Eigen::LLT<Eigen::MatrixXd> factor(k);
    if (factor.info() == Eigen::Success && factor.matrixLLT().diagonal().minCoeff() > 0.0) {
      return factor;
    }
    jitter *= 10.0;
  }
  k = Eigen::MatrixXd::Identity(k.rows(), k.cols()) * (variance + kTiny) * 1e6;
  return Eigen::LLT<Eigen::MatrixXd>(k);
}

}  // namespace

EndMatching MatchEnds(const Autocovariance& covariance, const std::vector<std::ptrdiff_t>& nodes,
                      const std::vector<double>& extra, std::size_t gap_length) {
  const auto n = static_cast<Index>(nodes.size());
  const auto g = static_cast<Index>(gap_length);
  EndMatching matching;
  matching.variance.resize(3, g);
  for (int axis = 0; axis < 3; ++axis) {
    Eigen::MatrixXd between(n, n);
    Eigen::MatrixXd across(n, g);
    for (Index i = 0; i < n; ++i) {
      const auto a = static_cast<double>(nodes[static_cast<std::size_t>(i)]);
      for (Index j = 0; j < n; ++j) {
        between(i, j) =
            covariance.At(axis, a - static_cast<double>(nodes[static_cast<std::size_t>(j)]));
      }
      between(i, i) =
          covariance.At(axis, 0.0) + covariance.Nugget(axis) + extra[static_cast<std::size_t>(i)];
      for (Index u = 0; u < g; ++u) across(i, u) = covariance.At(axis, a - static_cast<double>(u));
    }
    const double variance = covariance.Variance(axis);
    Eigen::MatrixXd& weights = matching.weights[static_cast<std::size_t>(axis)];
    weights = Factor(between, variance).solve(across);
    const double floor = covariance.Nugget(axis) + 1e-3 * variance;
    for (Index u = 0; u < g; ++u) {
      matching.variance(axis, u) = std::max(variance - across.col(u).dot(weights.col(u)), floor);
    }
  }
  return matching;
}

}  // namespace medius::reconstruct
