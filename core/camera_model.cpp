#include "core/camera_model.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include <Eigen/LU>
#include <fmt/format.h>

#include "core/error.hpp"

namespace medius {
namespace {

constexpr std::array<std::pair<CameraModelKind, std::string_view>, 3> kKindNames = {{
    {CameraModelKind::kBrownConrady5, "brown_conrady_5"},
    {CameraModelKind::kBrownConrady8, "brown_conrady_8"},
    {CameraModelKind::kKannalaBrandt4, "kannala_brandt_4"},
}};

constexpr double kPi = 3.14159265358979323846;
// A pixel found by Unproject is off by less than this.
constexpr double kUnprojectTolerancePx = 1e-9;

// Beyond this radius (84 degrees off axis) pinhole coordinates lose their meaning for a lens.
constexpr double kLargestPinholeRadius = 10.0;

struct RadialValue {
  double value;       // distorted radius
  double derivative;  // by the undistorted one
};

// r f(r^2) of Brown-Conrady and its derivative; the tangential terms are left out.
RadialValue BrownConradyRadial(CameraModelKind kind, const double* k, double r) {
  const double r2 = r * r;
  const double numerator = 1.0 + r2 * (k[0] + r2 * (k[1] + r2 * k[4]));
  const double d_numerator = 2.0 * r * (k[0] + r2 * (2.0 * k[1] + r2 * 3.0 * k[4]));
  if (kind == CameraModelKind::kBrownConrady5) {
    return {r * numerator, numerator + r * d_numerator};
  }
  const double denominator = 1.0 + r2 * (k[5] + r2 * (k[6] + r2 * k[7]));
  const double d_denominator = 2.0 * r * (k[5] + r2 * (2.0 * k[6] + r2 * 3.0 * k[7]));
  const double factor = numerator / denominator;
  const double d_factor = (d_numerator - factor * d_denominator) / denominator;
  // A root of the denominator is a pole: report it as folded.
  if (denominator <= 0.0) return {r * factor, -1.0};
  return {r * factor, factor + r * d_factor};
}

RadialValue KannalaBrandtRadial(const double* k, double theta) {
  const double t2 = theta * theta;
  return {theta * (1.0 + t2 * (k[0] + t2 * (k[1] + t2 * (k[2] + t2 * k[3])))),
          1.0 + t2 * (3.0 * k[0] + t2 * (5.0 * k[1] + t2 * (7.0 * k[2] + t2 * 9.0 * k[3])))};
}

RadialValue Radial(CameraModelKind kind, const double* k, double r) {
  return kind == CameraModelKind::kKannalaBrandt4 ? KannalaBrandtRadial(k, r)
                                                  : BrownConradyRadial(kind, k, r);
}

// First radius where the radial function stops growing, by a scan and bisection: polynomials of a
// lens have no closed form for it.
double LargestInvertibleRadius(CameraModelKind kind, const double* k) {
  const bool fisheye = kind == CameraModelKind::kKannalaBrandt4;
  const double limit = fisheye ? kPi : kLargestPinholeRadius;
  constexpr int kSteps = 2000;
  for (int i = 1; i <= kSteps; ++i) {
    double high = limit * i / kSteps;
    if (Radial(kind, k, high).derivative > 0.0) continue;
    double low = limit * (i - 1) / kSteps;
    while (high - low > 1e-12 * high) {
      const double middle = 0.5 * (low + high);
      (Radial(kind, k, middle).derivative > 0.0 ? low : high) = middle;
    }
    return low;
  }
  return fisheye ? kPi : std::numeric_limits<double>::infinity();
}

// Radius whose distorted radius is `distorted`: Newton kept inside a bracket on the growing part.
std::optional<double> InvertRadial(CameraModelKind kind, const double* k, double distorted,
                                   double max_radius) {
  double low = 0.0;
  double high = std::min(max_radius, kLargestPinholeRadius);
  const double reach = Radial(kind, k, high).value;
  // With tangential terms the pixel may lie a little beyond the radial reach; Newton on both
  // coordinates decides, from the edge.
  if (distorted >= reach) return distorted > 1.05 * reach ? std::nullopt : std::optional(high);
  double r = std::min(distorted, 0.5 * high);
  for (int i = 0; i < 100; ++i) {
    const RadialValue f = Radial(kind, k, r);
    const double error = f.value - distorted;
    (error > 0.0 ? high : low) = r;
    const double newton = r - error / f.derivative;
    const double next = newton > low && newton < high ? newton : 0.5 * (low + high);
    if (std::abs(next - r) <= 1e-15 * (1.0 + r)) return next;
    r = next;
  }
  return r;
}

// Distorted (x, y) and its derivative by the undistorted ones.
void BrownConradyWithJacobian(CameraModelKind kind, const double* k, const Eigen::Vector2d& p,
                              Eigen::Vector2d* distorted, Eigen::Matrix2d* jacobian) {
  const double x = p.x();
  const double y = p.y();
  const double r2 = x * x + y * y;
  const double numerator = 1.0 + r2 * (k[0] + r2 * (k[1] + r2 * k[4]));
  const double d_numerator = k[0] + r2 * (2.0 * k[1] + r2 * 3.0 * k[4]);  // by r2
  double radial = numerator;
  double d_radial = d_numerator;
  if (kind == CameraModelKind::kBrownConrady8) {
    const double denominator = 1.0 + r2 * (k[5] + r2 * (k[6] + r2 * k[7]));
    const double d_denominator = k[5] + r2 * (2.0 * k[6] + r2 * 3.0 * k[7]);
    radial = numerator / denominator;
    d_radial = (d_numerator - radial * d_denominator) / denominator;
  }
  const double p1 = k[2];
  const double p2 = k[3];
  *distorted << x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
      y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y;
  const double mixed = 2.0 * x * y * d_radial + 2.0 * p1 * x + 2.0 * p2 * y;
  *jacobian << radial + 2.0 * x * x * d_radial + 2.0 * p1 * y + 6.0 * p2 * x, mixed, mixed,
      radial + 2.0 * y * y * d_radial + 6.0 * p1 * y + 2.0 * p2 * x;
}

void KannalaBrandtWithJacobian(const double* k, const Eigen::Vector3d& p,
                               Eigen::Vector2d* distorted, Eigen::Matrix<double, 2, 3>* jacobian) {
  const double r2 = p.x() * p.x() + p.y() * p.y();
  if (r2 < 1e-20 * p.z() * p.z()) {  // on the axis: the pinhole
    *distorted = p.head<2>() / p.z();
    *jacobian << 1.0 / p.z(), 0.0, -p.x() / (p.z() * p.z()), 0.0, 1.0 / p.z(),
        -p.y() / (p.z() * p.z());
    return;
  }
  const double r = std::sqrt(r2);
  const RadialValue f = KannalaBrandtRadial(k, std::atan2(r, p.z()));
  const double ratio = f.value / r;
  const double norm2 = r2 + p.z() * p.z();
  const Eigen::Vector2d direction = p.head<2>() / r;
  // theta = atan2(r, z): d theta / d r = z / |p|^2, d theta / d z = -r / |p|^2.
  const double d_ratio_d_r = (f.derivative * p.z() / norm2 - ratio) / r;
  *distorted = ratio * p.head<2>();
  jacobian->leftCols<2>() =
      ratio * Eigen::Matrix2d::Identity() + d_ratio_d_r * p.head<2>() * direction.transpose();
  jacobian->col(2) = -f.derivative * r / norm2 * direction;
}

}  // namespace

int IntrinsicCount(CameraModelKind kind) {
  switch (kind) {
    case CameraModelKind::kBrownConrady5:
      return 9;
    case CameraModelKind::kBrownConrady8:
      return 12;
    case CameraModelKind::kKannalaBrandt4:
      return 8;
  }
  return 0;
}

std::string_view ToString(CameraModelKind kind) {
  for (const auto& [known, name] : kKindNames) {
    if (known == kind) return name;
  }
  return "";
}

std::optional<CameraModelKind> CameraModelKindFromString(std::string_view text) {
  for (const auto& [kind, name] : kKindNames) {
    if (name == text) return kind;
  }
  return std::nullopt;
}

CameraModel::CameraModel(CameraModelKind kind, std::vector<double> intrinsics)
    : kind_(kind), intrinsics_(std::move(intrinsics)) {
  const auto expected = static_cast<std::size_t>(IntrinsicCount(kind));
  if (intrinsics_.size() != expected) {
    throw InputError(
        fmt::format("camera model {} has {} intrinsics, {} expected (fx fy cx cy and "
                    "the distortion)",
                    ToString(kind), intrinsics_.size(), expected));
  }
  for (std::size_t i = 0; i < expected; ++i) {
    if (!std::isfinite(intrinsics_[i])) {
      throw InputError(
          fmt::format("intrinsic {} of camera model {} is {}, a finite number expected", i,
                      ToString(kind), intrinsics_[i]));
    }
  }
  if (intrinsics_[0] <= 0.0 || intrinsics_[1] <= 0.0) {
    throw InputError(
        fmt::format("focal length {} x {} px is not positive", intrinsics_[0], intrinsics_[1]));
  }
  max_radius_ = LargestInvertibleRadius(kind_, intrinsics_.data() + 4);
}

std::optional<Eigen::Vector2d> CameraModel::Project(const Eigen::Vector3d& x_in_camera) const {
  const double r = x_in_camera.head<2>().norm();
  if (kind_ == CameraModelKind::kKannalaBrandt4) {
    if (!(std::atan2(r, x_in_camera.z()) < max_radius_)) return std::nullopt;
  } else if (!(x_in_camera.z() > 0.0 && r < max_radius_ * x_in_camera.z())) {
    return std::nullopt;
  }
  Eigen::Vector2d xy;
  ProjectUnchecked(kind_, intrinsics_.data(), x_in_camera.data(), xy.data());
  return xy;
}

std::optional<ProjectionWithJacobian> CameraModel::ProjectWithJacobian(
    const Eigen::Vector3d& x_in_camera) const {
  const double r = x_in_camera.head<2>().norm();
  const double* k = intrinsics_.data() + 4;
  Eigen::Vector2d distorted;
  Eigen::Matrix<double, 2, 3> jacobian;
  if (kind_ == CameraModelKind::kKannalaBrandt4) {
    if (!(std::atan2(r, x_in_camera.z()) < max_radius_)) return std::nullopt;
    KannalaBrandtWithJacobian(k, x_in_camera, &distorted, &jacobian);
  } else {
    if (!(x_in_camera.z() > 0.0 && r < max_radius_ * x_in_camera.z())) return std::nullopt;
    const double inverse_z = 1.0 / x_in_camera.z();
    const Eigen::Vector2d normalized = x_in_camera.head<2>() * inverse_z;
    Eigen::Matrix2d d_distorted;
    BrownConradyWithJacobian(kind_, k, normalized, &distorted, &d_distorted);
    jacobian.leftCols<2>() = d_distorted * inverse_z;
    jacobian.col(2) = -jacobian.leftCols<2>() * normalized;
  }
  ProjectionWithJacobian result;
  result.xy << intrinsics_[0] * distorted.x() + intrinsics_[2],
      intrinsics_[1] * distorted.y() + intrinsics_[3];
  result.d_xy_d_point.row(0) = intrinsics_[0] * jacobian.row(0);
  result.d_xy_d_point.row(1) = intrinsics_[1] * jacobian.row(1);
  return result;
}

std::optional<Eigen::Vector3d> CameraModel::Unproject(const Eigen::Vector2d& xy) const {
  const double* k = intrinsics_.data() + 4;
  const Eigen::Vector2d target((xy.x() - intrinsics_[2]) / intrinsics_[0],
                               (xy.y() - intrinsics_[3]) / intrinsics_[1]);
  if (!target.allFinite()) return std::nullopt;
  const double distorted_radius = target.norm();
  if (distorted_radius == 0.0 && k[2] == 0.0 && k[3] == 0.0) return Eigen::Vector3d::UnitZ();
  const std::optional<double> r = InvertRadial(kind_, k, distorted_radius, max_radius_);
  if (!r) return std::nullopt;
  const Eigen::Vector2d direction =
      distorted_radius > 0.0 ? Eigen::Vector2d(target / distorted_radius) : Eigen::Vector2d::Zero();
  if (kind_ == CameraModelKind::kKannalaBrandt4) {
    if (*r >= max_radius_) return std::nullopt;
    return Eigen::Vector3d(std::sin(*r) * direction.x(), std::sin(*r) * direction.y(),
                           std::cos(*r));
  }
  Eigen::Vector2d p = *r * direction;
  Eigen::Vector2d distorted;
  Eigen::Matrix2d jacobian;
  for (int i = 0; i < 50; ++i) {
    BrownConradyWithJacobian(kind_, k, p, &distorted, &jacobian);
    const Eigen::Vector2d error = distorted - target;
    const bool converged = std::abs(error.x()) * intrinsics_[0] < kUnprojectTolerancePx &&
                           std::abs(error.y()) * intrinsics_[1] < kUnprojectTolerancePx;
    if (converged && p.norm() < max_radius_) return Eigen::Vector3d(p.x(), p.y(), 1).normalized();
    const double determinant = jacobian.determinant();
    if (!(std::abs(determinant) > 1e-12)) return std::nullopt;
    p -= jacobian.inverse() * error;
    if (!p.allFinite() || p.norm() > kLargestPinholeRadius) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace medius
