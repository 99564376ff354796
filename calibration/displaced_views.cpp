#include "calibration/displaced_views.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace medius::calibration {
namespace {

// Views with fewer sightings have no middle to speak of.
constexpr std::size_t kFewestOfView = 4;
constexpr double kDisplaced = 2.0;  // sigma: a middle of independent errors never lies so far off
constexpr double kJump = 16.0;
// Median of a Rayleigh distribution of unit scale.
constexpr double kRayleighMedian = 1.17741002251547;

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct ViewMiddle {
  bool valid = false;
  Eigen::Vector2d middle = Eigen::Vector2d::Zero();
  double spread = 0.0;  // sd of a coordinate about it
};

ViewMiddle MiddleOf(const BundleView& view, const std::vector<Eigen::Vector2d>& residuals) {
  std::vector<double> x;
  std::vector<double> y;
  for (std::size_t i = view.begin; i < view.end; ++i) {
    if (!residuals[i].allFinite()) return {};
    x.push_back(residuals[i].x());
    y.push_back(residuals[i].y());
  }
  if (x.size() < kFewestOfView) return {};
  ViewMiddle result{true, {Median(x), Median(y)}, 0.0};
  std::vector<double> lengths;
  for (std::size_t i = view.begin; i < view.end; ++i) {
    lengths.push_back((residuals[i] - result.middle).norm());
  }
  result.spread = Median(lengths) / kRayleighMedian;
  return result;
}

// The largest displacement that still belongs to the scatter of the views.
double LargestOfScatter(std::vector<double> displacements) {
  std::sort(displacements.begin(), displacements.end());
  double squares = 0.0;
  double count = 0.0;
  for (const double displacement : displacements) {
    const bool is_half = 2.0 * count >= static_cast<double>(displacements.size());
    if (is_half && displacement > kJump * std::sqrt(squares / count)) break;
    squares += displacement * displacement;
    count += 1.0;
  }
  const auto last = static_cast<std::size_t>(count);
  return last == 0 ? 0.0 : displacements[last - 1];
}

}  // namespace

void JudgeDisplacedViews(const BundleData& data, const std::vector<Eigen::Vector2d>& residuals,
                         double sigma, std::vector<double>* squares) {
  std::vector<ViewMiddle> middles;
  std::vector<double> displacements;
  for (const BundleView& view : data.views) {
    middles.push_back(MiddleOf(view, residuals));
    if (middles.back().valid) displacements.push_back(middles.back().middle.norm());
  }
  const double largest = LargestOfScatter(std::move(displacements));
  for (std::size_t v = 0; v < data.views.size(); ++v) {
    const ViewMiddle& own = middles[v];
    const double displacement = own.middle.norm();
    if (!own.valid || displacement <= kDisplaced * sigma || displacement > largest) continue;
    const double sd = std::max(sigma, own.spread);
    for (std::size_t i = data.views[v].begin; i < data.views[v].end; ++i) {
      (*squares)[i] = (residuals[i] - own.middle).squaredNorm() / (sd * sd);
    }
  }
}

}  // namespace medius::calibration
