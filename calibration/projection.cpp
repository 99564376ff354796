#include "calibration/projection.hpp"

#include <cmath>

namespace medius::calibration {
namespace {

constexpr double kNearestDepth = 1e-6;  // metres

using Jacobian2x3 = Eigen::Matrix<double, 2, 3>;

// Distorted (x, y), and its derivatives by the undistorted ones and by k1 k2 p1 p2 k3 k4 k5 k6.
struct Distorted {
  Eigen::Vector2d xy;
  Eigen::Matrix2d by_xy;
  Eigen::Matrix<double, 2, 8> by_k;
};

void DistortBrownConrady(CameraModelKind kind, const double* k, double x, double y,
                         Distorted* out) {
  const double r2 = x * x + y * y;
  const double r4 = r2 * r2;
  const double r6 = r4 * r2;
  const double numerator = 1.0 + r2 * (k[0] + r2 * (k[1] + r2 * k[4]));
  const double d_numerator = k[0] + r2 * (2.0 * k[1] + r2 * 3.0 * k[4]);  // by r2
  double radial = numerator;
  double d_radial = d_numerator;
  double by_numerator = 1.0;
  if (kind == CameraModelKind::kBrownConrady8) {
    const double inverse = 1.0 / (1.0 + r2 * (k[5] + r2 * (k[6] + r2 * k[7])));
    const double d_denominator = k[5] + r2 * (2.0 * k[6] + r2 * 3.0 * k[7]);
    by_numerator = inverse;
    radial = numerator * inverse;
    d_radial = (d_numerator - radial * d_denominator) * inverse;
    const double by_denominator = -radial * inverse;
    out->by_k.col(5) << x * by_denominator * r2, y * by_denominator * r2;
    out->by_k.col(6) << x * by_denominator * r4, y * by_denominator * r4;
    out->by_k.col(7) << x * by_denominator * r6, y * by_denominator * r6;
  }
  const double p1 = k[2];
  const double p2 = k[3];
  out->xy << x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
      y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y;
  const double mixed = 2.0 * x * y * d_radial + 2.0 * p1 * x + 2.0 * p2 * y;
  out->by_xy << radial + 2.0 * x * x * d_radial + 2.0 * p1 * y + 6.0 * p2 * x, mixed, mixed,
      radial + 2.0 * y * y * d_radial + 6.0 * p1 * y + 2.0 * p2 * x;
  const double nx = x * by_numerator;
  const double ny = y * by_numerator;
  out->by_k.col(0) << nx * r2, ny * r2;
  out->by_k.col(1) << nx * r4, ny * r4;
  out->by_k.col(2) << 2.0 * x * y, r2 + 2.0 * y * y;
  out->by_k.col(3) << r2 + 2.0 * x * x, 2.0 * x * y;
  out->by_k.col(4) << nx * r6, ny * r6;
}

void BrownConradyDerivatives(CameraModelKind kind, const double* intrinsics,
                             const Eigen::Vector3d& p, PixelDerivatives* result) {
  const double inverse_z = 1.0 / p.z();
  const double x = p.x() * inverse_z;
  const double y = p.y() * inverse_z;
  Distorted distorted;
  DistortBrownConrady(kind, intrinsics + 4, x, y, &distorted);
  const double fx = intrinsics[0];
  const double fy = intrinsics[1];
  result->xy << fx * distorted.xy.x() + intrinsics[2], fy * distorted.xy.y() + intrinsics[3];
  const double xx = fx * distorted.by_xy(0, 0) * inverse_z;
  const double xy = fx * distorted.by_xy(0, 1) * inverse_z;
  const double yx = fy * distorted.by_xy(1, 0) * inverse_z;
  const double yy = fy * distorted.by_xy(1, 1) * inverse_z;
  result->by_point << xx, xy, -(xx * x + xy * y), yx, yy, -(yx * x + yy * y);
  auto& by = result->by_intrinsics;
  by.leftCols<4>() << distorted.xy.x(), 0.0, 1.0, 0.0, 0.0, distorted.xy.y(), 0.0, 1.0;
  const int count = kind == CameraModelKind::kBrownConrady8 ? 8 : 5;
  for (int i = 0; i < count; ++i) {
    by(0, 4 + i) = fx * distorted.by_k(0, i);
    by(1, 4 + i) = fy * distorted.by_k(1, i);
  }
}

// Kannala & Brandt 2006, eq. 6: the radius is a polynomial of the angle from the axis.
void KannalaBrandtDerivatives(const double* intrinsics, const Eigen::Vector3d& p,
                              PixelDerivatives* result) {
  const double* k = intrinsics + 4;
  const double r2 = p.x() * p.x() + p.y() * p.y();
  const double norm2 = r2 + p.z() * p.z();
  const double r = std::sqrt(r2);
  Eigen::Vector2d distorted;
  Jacobian2x3 by_point;
  Eigen::Matrix<double, 2, 4> by_k = Eigen::Matrix<double, 2, 4>::Zero();
  if (p.z() > 0.0 && r2 < 1e-20 * norm2) {  // on the axis: the pinhole
    distorted = p.head<2>() / p.z();
    by_point << 1.0 / p.z(), 0.0, -distorted.x() / p.z(), 0.0, 1.0 / p.z(), -distorted.y() / p.z();
  } else {
    const double theta = std::atan2(r, p.z());
    const double t2 = theta * theta;
    const double value = theta * (1.0 + t2 * (k[0] + t2 * (k[1] + t2 * (k[2] + t2 * k[3]))));
    const double slope =
        1.0 + t2 * (3.0 * k[0] + t2 * (5.0 * k[1] + t2 * (7.0 * k[2] + t2 * 9.0 * k[3])));
    const Eigen::Vector2d direction = p.head<2>() / r;
    const double ratio = value / r;
    distorted = value * direction;
    // theta = atan2(r, z): d theta / d r = z / |p|^2, d theta / d z = -r / |p|^2.
    by_point.leftCols<2>() = ratio * Eigen::Matrix2d::Identity() +
                             (slope * p.z() / norm2 - ratio) * direction * direction.transpose();
    by_point.col(2) = -slope * r / norm2 * direction;
    double power = theta * t2;
    for (int i = 0; i < 4; ++i, power *= t2) by_k.col(i) = power * direction;
  }
  const Eigen::Vector2d focal(intrinsics[0], intrinsics[1]);
  result->xy = focal.cwiseProduct(distorted) + Eigen::Vector2d(intrinsics[2], intrinsics[3]);
  result->by_point = focal.asDiagonal() * by_point;
  result->by_intrinsics.leftCols<4>() << distorted.x(), 0.0, 1.0, 0.0, 0.0, distorted.y(), 0.0, 1.0;
  result->by_intrinsics.middleCols<4>(4) = focal.asDiagonal() * by_k;
}

bool CanProject(CameraModelKind kind, const Eigen::Vector3d& p) {
  if (kind == CameraModelKind::kKannalaBrandt4) return p.norm() > kNearestDepth;
  return p.z() > kNearestDepth;  // false for NaN
}

}  // namespace

bool ProjectWithDerivatives(CameraModelKind kind, const double* intrinsics,
                            const Eigen::Vector3d& x_in_camera, PixelDerivatives* result) {
  if (!CanProject(kind, x_in_camera)) return false;
  if (kind == CameraModelKind::kKannalaBrandt4) {
    KannalaBrandtDerivatives(intrinsics, x_in_camera, result);
  } else {
    BrownConradyDerivatives(kind, intrinsics, x_in_camera, result);
  }
  return true;
}

bool ProjectPixel(CameraModelKind kind, const double* intrinsics,
                  const Eigen::Vector3d& x_in_camera, Eigen::Vector2d* xy) {
  if (!CanProject(kind, x_in_camera)) return false;
  ProjectUnchecked(kind, intrinsics, x_in_camera.data(), xy->data());
  return true;
}

}  // namespace medius::calibration
