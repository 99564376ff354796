#include "calibration/ray_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Geometry>
#include <Eigen/LU>

namespace medius::calibration {
namespace {

constexpr int kIterations = 10;
constexpr double kStepEnd = 1e-9;  // metres

struct Ray {
  Eigen::Vector3d origin;
  Eigen::Vector3d direction;
};

// The largest angle between two of the rays, radians.
double WidestAngle(const std::vector<Ray>& rays) {
  double widest = 0.0;
  for (std::size_t i = 0; i < rays.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Eigen::Vector3d& a = rays[i].direction;
      const Eigen::Vector3d& b = rays[j].direction;
      widest = std::max(widest, std::atan2(a.cross(b).norm(), a.dot(b)));
    }
  }
  return widest;
}

// The point with the least sum of squared distances from all rays.
Eigen::Vector3d NearestToRays(const std::vector<Ray>& rays) {
  Eigen::Matrix3d sum = Eigen::Matrix3d::Zero();
  Eigen::Vector3d right = Eigen::Vector3d::Zero();
  for (const Ray& ray : rays) {
    const Eigen::Matrix3d across =
        Eigen::Matrix3d::Identity() - ray.direction * ray.direction.transpose();
    sum += across;
    right += across * ray.origin;
  }
  return sum.ldlt().solve(right);
}

// J^T J, J^T r and r^T r of all pixels at a point.
struct PixelNormal {
  Eigen::Matrix3d H = Eigen::Matrix3d::Zero();
  Eigen::Vector3d g = Eigen::Vector3d::Zero();
  double cost = 0.0;
};

bool Linearize(std::span<const SeenPixel> seen, const Eigen::Vector3d& x_in_lab,
               PixelNormal* normal) {
  *normal = PixelNormal();
  for (const SeenPixel& pixel : seen) {
    const RigidTransform& camera_from_lab = pixel.camera->camera_from_lab;
    const auto projected = pixel.camera->model.ProjectWithJacobian(camera_from_lab * x_in_lab);
    if (!projected) return false;
    const Eigen::Matrix<double, 2, 3> J = projected->d_xy_d_point * camera_from_lab.rotation;
    const Eigen::Vector2d residual = pixel.xy - projected->xy;
    normal->H += J.transpose() * J;
    normal->g += J.transpose() * residual;
    normal->cost += residual.squaredNorm();
  }
  return true;
}

}  // namespace

std::optional<Eigen::Vector3d> DirectionInLab(const Camera& camera, const Eigen::Vector2d& xy) {
  const auto direction = camera.model.Unproject(xy);
  if (!direction) return std::nullopt;
  return camera.camera_from_lab.rotation.transpose() * *direction;
}

Eigen::Vector2d PixelResidual(const SeenPixel& seen, const Eigen::Vector3d& x_in_lab) {
  const auto xy = seen.camera->Project(x_in_lab);
  if (!xy) return Eigen::Vector2d::Constant(std::numeric_limits<double>::infinity());
  return seen.xy - *xy;
}

std::optional<RayPoint> PointFromRays(std::span<const SeenPixel> seen, double min_angle) {
  std::vector<Ray> rays;
  for (const SeenPixel& pixel : seen) {
    const auto direction = DirectionInLab(*pixel.camera, pixel.xy);
    if (!direction) return std::nullopt;
    rays.push_back({pixel.camera->CentreInLab(), *direction});
  }
  if (rays.size() < 2 || WidestAngle(rays) < min_angle) return std::nullopt;
  Eigen::Vector3d x_in_lab = NearestToRays(rays);
  PixelNormal normal;
  if (!Linearize(seen, x_in_lab, &normal)) return std::nullopt;
  for (int i = 0; i < kIterations; ++i) {
    const Eigen::Vector3d step = normal.H.ldlt().solve(normal.g);
    PixelNormal next;
    if (!step.allFinite() || !Linearize(seen, x_in_lab + step, &next)) break;
    if (next.cost > normal.cost) break;
    x_in_lab += step;
    normal = next;
    if (step.norm() < kStepEnd) break;
  }
  const double count = static_cast<double>(seen.size());
  const Eigen::Matrix3d covariance = normal.H.inverse();
  if (!covariance.allFinite()) return std::nullopt;
  return RayPoint{x_in_lab, covariance, std::sqrt(normal.cost / count)};
}

}  // namespace medius::calibration
