#include "calibration/homography.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <random>

#include <Eigen/Cholesky>
#include <Eigen/Geometry>
#include <Eigen/LU>

#include "core/check.hpp"

namespace medius::calibration {
namespace {

using Matrix8 = Eigen::Matrix<double, 8, 8>;
using Vector8 = Eigen::Matrix<double, 8, 1>;

constexpr int kReweightings = 6;
constexpr int kSamples = 200;
// A fit that meets all points within this part of the tolerance needs no more reweighting.
constexpr double kGoodEnough = 0.3;
// A plane whose points are this flat (ratio of variances) fixes no homography.
constexpr double kLineRatio = 1e-5;
// Share of points that must be met for a fit to be believed.
constexpr double kLeastShare = 0.55;

// Translation and one scale that bring points to zero mean and unit spread.
struct Normalization {
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  double scale = 1.0;
  bool on_a_line = false;

  explicit Normalization(std::span<const Eigen::Vector2d> points) {
    const auto count = static_cast<double>(points.size());
    for (const auto& p : points) mean += p / count;
    Eigen::Matrix2d scatter = Eigen::Matrix2d::Zero();
    for (const auto& p : points) scatter += (p - mean) * (p - mean).transpose() / count;
    const double trace = scatter.trace();
    on_a_line = !(scatter.determinant() > kLineRatio * trace * trace);
    scale = trace > 0.0 ? std::sqrt(2.0 / trace) : 1.0;
  }
  [[nodiscard]] Eigen::Vector2d Apply(const Eigen::Vector2d& p) const { return scale * (p - mean); }
  [[nodiscard]] Eigen::Matrix3d Matrix() const {
    Eigen::Matrix3d matrix;
    matrix << scale, 0.0, -scale * mean.x(), 0.0, scale, -scale * mean.y(), 0.0, 0.0, 1.0;
    return matrix;
  }
};

class Fit {
 public:
  Fit(std::span<const Eigen::Vector2d> plane, std::span<const Eigen::Vector2d> image)
      : from_plane_(plane), from_image_(image) {
    for (const auto& p : plane) plane_.push_back(from_plane_.Apply(p));
    for (const auto& p : image) image_.push_back(from_image_.Apply(p));
    error_.resize(plane_.size());
  }

  [[nodiscard]] bool on_a_line() const { return from_plane_.on_a_line || from_image_.on_a_line; }
  [[nodiscard]] const std::vector<double>& error() const { return error_; }
  [[nodiscard]] double scale() const { return from_image_.scale; }

  // The homography with last entry 1 that minimizes the weighted algebraic error.
  bool Solve(const std::vector<double>& weight, const std::vector<std::size_t>* subset) {
    Matrix8 A = Matrix8::Zero();
    Vector8 b = Vector8::Zero();
    const std::size_t count = subset != nullptr ? subset->size() : plane_.size();
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = subset != nullptr ? (*subset)[k] : k;
      const double x = plane_[i].x();
      const double y = plane_[i].y();
      const double u = image_[i].x();
      const double v = image_[i].y();
      Eigen::Matrix<double, 2, 8> row;
      row << x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, 0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y;
      A.noalias() += weight[i] * row.transpose() * row;
      b.noalias() += weight[i] * row.transpose() * image_[i];
    }
    const Vector8 h = A.ldlt().solve(b);
    H_ << h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1.0;
    return H_.allFinite();
  }

  // Distances in normalized units, infinite across the horizon; also each point's denominator.
  void Measure(std::vector<double>* denominator) {
    for (std::size_t i = 0; i < plane_.size(); ++i) {
      const Eigen::Vector3d p = H_ * plane_[i].homogeneous();
      (*denominator)[i] = p.z();
      error_[i] = p.z() > 1e-9 ? (p.head<2>() / p.z() - image_[i]).norm()
                               : std::numeric_limits<double>::infinity();
    }
  }

  [[nodiscard]] double MedianError() const {
    std::vector<double> sorted = error_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
  }

