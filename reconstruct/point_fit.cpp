#include "reconstruct/point_fit.hpp"

#include <algorithm>
#include <bit>

#include <Eigen/LU>

namespace medius::reconstruct {
namespace {

constexpr int kMaxIterations = 30;
// A step that promises to reduce chi2 by less than this moves the point by under 1e-6 of its own
// sigma; what remains after it is smaller by the curvature, a factor of 1000 or more.
constexpr double kConvergedChi2Step = 1e-12;
constexpr double kFirstDamping = 1e-3;
constexpr int kDampings = 10;  // each ten times the last

// The normal equations at a point.
struct NormalEquations {
  Eigen::Matrix3d H;
  Eigen::Vector3d g;
  double chi2;
};

// Residuals and derivatives at `position`; false where a camera does not see it.
bool Evaluate(const Views& views, const Eigen::Vector3d& position, PointFit* fit,
              NormalEquations* normal) {
  // Only the upper triangle, in scalars: this loop is where the time goes.
  double h00 = 0, h01 = 0, h02 = 0, h11 = 0, h12 = 0, h22 = 0;
  double g0 = 0, g1 = 0, g2 = 0;
  double chi2 = 0;
  for (ViewSet set = fit->used; set != 0; set &= set - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(set));
    const View& view = views.view[i];
    const RigidTransform& camera_from_lab = view.camera->camera_from_lab;
    const auto projection =
        view.camera->model.ProjectWithJacobian(camera_from_lab * (position + view.shift));
    if (!projection) return false;
    Eigen::Matrix<double, 2, 3>& J = fit->jacobian[i];
    J.noalias() = projection->d_xy_d_point.lazyProduct(camera_from_lab.rotation);
    J *= view.weight;
    const double rx = (view.x - projection->xy.x()) * view.weight;
    const double ry = (view.y - projection->xy.y()) * view.weight;
    fit->residual[i] << rx, ry;
    chi2 += rx * rx + ry * ry;
    h00 += J(0, 0) * J(0, 0) + J(1, 0) * J(1, 0);
    h01 += J(0, 0) * J(0, 1) + J(1, 0) * J(1, 1);
    h02 += J(0, 0) * J(0, 2) + J(1, 0) * J(1, 2);
    h11 += J(0, 1) * J(0, 1) + J(1, 1) * J(1, 1);
    h12 += J(0, 1) * J(0, 2) + J(1, 1) * J(1, 2);
    h22 += J(0, 2) * J(0, 2) + J(1, 2) * J(1, 2);
    g0 += J(0, 0) * rx + J(1, 0) * ry;
    g1 += J(0, 1) * rx + J(1, 1) * ry;
    g2 += J(0, 2) * rx + J(1, 2) * ry;
  }
  normal->H << h00, h01, h02, h01, h11, h12, h02, h12, h22;
  normal->g << g0, g1, g2;
  normal->chi2 = chi2;
  return true;
}

// Takes the last, tiny step in the residuals as well, to first order.
void Finish(const NormalEquations& normal, const Eigen::Vector3d& step, PointFit* fit) {
  fit->position += step;
  fit->chi2 = std::max(0.0, normal.chi2 - normal.g.dot(step));
  ForEachView(fit->used, [&](int view) {
    const auto i = static_cast<std::size_t>(view);
    fit->residual[i] -= fit->jacobian[i] * step;
  });
  fit->outcome = fit->covariance.allFinite() ? FitOutcome::kConverged : FitOutcome::kNotConverged;
}

// Shortens a step that failed, by damping, until chi2 falls: Levenberg's method. True where it
// does.
bool TakeDampedStep(const Views& views, const NormalEquations& last, PointFit* fit,
                    NormalEquations* normal) {
  const Eigen::Vector3d from = fit->position;
  double damping = kFirstDamping;
  for (int i = 0; i < kDampings; ++i, damping *= 10.0) {
    Eigen::Matrix3d H = last.H;
    H.diagonal() *= 1.0 + damping;
    const Eigen::Vector3d step = H.inverse() * last.g;
    if (!step.allFinite()) continue;
    fit->position = from + step;
    if (Evaluate(views, fit->position, fit, normal) && normal->chi2 < last.chi2) return true;
  }
  fit->position = from;
  return false;
}

}  // namespace

