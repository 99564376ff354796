#include "analysis/curve_test.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr std::size_t kFewestObservations = 3;

void Require(const CurveSet& curves, double alpha) {
  if (!(alpha > 0.0 && alpha < 0.5)) {
    throw InputError(fmt::format("alpha {}: above 0 and below 0.5 expected", alpha));
  }
  if (curves.nodes < 3) throw InputError("curves of at least three points are expected");
  for (std::size_t i = 0; i < curves.value.size(); ++i) {
    if (std::isfinite(curves.value[i])) continue;
    throw InputError(fmt::format("curve {} has no value at point {}: leave it out or fill it",
                                 i / curves.nodes + 1, i % curves.nodes));
  }
}

void RequireCount(const CurveSet& curves, std::size_t least) {
  if (curves.count() >= least) return;
  throw InputError(
      fmt::format("{} curves: {} or more are needed for a test", curves.count(), least));
}

std::vector<double> MeanCurve(const CurveSet& curves) {
  std::vector<double> mean(curves.nodes, 0.0);
  for (std::size_t i = 0; i < curves.count(); ++i) {
    for (std::size_t k = 0; k < curves.nodes; ++k) mean[k] += curves.Row(i)[k];
  }
  for (double& m : mean) m /= static_cast<double>(curves.count());
  return mean;
}

// Appends what is left of the curves after a fitted mean.
void AppendResiduals(const CurveSet& curves, const std::vector<double>& mean,
                     std::vector<double>& residuals) {
  for (std::size_t i = 0; i < curves.count(); ++i) {
    for (std::size_t k = 0; k < curves.nodes; ++k) residuals.push_back(curves.Row(i)[k] - mean[k]);
  }
}

// Where a straight line between two nodes meets a level.
double Crossing(double before, double after, double level) {
  return (level - before) / (after - before);
}

// Runs of one direction above the threshold; positive: of t, else of -t.
void AppendClusters(const std::vector<double>& t, double threshold, bool positive,
                    std::vector<CurveCluster>& clusters) {
  const auto height = [&](std::size_t i) { return positive ? t[i] : -t[i]; };
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (!(height(i) > threshold)) continue;
    CurveCluster cluster;
    cluster.positive = positive;
    cluster.begin = static_cast<double>(i);
    if (i > 0 && std::isfinite(t[i - 1])) {
      cluster.begin = static_cast<double>(i - 1) + Crossing(height(i - 1), height(i), threshold);
    }
    std::size_t last = i;
    cluster.peak_node = i;
    for (; last + 1 < t.size() && height(last + 1) > threshold; ++last) {
      if (height(last + 1) > height(cluster.peak_node)) cluster.peak_node = last + 1;
    }
    cluster.end = static_cast<double>(last);
    if (last + 1 < t.size() && std::isfinite(t[last + 1])) {
      cluster.end += Crossing(height(last), height(last + 1), threshold);
    }
    cluster.peak = t[cluster.peak_node];
    clusters.push_back(cluster);
    i = last;
  }
}

// t from effect, residual variance and the factor of the design; then the field's inference. Both
// directions: half of alpha each, probabilities twice.
CurveTest Infer(std::vector<double> effect, const std::vector<double>& residuals, double freedom,
                double design_variance, double alpha) {
  CurveTest test;
  const std::size_t nodes = effect.size();
  test.effect = std::move(effect);
  test.alpha = alpha;
  test.degrees_of_freedom = freedom;
  double greatest = 0.0;
  for (std::size_t k = 0; k < nodes; ++k) {
    double square = 0.0;
    for (std::size_t i = k; i < residuals.size(); i += nodes) square += residuals[i] * residuals[i];
    const double error = std::sqrt(square / freedom * design_variance);
    test.t.push_back(error > 0.0 ? test.effect[k] / error
                                 : std::numeric_limits<double>::quiet_NaN());
    greatest = std::fmax(greatest, std::abs(test.t.back()));
  }
  test.fwhm = EstimateFwhm(residuals, nodes);
  const RandomField field{freedom, test.fwhm, nodes};
  test.resels = field.resels();
  test.threshold = field.Threshold(0.5 * alpha);
  test.p_maximum = std::min(1.0, 2.0 * field.MaximumProbability(greatest));
  AppendClusters(test.t, test.threshold, true, test.clusters);
  AppendClusters(test.t, test.threshold, false, test.clusters);
  std::sort(test.clusters.begin(), test.clusters.end(),
            [](const CurveCluster& a, const CurveCluster& b) { return a.begin < b.begin; });
  double smallest = std::numeric_limits<double>::infinity();
  for (CurveCluster& cluster : test.clusters) {
    const double extent = (cluster.end - cluster.begin) / test.fwhm;
    smallest = std::min(smallest, extent);
    cluster.p_value = std::min(1.0, 2.0 * field.ClusterProbability(test.threshold, extent));
  }
  if (!test.clusters.empty()) {
    const RandomField both{freedom, test.fwhm, nodes};
    const std::size_t count = test.clusters.size();
    test.p_set = both.SetProbability(test.threshold, count, smallest, 2);
  }
  return test;
}

}  // namespace

