#include "calibration/view_scatter.hpp"

#include <algorithm>
#include <cmath>

namespace medius::calibration {
namespace {

// Views with fewer used sightings have no middle to speak of.
constexpr std::size_t kFewestOfView = 4;
// Median of a Rayleigh distribution of unit scale.
constexpr double kRayleighMedian = 1.17741002251547;

double Median(std::vector<double>* values) {
  if (values->empty()) return 0.0;
  const auto middle = values->begin() + static_cast<std::ptrdiff_t>(values->size() / 2);
  std::nth_element(values->begin(), middle, values->end());
  return *middle;
}

}  // namespace

double ViewScatter::Total() const {
  return std::hypot(within, between);
}

ViewScatter MeasureViewScatter(const BundleData& data,
                               const std::vector<Eigen::Vector2d>& residuals,
                               const std::vector<std::uint8_t>& use) {
  std::vector<double> middles;
  std::vector<double> lengths;
  for (const BundleView& view : data.views) {
    std::vector<double> x;
    std::vector<double> y;
    for (std::size_t i = view.begin; i < view.end; ++i) {
      if (use[i] == 0 || !residuals[i].allFinite()) continue;
      x.push_back(residuals[i].x());
      y.push_back(residuals[i].y());
    }
    if (x.size() < kFewestOfView) continue;
    const double shrink = std::sqrt(1.0 - 1.0 / static_cast<double>(x.size()));
    const Eigen::Vector2d middle(Median(&x), Median(&y));
    middles.push_back(middle.norm());
    for (std::size_t i = view.begin; i < view.end; ++i) {
      if (use[i] == 0 || !residuals[i].allFinite()) continue;
      lengths.push_back((residuals[i] - middle).norm() / shrink);
    }
  }
  ViewScatter scatter;
  scatter.within = Median(&lengths) / kRayleighMedian;
  scatter.between = Median(&middles) / kRayleighMedian;
  // The middle of a view of independent errors scatters by far less than they do.
  if (scatter.between <= scatter.within) scatter.between = 0.0;
  return scatter;
}

}  // namespace medius::calibration