double LargestSquaredSine(const Views& views, ViewSet used) {
  double smallest_cosine2 = 1.0;
  for (ViewSet first = used; first != 0; first &= first - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(first));
    for (ViewSet second = first & (first - 1); second != 0; second &= second - 1) {
      const auto j = static_cast<std::size_t>(std::countr_zero(second));
      const double cosine = views.view[i].direction.dot(views.view[j].direction);
      smallest_cosine2 = std::min(smallest_cosine2, cosine * cosine);
    }
  }
  return 1.0 - smallest_cosine2;
}

Eigen::Vector3d PointNearestRays(const Views& views, ViewSet used) {
  Eigen::Matrix3d A = Eigen::Matrix3d::Zero();
  Eigen::Vector3d b = Eigen::Vector3d::Zero();
  for (ViewSet set = used; set != 0; set &= set - 1) {
    const View& view = views.view[static_cast<std::size_t>(std::countr_zero(set))];
    const double weight2 = view.weight * view.weight;
    const Eigen::Vector3d& d = view.direction;
    const Eigen::Vector3d centre = view.centre - view.shift;
    const Eigen::Vector3d weighted = weight2 * d;
    A.noalias() -= weighted * d.transpose();
    A.diagonal().array() += weight2;
    b += weight2 * centre - weighted * d.dot(centre);
  }
  return A.inverse() * b;
}

void FitPoint(const Views& views, ViewSet used, const Eigen::Vector3d& start, double give_up_chi2,
              PointFit* fit) {
  fit->used = used;
  fit->position = start;
  NormalEquations normal;
  if (!start.allFinite() || !Evaluate(views, start, fit, &normal)) {
    fit->outcome = FitOutcome::kBehindCamera;
    return;
  }
  for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
    fit->covariance = normal.H.inverse();
    const Eigen::Vector3d step = fit->covariance * normal.g;
    const double promised = normal.g.dot(step);
    if (!(promised >= 0.0)) break;  // NaN, or singular beyond what rounding allows
    if (promised <= kConvergedChi2Step * (1.0 + normal.chi2)) return Finish(normal, step, fit);
    if (iteration > 0 && normal.chi2 - promised > give_up_chi2) break;
    const NormalEquations last = normal;
    const Eigen::Vector3d from = fit->position;
    fit->position = from + step;
    if (Evaluate(views, fit->position, fit, &normal) && normal.chi2 < last.chi2) continue;
    // At the floor of rounding chi2 no longer falls although the step is sound.
    if (promised <= 1e-9 * (1.0 + last.chi2) && normal.chi2 < last.chi2 * (1.0 + 1e-9) + 1e-9) {
      return Finish(normal, Eigen::Vector3d::Zero(), fit);
    }
    fit->position = from;
    if (!TakeDampedStep(views, last, fit, &normal)) break;
  }
  fit->outcome = FitOutcome::kNotConverged;
}

double ReductionWithout(const PointFit& fit, int i) {
  const auto at = static_cast<std::size_t>(i);
  const Eigen::Vector2d& r = fit.residual[at];
  const Eigen::Matrix<double, 2, 3>& J = fit.jacobian[at];
  // What a view alone decides has a residual of zero and a variance of zero: the ratio is kept
  // finite.
  constexpr double kSmallestVariance = 1e-6;
  Eigen::Matrix2d S = -(J * fit.covariance).lazyProduct(J.transpose());
  S.diagonal().array() += 1.0 + kSmallestVariance;
  return r.dot(S.inverse() * r);
}

bool ViewsAgree(const PointFit& fit, double limit) {
  // No part of a sum exceeds it, so that nearly every good point is decided here.
  if (fit.chi2 <= limit) return true;
  if (std::popcount(fit.used) == 2) return false;
  bool agree = true;
  ForEachView(fit.used, [&](int i) { agree = agree && ReductionWithout(fit, i) <= limit; });
  return agree;
}

}  // namespace medius::reconstruct
