#include "calibration/outlier_rule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/LU>

namespace medius::calibration {
namespace {

constexpr std::size_t kViewGrain = 8;
constexpr std::size_t kPoseGrain = 4;
constexpr std::size_t kFewestLeft = 4;
// Part of a residual's variance that is always left to it: a sighting that its own parameters fit
// exactly has none.
constexpr double kLeastVariance = 1e-6;
// Median of a Rayleigh distribution of unit scale.
constexpr double kRayleighMedian = 1.17741002251547;

void StandardizeView(const BundleData& data, const std::vector<std::uint8_t>& use,
                     const RigState& state, const LocalMatrix& covariance, double sigma,
                     const BundleView& view, std::vector<double>* squares) {
  const std::size_t group = state.group[view.camera];
  const RigidTransform camera_from_target = CameraFromTarget(state, view);
  Eigen::Vector2d residual;
  LocalJacobian jacobian;
  for (std::size_t i = view.begin; i < view.end; ++i) {
    if (!LinearizeSighting(state.kind[group], state.intrinsics[group].data(), camera_from_target,
                           data.sightings[i], &residual, &jacobian,
                           ShapeOfView(state, data, view))) {
      (*squares)[i] = std::numeric_limits<double>::infinity();
      continue;
    }
    const Eigen::Matrix<double, 2, Eigen::Dynamic, 0, 2, kMaxLocal> JC = jacobian * covariance;
    const Eigen::Matrix2d predicted = JC * jacobian.transpose();
    const double sign = use[i] != 0 ? -1.0 : 1.0;
    Eigen::Matrix2d variance = Eigen::Matrix2d::Identity() + sign * predicted;
    variance.diagonal().array() += kLeastVariance;
    const double square = residual.dot(variance.inverse() * residual) / (sigma * sigma);
    // Rounding can leave a variance that is not positive where nothing is left of it.
    (*squares)[i] = square >= 0.0 ? square : residual.squaredNorm() / (sigma * sigma);
  }
}

}  // namespace

std::vector<double> StandardizedSquares(const BundleData& data,
                                        const std::vector<std::uint8_t>& use, const RigState& state,
                                        const ReducedNormal& normal, const Eigen::MatrixXd& inverse,
                                        double sigma, Parallelism parallelism) {
  std::vector<double> squares(data.sightings.size());
  ParallelFor(parallelism, data.poses.size(), kPoseGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      const auto covariances = LocalCovariances(data, state, normal, inverse, p);
      for (std::size_t v = data.poses[p].view_begin; v < data.poses[p].view_end; ++v) {
        StandardizeView(data, use, state, covariances[v - data.poses[p].view_begin], sigma,
                        data.views[v], &squares);
      }
    }
  });
  return squares;
}

double OutlierLimit(std::size_t count, double expected_false_alarms) {
  const double ratio = static_cast<double>(count) / expected_false_alarms;
  return 2.0 * std::log(std::max(ratio, 10.0));
}

std::vector<std::uint8_t> UseBelow(const BundleData& data, const std::vector<double>& squares,
                                   double limit) {
  std::vector<std::uint8_t> use(squares.size());
  for (std::size_t i = 0; i < squares.size(); ++i) use[i] = squares[i] < limit ? 1 : 0;
  for (const BundlePose& pose : data.poses) {
    const auto begin = use.begin() + static_cast<std::ptrdiff_t>(data.views[pose.view_begin].begin);
    const auto end = use.begin() + static_cast<std::ptrdiff_t>(data.views[pose.view_end - 1].end);
    const auto used = static_cast<std::size_t>(std::count(begin, end, std::uint8_t{1}));
    // What is left of a wand after an outlier may stand in two places.
    const bool is_whole = begin + static_cast<std::ptrdiff_t>(used) == end;
    if (used < pose.fewest || (!is_whole && used < kFewestLeft)) {
      std::fill(begin, end, std::uint8_t{0});
    }
  }
  return use;
}

double RobustSigma(const BundleData& data, const std::vector<std::uint8_t>& use,
                   const RigState& state, Parallelism parallelism) {
  std::vector<double> lengths(data.sightings.size());
  ParallelFor(parallelism, data.views.size(), kViewGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t v = begin; v < end; ++v) {
      const BundleView& view = data.views[v];
      for (std::size_t i = view.begin; i < view.end; ++i) {
        const Sighting& sighting = data.sightings[i];
        lengths[i] = sighting.inverse_sigma * ResidualOf(state, view, sighting).norm();
      }
    }
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (use[i] != 0) lengths[kept++] = std::isfinite(lengths[i]) ? lengths[i] : 1e300;
  }
  lengths.resize(kept);
  if (lengths.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  return *middle / kRayleighMedian;
}

}  // namespace medius::calibration
