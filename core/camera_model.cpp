#include "core/camera_model.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

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

// A pixel found by Unproject is off by less than this (or by rounding, a million pixels out).
constexpr double kUnprojectTolerancePx = 1e-9;

// Beyond 89.9 degrees from the axis x/z and y/z say nothing of a lens any more.
constexpr double kLargestPinholeAngle = 89.9 / 180.0 * std::numbers::pi;

// Outside these (metres^2) a point has no direction that survives the squares of the formulas.
constexpr double kSmallestSquaredDistance = 1e-200;
constexpr double kLargestSquaredDistance = 1e200;

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

// Length of w = (p2, p1), the tangential coefficients.
double TangentialLength(const double* k) {
  return std::hypot(k[2], k[3]);
}

// True where no other point of the disc of this radius has the image of a point on its rim, given
// that this holds inside. For Brown-Conrady the Jacobian is symmetric: along and across the radius
// it is diag(g, f), with g the derivative of the radial function and f its factor, plus
// 2 [(w.x) I + w x^T + x w^T] of the tangential terms. With g > 6 r |w| and f > 10/3 r |w| it is
// positive definite whatever the angle between x and w (the worst is opposite), and a function
// with such a Jacobian on a disc, the gradient of a convex one, takes no value twice.
bool IsInvertibleAt(CameraModelKind kind, const double* k, double r) {
  const RadialValue radial = Radial(kind, k, r);
  if (kind == CameraModelKind::kKannalaBrandt4) return radial.derivative > 0.0;
  const double tangential = r * TangentialLength(k);
  return radial.derivative > 6.0 * tangential && radial.value > 10.0 / 3.0 * tangential * r;
}

// First radius where the model folds, by a scan and bisection over the angle from the axis: the
// polynomials have no closed form for it.
double LargestInvertibleRadius(CameraModelKind kind, const double* k) {
  const bool fisheye = kind == CameraModelKind::kKannalaBrandt4;
  const double limit = fisheye ? std::numbers::pi : kLargestPinholeAngle;
  const auto radius = [&](double angle) { return fisheye ? angle : std::tan(angle); };
  constexpr int kSteps = 2000;
  for (int i = 1; i <= kSteps; ++i) {
    double high = limit * i / kSteps;
    if (IsInvertibleAt(kind, k, radius(high))) continue;
    double low = limit * (i - 1) / kSteps;
    while (high - low > 1e-14) {
      const double middle = 0.5 * (low + high);
      (IsInvertibleAt(kind, k, radius(middle)) ? low : high) = middle;
    }
    return radius(low);
  }
  return radius(limit);
}