CurveTest TestOneSample(const CurveSet& curves, std::span<const double> against, double alpha) {
  Require(curves, alpha);
  RequireCount(curves, kFewestObservations);
  if (against.size() != curves.nodes) {
    throw InputError(
        fmt::format("a curve of {} points against curves of {}", against.size(), curves.nodes));
  }
  const std::vector<double> mean = MeanCurve(curves);
  std::vector<double> residuals;
  AppendResiduals(curves, mean, residuals);
  std::vector<double> effect = mean;
  for (std::size_t k = 0; k < effect.size(); ++k) effect[k] -= against[k];
  const auto n = static_cast<double>(curves.count());
  return Infer(std::move(effect), residuals, n - 1.0, 1.0 / n, alpha);
}

CurveTest TestPaired(const CurveSet& first, const CurveSet& second, double alpha) {
  if (first.nodes != second.nodes || first.count() != second.count()) {
    throw InputError(fmt::format(
        "{} curves of {} points against {} of {}: a paired test needs a partner for each",
        first.count(), first.nodes, second.count(), second.nodes));
  }
  CurveSet difference = first;
  for (std::size_t i = 0; i < difference.value.size(); ++i) difference.value[i] -= second.value[i];
  return TestOneSample(difference, std::vector<double>(first.nodes, 0.0), alpha);
}

CurveTest TestTwoSample(const CurveSet& first, const CurveSet& second, double alpha) {
  Require(first, alpha);
  Require(second, alpha);
  RequireCount(first, 2);
  RequireCount(second, 2);
  if (first.nodes != second.nodes) {
    throw InputError(
        fmt::format("curves of {} points against curves of {}", first.nodes, second.nodes));
  }
  std::vector<double> effect = MeanCurve(first);
  const std::vector<double> other = MeanCurve(second);
  std::vector<double> residuals;
  AppendResiduals(first, effect, residuals);
  AppendResiduals(second, other, residuals);
  for (std::size_t k = 0; k < effect.size(); ++k) effect[k] -= other[k];
  const auto n1 = static_cast<double>(first.count());
  const auto n2 = static_cast<double>(second.count());
  return Infer(std::move(effect), residuals, n1 + n2 - 2.0, 1.0 / n1 + 1.0 / n2, alpha);
}

CurveTest TestRegression(const CurveSet& curves, std::span<const double> covariate, double alpha) {
  Require(curves, alpha);
  RequireCount(curves, kFewestObservations);
  if (covariate.size() != curves.count()) {
    throw InputError(
        fmt::format("{} values of the covariate for {} curves", covariate.size(), curves.count()));
  }
  double mean_x = 0.0;
  for (const double x : covariate) mean_x += x / static_cast<double>(covariate.size());
  double spread = 0.0;
  for (const double x : covariate) spread += (x - mean_x) * (x - mean_x);
  if (!(spread > 0.0)) throw InputError("the covariate is missing or the same for all curves");
  const std::vector<double> mean = MeanCurve(curves);
  std::vector<double> slope(curves.nodes, 0.0);
  for (std::size_t i = 0; i < curves.count(); ++i) {
    const double weight = (covariate[i] - mean_x) / spread;
    for (std::size_t k = 0; k < curves.nodes; ++k) slope[k] += weight * curves.Row(i)[k];
  }
  std::vector<double> residuals;
  AppendResiduals(curves, mean, residuals);
  for (std::size_t i = 0; i < curves.count(); ++i) {
    for (std::size_t k = 0; k < curves.nodes; ++k) {
      residuals[i * curves.nodes + k] -= slope[k] * (covariate[i] - mean_x);
    }
  }
  const auto freedom = static_cast<double>(curves.count()) - 2.0;
  return Infer(std::move(slope), residuals, freedom, 1.0 / spread, alpha);
}

}  // namespace medius::analysis
