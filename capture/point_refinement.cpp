#include "capture/point_refinement.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>

namespace medius::capture {
namespace {

constexpr double kStep = 1e-4;            // pixels; where repeating has settled
constexpr double kBorder = 2.0;           // pixels
constexpr double kLeastRoundness = 0.02;  // of the normal matrix: below it one coordinate is free
constexpr double kLeastGradient = 1.0;    // grey levels per pixel, rms in the window
// Neighbouring gradients share noise, and it enters both factors of the product. Found by comparing
// with the spread over noise (tests: the stated sigma is that of the points).
constexpr double kNoiseShareOfCorner = 2.0;
constexpr double kNoiseShareOfCross = 0.9;
constexpr double kNoiseShareOfDisc = 0.35;
// A Scharr gradient of independent noise of one level: sqrt(2 (3^2 + 10^2 + 3^2)) / 32.
constexpr double kGradientNoise = 0.4801;

Eigen::Vector2d GradientAt(const GreyImage& image, int x, int y) {
  const std::uint8_t* a = image.Row(y - 1) + x;
  const std::uint8_t* b = image.Row(y) + x;
  const std::uint8_t* c = image.Row(y + 1) + x;
  const int gx = 3 * (a[1] - a[-1] + c[1] - c[-1]) + 10 * (b[1] - b[-1]);
  const int gy = 3 * (c[-1] - a[-1] + c[1] - a[1]) + 10 * (c[0] - a[0]);
  return Eigen::Vector2d(gx, gy) / 32.0;
}

struct NormalEquations {
  Eigen::Matrix2d matrix = Eigen::Matrix2d::Zero();
  Eigen::Vector2d right = Eigen::Vector2d::Zero();
  Eigen::Matrix2d spread = Eigen::Matrix2d::Zero();  // of `right` for a gradient noise of one
  double weight = 0.0;
};

void Add(PointShape shape, double weight, const Eigen::Vector2d& gradient,
         const Eigen::Vector2d& from_centre, NormalEquations& equations) {
  Eigen::Matrix2d outer = gradient * gradient.transpose();
  if (shape == PointShape::kDisc) {
    outer = gradient.squaredNorm() * Eigen::Matrix2d::Identity() - outer;
  }
  equations.matrix += weight * outer;
  equations.right += weight * (outer * from_centre);
  equations.spread += weight * weight * from_centre.squaredNorm() * outer;
  equations.weight += weight;
}

// Weight of a pixel, 0 outside of the window.
double WeightAt(const RefinementWindow& window, const Eigen::Vector2d& from_centre) {
  const Eigen::Vector2d unit = window.unit_from_pixels * from_centre;
  const double inside = 1.0 - unit.squaredNorm();
  if (inside <= 0.0) return 0.0;
  if (!std::isfinite(window.cross_half_width)) return inside * inside;
  const double aside = std::min(std::abs(unit.x()), std::abs(unit.y())) / window.cross_half_width;
  const double in_cross = 1.0 - aside * aside;
  return in_cross <= 0.0 ? 0.0 : inside * inside * in_cross;
}

NormalEquations Gather(const GreyImage& image, const Eigen::Vector2d& centre, PointShape shape,
                       const RefinementWindow& window) {
  NormalEquations equations;
  // The ellipse's half extents along the image's axes.
  const Eigen::Matrix2d pixels_from_unit = window.unit_from_pixels.inverse();
  const double reach_x = pixels_from_unit.row(0).norm();
  const double reach_y = pixels_from_unit.row(1).norm();
  const int x_low = std::max(1, static_cast<int>(std::ceil(centre.x() - reach_x)));
  const int x_high = std::min(image.width - 2, static_cast<int>(std::floor(centre.x() + reach_x)));
  const int y_low = std::max(1, static_cast<int>(std::ceil(centre.y() - reach_y)));
  const int y_high = std::min(image.height - 2, static_cast<int>(std::floor(centre.y() + reach_y)));
  for (int y = y_low; y <= y_high; ++y) {
    for (int x = x_low; x <= x_high; ++x) {
      const Eigen::Vector2d from_centre = Eigen::Vector2d(x, y) - centre;
      const double weight = WeightAt(window, from_centre);
      if (weight > 0.0) Add(shape, weight, GradientAt(image, x, y), from_centre, equations);
    }
  }
  return equations;
}

bool PinsBothCoordinates(const NormalEquations& equations) {
  const double trace = equations.matrix.trace();
  if (!(trace > kLeastGradient * kLeastGradient * equations.weight)) return false;
  // 4 det / trace^2 is 1 for a round matrix and 0 for a single edge.
  return 4.0 * equations.matrix.determinant() > kLeastRoundness * trace * trace;
}

double NoiseShare(PointShape shape, const RefinementWindow& window) {
  if (shape == PointShape::kDisc) return kNoiseShareOfDisc;
  return std::isfinite(window.cross_half_width) ? kNoiseShareOfCross : kNoiseShareOfCorner;
}

bool IsInside(const GreyImage& image, const Eigen::Vector2d& xy) {
  return xy.x() >= kBorder && xy.y() >= kBorder && xy.x() <= image.width - 1 - kBorder &&
         xy.y() <= image.height - 1 - kBorder;
}

}  // namespace

std::optional<RefinedPoint> RefinePoint(const GreyImage& image, const Eigen::Vector2d& start,
                                        PointShape shape, const RefinementOptions& options) {
  Eigen::Vector2d centre = start;
  for (int iteration = 0; iteration < options.max_iterations; ++iteration) {
    if (!IsInside(image, centre)) return std::nullopt;
    const NormalEquations equations = Gather(image, centre, shape, options.window);
    if (!PinsBothCoordinates(equations)) return std::nullopt;
    const Eigen::Matrix2d inverse = equations.matrix.inverse();
    const Eigen::Vector2d move = inverse * equations.right;
    centre += move;
    if (!((centre - start).norm() <= options.max_move)) return std::nullopt;
    if (move.norm() > kStep && iteration + 1 < options.max_iterations) continue;
    const double noise = NoiseShare(shape, options.window) * kGradientNoise * kGradientNoise;
    return RefinedPoint{centre, noise * inverse * equations.spread * inverse};
  }
  return std::nullopt;
}

double GreyAt(const GreyImage& image, const Eigen::Vector2d& xy) {
  const double x = std::clamp(xy.x(), 0.0, static_cast<double>(image.width - 1));
  const double y = std::clamp(xy.y(), 0.0, static_cast<double>(image.height - 1));
  const int x0 = std::min(static_cast<int>(x), std::max(0, image.width - 2));
  const int y0 = std::min(static_cast<int>(y), std::max(0, image.height - 2));
  const int right = image.width > 1 ? 1 : 0;
  const std::uint8_t* top = image.Row(y0) + x0;
  const std::uint8_t* bottom = image.Row(std::min(y0 + 1, image.height - 1)) + x0;
  const double u = x - x0;
  const double v = y - y0;
  return (1.0 - v) * ((1.0 - u) * top[0] + u * top[right]) +
         v * ((1.0 - u) * bottom[0] + u * bottom[right]);
}

double EstimateNoise(const GreyImage& image, const Eigen::Vector2d& low,
                     const Eigen::Vector2d& high) {
  constexpr double kRounding = 0.5;  // grey levels: of 8 bits, and what compression hides
  // The operator's gain on independent noise is 6; a median of |normal| is 0.6745 sd.
  constexpr double kMedianToSd = 1.0 / (6.0 * 0.6745);
  std::array<std::uint32_t, 16 * 255 + 1> histogram{};
  std::uint32_t count = 0;
  const int x_low = std::max(1, static_cast<int>(low.x()));
  const int x_high = std::min(image.width - 2, static_cast<int>(high.x()));
  const int y_high = std::min(image.height - 2, static_cast<int>(high.y()));
  for (int y = std::max(1, static_cast<int>(low.y())); y <= y_high; ++y) {
    const std::uint8_t* a = image.Row(y - 1);
    const std::uint8_t* b = image.Row(y);
    const std::uint8_t* c = image.Row(y + 1);
    for (int x = x_low; x <= x_high; ++x) {
      const int value = a[x - 1] - 2 * a[x] + a[x + 1] - 2 * (b[x - 1] - 2 * b[x] + b[x + 1]) +
                        c[x - 1] - 2 * c[x] + c[x + 1];
      ++histogram[static_cast<std::size_t>(std::min(std::abs(value), 16 * 255))];
      ++count;
    }
  }
  std::uint32_t below = 0;
  std::size_t median = 0;
  while (median + 1 < histogram.size() && 2 * (below += histogram[median]) < count) ++median;
  return std::max(kRounding, static_cast<double>(median) * kMedianToSd);
}

}  // namespace medius::capture