// Radius whose distorted radius is `distorted` > 0, to `tolerance` of the latter: Newton kept in a
// bracket. The end of the range where the pixel lies beyond its image by no more than the
// tangential terms can move it; nullopt where farther.
std::optional<double> InvertRadial(CameraModelKind kind, const double* k, double distorted,
                                   double max_radius, double tolerance) {
  double low = 0.0;
  double high = std::min(distorted, max_radius);
  RadialValue at_high = Radial(kind, k, high);
  while (at_high.value < distorted) {
    if (high >= max_radius) {
      const bool fisheye = kind == CameraModelKind::kKannalaBrandt4;
      const double slack = fisheye ? 0.0 : 3.0 * high * high * TangentialLength(k);
      return distorted <= at_high.value + slack ? std::optional(high) : std::nullopt;
    }
    low = high;
    high = std::min(2.0 * high, max_radius);
    at_high = Radial(kind, k, high);
  }
  double r = high;
  RadialValue f = at_high;
  double step = high - low;
  // Halving either the bracket or the step each time: 2^-200 of any start is enough.
  for (int i = 0; i < 200; ++i) {
    const double error = f.value - distorted;
    if (std::abs(error) <= tolerance) return r;
    (error > 0.0 ? high : low) = r;
    const double newton = r - error / f.derivative;
    const bool keeps = newton > low && newton < high && std::abs(newton - r) < 0.5 * std::abs(step);
    const double next = keeps ? newton : 0.5 * (low + high);
    if (next == low || next == high) return next;  // no number left between them
    step = next - r;
    r = next;
    f = Radial(kind, k, r);
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

// The undistorted point of a distorted one: Newton, each step halved until it comes nearer while
// the Jacobian stays positive definite. It may leave the disc of max_radius on its way but not end
// there.
std::optional<Eigen::Vector2d> InvertBrownConrady(CameraModelKind kind, const double* k,
                                                  const Eigen::Vector2d& target,
                                                  const Eigen::Vector2d& start, double max_radius,
                                                  const Eigen::Vector2d& tolerance) {
  Eigen::Vector2d p = start;
  Eigen::Vector2d distorted;
  Eigen::Matrix2d jacobian;
  BrownConradyWithJacobian(kind, k, p, &distorted, &jacobian);
  Eigen::Vector2d error = distorted - target;
  for (int i = 0; (error.cwiseAbs().array() > tolerance.array()).any(); ++i) {
    if (i == 100) return std::nullopt;
    const Eigen::Vector2d step = jacobian.inverse() * error;
    const double last = error.squaredNorm();
    double scale = 1.0;
    Eigen::Vector2d candidate;
    do {
      if (!(scale > 1e-6)) return std::nullopt;
      candidate = p - scale * step;
      scale *= 0.5;
      BrownConradyWithJacobian(kind, k, candidate, &distorted, &jacobian);
      error = distorted - target;
    } while (
        !(error.squaredNorm() < last && jacobian.determinant() > 0.0 && jacobian.trace() > 0.0));
    p = candidate;
  }
  return p.squaredNorm() < max_radius * max_radius ? std::optional(p) : std::nullopt;
}

void KannalaBrandtWithJacobian(const double* k, const Eigen::Vector3d& p,
                               Eigen::Vector2d* distorted, Eigen::Matrix<double, 2, 3>* jacobian) {
  const double r2 = p.x() * p.x() + p.y() * p.y();
  if (p.z() > 0.0 && r2 < 1e-20 * p.z() * p.z()) {  // on the axis: the pinhole
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

bool CameraModel::IsInRange(const Eigen::Vector3d& x_in_camera) const {
  const double r2 = x_in_camera.head<2>().squaredNorm();
  const double z = x_in_camera.z();
  const double distance2 = r2 + z * z;  // NaN fails both comparisons
  if (!(distance2 > kSmallestSquaredDistance && distance2 < kLargestSquaredDistance)) return false;
  if (kind_ != CameraModelKind::kKannalaBrandt4) {
    return z > 0.0 && r2 < max_radius_ * max_radius_ * (z * z);
  }
  if (z > 0.0 && max_radius_ >= 0.5 * std::numbers::pi) return true;
  return std::atan2(std::sqrt(r2), z) < max_radius_;
}

std::optional<Eigen::Vector2d> CameraModel::Project(const Eigen::Vector3d& x_in_camera) const {
  if (!IsInRange(x_in_camera)) return std::nullopt;
  Eigen::Vector2d xy;
  ProjectUnchecked(kind_, intrinsics_.data(), x_in_camera.data(), xy.data());
  return xy;
}

std::optional<ProjectionWithJacobian> CameraModel::ProjectWithJacobian(
    const Eigen::Vector3d& x_in_camera) const {
  if (!IsInRange(x_in_camera)) return std::nullopt;
  const double* k = intrinsics_.data() + 4;
  Eigen::Vector2d distorted;
  Eigen::Matrix<double, 2, 3> jacobian;
  if (kind_ == CameraModelKind::kKannalaBrandt4) {
    KannalaBrandtWithJacobian(k, x_in_camera, &distorted, &jacobian);
  } else {
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
  const Eigen::Vector2d focal(intrinsics_[0], intrinsics_[1]);
  const Eigen::Vector2d target =
      (xy - Eigen::Vector2d(intrinsics_[2], intrinsics_[3])).cwiseQuotient(focal);
  const double distorted_radius = target.norm();
  if (!std::isfinite(distorted_radius)) return std::nullopt;
  if (distorted_radius == 0.0) return Eigen::Vector3d::UnitZ();
  const Eigen::Vector2d direction = target / distorted_radius;

  if (kind_ == CameraModelKind::kKannalaBrandt4) {
    constexpr double kAngleTolerance = 1e-14;  // 1e-9 px of a focal length of 100,000 px
    const auto theta = InvertRadial(kind_, k, distorted_radius, max_radius_, kAngleTolerance);
    if (!theta || *theta >= max_radius_) return std::nullopt;
    const Eigen::Vector2d transverse = std::sin(*theta) * direction;
    return Eigen::Vector3d(transverse.x(), transverse.y(), std::cos(*theta));
  }
  constexpr double kStartTolerance = 1e-6;
  const auto start = InvertRadial(kind_, k, distorted_radius, max_radius_, kStartTolerance);
  if (!start) return std::nullopt;
  const double rounding = 4.0 * std::numeric_limits<double>::epsilon() * xy.cwiseAbs().maxCoeff();
  const Eigen::Vector2d tolerance =
      std::max(kUnprojectTolerancePx, rounding) * focal.cwiseInverse();
  // At the very rim the Jacobian is singular: start a little inside it. Near a fold beside a pole
  // the first start can get stuck.
  for (const double fraction : {1.0, 0.7, 0.3}) {
    const Eigen::Vector2d inside = fraction * std::min(*start, 0.99 * max_radius_) * direction;
    const auto p = InvertBrownConrady(kind_, k, target, inside, max_radius_, tolerance);
    if (p) return Eigen::Vector3d(p->x(), p->y(), 1.0).normalized();
  }
  return std::nullopt;
}

}  // namespace medius
