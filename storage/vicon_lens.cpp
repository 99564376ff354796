#include "storage/vicon_lens.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <Eigen/QR>

#include "core/error.hpp"

namespace medius::storage {
namespace {

// A seen point and its ideal, both by the focal lengths, from the principal point.
struct Sample {
  Eigen::Vector2d seen_px;
  Eigen::Vector2d seen;
  Eigen::Vector2d ideal;
};

Eigen::Vector2d FocalLengths(const ViconLens& lens) {
  return {lens.focal_length, lens.focal_length / lens.aspect};
}

std::vector<Sample> SampleImage(const ViconLens& lens, const ImageSize& image) {
  constexpr int kSteps = 32;
  std::vector<Sample> samples;
  for (int row = 0; row <= kSteps; ++row) {
    for (int column = 0; column <= kSteps; ++column) {
      const Eigen::Vector2d seen((image.width - 1.0) * column / kSteps,
                                 (image.height - 1.0) * row / kSteps);
      const auto normalized = [&](const Eigen::Vector2d& pixel) -> Eigen::Vector2d {
        return (pixel - lens.principal_point).cwiseQuotient(FocalLengths(lens));
      };
      samples.push_back({seen, normalized(seen), normalized(lens.Ideal(seen))});
    }
  }
  return samples;
}

// Does r (1 + k1 r^2 + ...) grow as far as the corners? Where not, two pixels share an ideal point.
bool IsInvertible(const ViconLens& lens, const ImageSize& image) {
  const double x = std::max(lens.distortion_centre.x(), image.width - lens.distortion_centre.x());
  const double y = std::max(lens.distortion_centre.y(), image.height - lens.distortion_centre.y());
  const double farthest = std::hypot(x, y * lens.aspect);
  constexpr int kSteps = 1000;
  for (int i = 1; i <= kSteps; ++i) {
    const double r2 = std::pow(farthest * i / kSteps, 2);
    const double slope =
        1.0 + r2 * (3.0 * lens.k[0] + r2 * (5.0 * lens.k[1] + r2 * 7.0 * lens.k[2]));
    if (slope <= 0.0) return false;
  }
  return true;
}

// Both models are linear in their coefficients: multiplied by its denominator, the rational one
// reads x (1 + k1 r^2 + ...) + tangential = seen (1 + k4 r^2 + k5 r^4 + k6 r^6), the tangential
// part being too small for the denominator to matter there; what is left of it shows in the
// residual.
// @param count  5 or 8. @return k1 k2 p1 p2 k3 (k4 k5 k6).
Eigen::VectorXd SolveCoefficients(const std::vector<Sample>& samples, int count) {
  Eigen::MatrixXd A(2 * static_cast<Eigen::Index>(samples.size()), count);
  Eigen::VectorXd b(A.rows());
  Eigen::Index row = 0;
  for (const Sample& sample : samples) {
    const double x = sample.ideal.x();
    const double y = sample.ideal.y();
    const double r2 = sample.ideal.squaredNorm();
    const Eigen::Vector3d powers(r2, r2 * r2, r2 * r2 * r2);
    const double p1[2] = {2.0 * x * y, r2 + 2.0 * y * y};
    const double p2[2] = {r2 + 2.0 * x * x, 2.0 * x * y};
    for (int axis = 0; axis < 2; ++axis, ++row) {
      const double ideal = sample.ideal[axis];
      const double seen = sample.seen[axis];
      A.row(row).head<5>() << ideal * powers[0], ideal * powers[1], p1[axis], p2[axis],
          ideal * powers[2];
      if (count == 8) A.row(row).tail<3>() = -seen * powers.transpose();
      b[row] = seen - ideal;
    }
  }
  return A.colPivHouseholderQr().solve(b);
}

std::optional<FittedLens> Fit(const ViconLens& lens, const std::vector<Sample>& samples,
                              CameraModelKind kind) {
  const Eigen::Vector2d f = FocalLengths(lens);
  std::vector<double> intrinsics = {f.x(), f.y(), lens.principal_point.x(),
                                    lens.principal_point.y()};
  const Eigen::VectorXd k = SolveCoefficients(samples, IntrinsicCount(kind) - 4);
  if (!k.allFinite()) return std::nullopt;
  intrinsics.insert(intrinsics.end(), k.begin(), k.end());
  FittedLens fitted{CameraModel(kind, intrinsics)};
  double sum = 0.0;
  for (const Sample& sample : samples) {
    const auto pixel = fitted.model.Project({sample.ideal.x(), sample.ideal.y(), 1.0});
    if (!pixel) return std::nullopt;
    const double error = (*pixel - sample.seen_px).norm();
    sum += error * error;
    fitted.max_px = std::max(fitted.max_px, error);
  }
  fitted.rms_px = std::sqrt(sum / static_cast<double>(samples.size()));
  return fitted;
}

}  // namespace

Eigen::Vector2d ViconLens::Ideal(const Eigen::Vector2d& seen) const {
  const Eigen::Vector2d d = seen - distortion_centre;
  const double r2 = d.x() * d.x() + aspect * aspect * d.y() * d.y();
  return distortion_centre + d * (1.0 + r2 * (k[0] + r2 * (k[1] + r2 * k[2])));
}

std::optional<FittedLens> FitBrownConrady(const ViconLens& lens, const ImageSize& image) {
  if (!IsInvertible(lens, image)) return std::nullopt;
  constexpr double kGoodEnough = 0.01;  // px
  const std::vector<Sample> samples = SampleImage(lens, image);
  std::optional<FittedLens> five = Fit(lens, samples, CameraModelKind::kBrownConrady5);
  if (five && five->max_px <= kGoodEnough) return five;
  std::optional<FittedLens> eight = Fit(lens, samples, CameraModelKind::kBrownConrady8);
  if (!eight) return five;
  return five && five->max_px <= eight->max_px ? five : eight;
}

}  // namespace medius::storage
