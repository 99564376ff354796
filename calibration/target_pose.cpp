#include "calibration/target_pose.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <Eigen/Cholesky>

#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

std::size_t LargestView(std::span<const PoseView> views) {
  std::size_t largest = 0;
  for (const PoseView& view : views) largest = std::max(largest, view.sightings.size());
  return largest;
}

// Normal equations of the pose alone; false where a point cannot be projected.
bool Linearize(std::span<const PoseView> views, const RigidTransform& lab_from_target,
               RobustLoss loss, Matrix6* H, Vector6* g, double* cost) {
  H->setZero();
  g->setZero();
  *cost = 0.0;
  PoseNormal normal;
  for (const PoseView& view : views) {
    if (!LinearizePose(view.kind, view.intrinsics, view.camera_from_lab * lab_from_target,
                       view.sightings, loss, &normal)) {
      return false;
    }
    const Matrix6 by = ByTargetPose(view.camera_from_lab);
    *H += by.transpose() * normal.H * by;
    *g += by.transpose() * normal.g;
    *cost += normal.cost;
  }
  return true;
}

bool Cost(std::span<const PoseView> views, const RigidTransform& lab_from_target, RobustLoss loss,
          const std::uint8_t* all, double* cost) {
  *cost = 0.0;
  for (const PoseView& view : views) {
    double part = 0.0;
    if (!CostOfView(view.kind, view.intrinsics, view.camera_from_lab * lab_from_target,
                    view.sightings, all, loss, &part)) {
      return false;
    }
    *cost += part;
  }
  return true;
}

// Median standardized residual; infinite where a point cannot be projected.
double MedianError(std::span<const PoseView> views, const RigidTransform& lab_from_target) {
  std::vector<double> errors;
  for (const PoseView& view : views) {
    const RigidTransform camera_from_target = view.camera_from_lab * lab_from_target;
    for (const Sighting& sighting : view.sightings) {
      Eigen::Vector2d xy;
      if (!ProjectPixel(view.kind, view.intrinsics, camera_from_target * sighting.x_in_target,
                        &xy)) {
        return std::numeric_limits<double>::infinity();
      }
      errors.push_back(sighting.inverse_sigma * (sighting.xy - xy).norm());
    }
  }
  if (errors.empty()) return std::numeric_limits<double>::infinity();
  const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
  std::nth_element(errors.begin(), middle, errors.end());
  return *middle;
}

RigidTransform Moved(const RigidTransform& pose, const Vector6& step) {
  return {RotationFromVector(step.head<3>()) * pose.rotation, pose.translation + step.tail<3>()};
}

}  // namespace

PoseFit EvaluateTargetPose(std::span<const PoseView> views, const RigidTransform& lab_from_target,
                           double scale) {
  PoseFit fit;
  const std::vector<std::uint8_t> all(LargestView(views), 1);
  fit.valid = Cost(views, lab_from_target, RobustLoss{scale}, all.data(), &fit.cost);
  fit.median_error = MedianError(views, lab_from_target);
  return fit;
}

PoseFit RefineTargetPose(std::span<const PoseView> views, double least_scale, int iterations,
                         RigidTransform* lab_from_target) {
  const std::vector<std::uint8_t> all(LargestView(views), 1);
  double damping = 1e-6;
  Matrix6 H;
  Vector6 g;
  double cost = 0.0;
  for (int i = 0; i < iterations; ++i) {
    const double median = MedianError(views, *lab_from_target);
    if (!std::isfinite(median)) return {};
    const RobustLoss loss{std::max(2.0 * median, least_scale)};
    if (!Linearize(views, *lab_from_target, loss, &H, &g, &cost)) return {};
    bool moved = false;
    for (int attempt = 0; attempt < 6 && !moved; ++attempt, damping *= 10.0) {
      Matrix6 damped = H;
      damped.diagonal() *= 1.0 + damping;
      damped.diagonal().array() += 1e-12;
      const Vector6 step = -damped.ldlt().solve(g);
      const RigidTransform candidate = Moved(*lab_from_target, step);
      double next = 0.0;
      if (!step.allFinite() || !Cost(views, candidate, loss, all.data(), &next)) continue;
      if (next > cost) continue;
      *lab_from_target = candidate;
      moved = true;
      if (cost - next < 1e-6 * cost) i = iterations;
    }
    if (!moved) break;
    damping = std::max(1e-9, damping * 1e-3);
  }
  lab_from_target->rotation = Renormalized(lab_from_target->rotation);
  return EvaluateTargetPose(views, *lab_from_target, least_scale);
}

}  // namespace medius::calibration