  // Reweighted least squares from given weights: geometric error, Cauchy.
  bool Refine(std::vector<double> weight, double tolerance) {
    std::vector<double> denominator(plane_.size());
    for (int i = 0; i < kReweightings; ++i) {
      if (!Solve(weight, nullptr)) return false;
      Measure(&denominator);
      const double worst = *std::max_element(error_.begin(), error_.end());
      if (i > 0 && worst < kGoodEnough * tolerance) return true;
      const double c = std::max(2.0 * MedianError(), 0.5 * tolerance);
      if (!std::isfinite(c)) return false;
      for (std::size_t k = 0; k < weight.size(); ++k) {
        const double e = error_[k] / c;
        const double d = std::max(std::abs(denominator[k]), 1e-6);
        weight[k] = std::isfinite(e) ? 1.0 / ((1.0 + e * e * e * e) * d * d) : 0.0;
      }
    }
    if (!Solve(weight, nullptr)) return false;
    Measure(&denominator);
    return true;
  }

  // Weights 1 for the points near the best of many four-point fits.
  std::vector<double> Sample(double tolerance) {
    std::mt19937_64 random(20);  // fixed: no choice of the caller's
    const std::vector<double> ones(plane_.size(), 1.0);
    std::vector<double> denominator(plane_.size());
    std::vector<double> best = ones;
    double best_score = -1.0;
    std::vector<std::size_t> four(4);
    for (int s = 0; s < kSamples; ++s) {
      for (auto& i : four) i = random() % plane_.size();
      if (four[0] == four[1] || four[0] == four[2] || four[0] == four[3] || four[1] == four[2] ||
          four[1] == four[3] || four[2] == four[3] || !Solve(ones, &four)) {
        continue;
      }
      Measure(&denominator);
      double score = 0.0;
      for (const double e : error_) score += std::max(0.0, 1.0 - e * e / (tolerance * tolerance));
      if (score <= best_score) continue;
      best_score = score;
      for (std::size_t k = 0; k < best.size(); ++k) best[k] = error_[k] < tolerance ? 1.0 : 0.0;
    }
    return best;
  }

  [[nodiscard]] Eigen::Matrix3d Homography() const {
    const Eigen::Matrix3d H = from_image_.Matrix().inverse() * H_ * from_plane_.Matrix();
    return H / H(2, 2);
  }

 private:
  Normalization from_plane_;
  Normalization from_image_;
  std::vector<Eigen::Vector2d> plane_;
  std::vector<Eigen::Vector2d> image_;
  std::vector<double> error_;
  Eigen::Matrix3d H_ = Eigen::Matrix3d::Identity();
};

double ShareBelow(const std::vector<double>& error, double limit) {
  const auto near = std::count_if(error.begin(), error.end(), [&](double e) { return e < limit; });
  return static_cast<double>(near) / static_cast<double>(error.size());
}

}  // namespace

PlaneHomography FitHomography(std::span<const Eigen::Vector2d> plane,
                              std::span<const Eigen::Vector2d> image, double tolerance) {
  MEDIUS_CHECK(plane.size() == image.size(), "a point of the image for each of the plane");
  PlaneHomography result;
  result.image_from_plane.setIdentity();
  if (plane.size() < 4) return result;
  Fit fit(plane, image);
  if (fit.on_a_line()) return result;
  const double limit = tolerance * fit.scale();
  const std::vector<double> ones(plane.size(), 1.0);
  bool solved = fit.Refine(ones, limit);
  if (!solved || ShareBelow(fit.error(), limit) < 0.9) {
    const double first = solved ? ShareBelow(fit.error(), limit) : 0.0;
    const std::vector<double> near = fit.Sample(limit);
    solved = fit.Refine(near, limit);
    if (solved && ShareBelow(fit.error(), limit) < first) solved = fit.Refine(ones, limit);
  }
  if (!solved) return result;
  const double near = std::max(limit, 4.0 * fit.MedianError());
  result.is_near.resize(plane.size());
  for (std::size_t i = 0; i < plane.size(); ++i) result.is_near[i] = fit.error()[i] < near ? 1 : 0;
  result.image_from_plane = fit.Homography();
  result.median_error = fit.MedianError() / fit.scale();
  result.valid =
      result.image_from_plane.allFinite() && ShareBelow(fit.error(), near) >= kLeastShare;
  return result;
}

}  // namespace medius::calibration
