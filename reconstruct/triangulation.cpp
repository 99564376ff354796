#include "reconstruct/triangulation.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include <Eigen/LU>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "reconstruct/bad_views.hpp"

namespace medius::reconstruct {
namespace {

constexpr double kRightAngle = 3.14159265358979323846 / 2.0;
constexpr double kNever = std::numeric_limits<double>::infinity();

PointStatus StatusOf(FitOutcome outcome) {
  switch (outcome) {
    case FitOutcome::kConverged:
      return PointStatus::kComputed;
    case FitOutcome::kBehindCamera:
      return PointStatus::kBehindCamera;
    case FitOutcome::kNotConverged:
      return PointStatus::kNotConverged;
  }
  return PointStatus::kNotConverged;
}

Eigen::Vector3d Shift(const PointMotion& motion, double time) {
  return time * (motion.velocity + 0.5 * time * motion.acceleration);
}

// What is not known of the point's velocity moves it in the image between the frame's time and the
// exposure. Changes the weights.
void WidenByMotion(double speed_sigma, const Eigen::Vector3d& point, Views* views) {
  for (int i = 0; i < views->count; ++i) {
    View& view = views->view[static_cast<std::size_t>(i)];
    const double scale = MeanFocalLength(*view.camera) / (point - view.centre).norm();
    const double sigma = 1.0 / view.weight;
    const double moved = scale * speed_sigma * view.delay;
    if (std::isfinite(moved)) view.weight = 1.0 / std::hypot(sigma, moved);
  }
}

// Writes what a converged fit found; bit and index are those of the sightings.
void Report(const Views& views, const std::array<std::uint8_t, kMaxViews>& sighting_of,
            const PointFit& fit, TriangulatedPoint* point) {
  double squared = 0.0;
  for (ViewSet set = views.All(); set != 0; set &= set - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(set));
    const ViewSet bit = ViewSet{1} << sighting_of[i];
    if ((fit.used >> i & 1U) == 0) {
      point->rejected |= bit;
      continue;
    }
    point->used |= bit;
    const double weight = views.view[i].weight;
    const double distance2 = fit.residual[i].squaredNorm() / (weight * weight);
    squared += distance2;
    point->distance_px[sighting_of[i]] = static_cast<float>(std::sqrt(distance2));
  }
  point->chi2 = fit.chi2;
  const int rays = std::popcount(fit.used);
  point->sample = {fit.position, fit.covariance, std::sqrt(squared / rays), rays,
                   SampleSource::kMeasured};
}

void CheckPositive(double value, const char* name) {
  if (!(std::isfinite(value) && value > 0.0)) {
    throw InputError(fmt::format("{} is {}, a finite number > 0 expected", name, value));
  }
}

}  // namespace

void TriangulationOptions::Validate() const {
  CheckPositive(default_sigma_px, "default_sigma_px");
  CheckPositive(sigma_factor, "sigma_factor");
  CheckPositive(smallest_sigma_px, "smallest_sigma_px");
  CheckPositive(reject_sigma, "reject_sigma");
  if (!(min_angle > 0.0 && min_angle < kRightAngle)) {
    throw InputError(fmt::format("min_angle is {} degrees, more than 0 and less than 90 expected",
                                 min_angle * 90.0 / kRightAngle));
  }
}

std::string_view ToString(PointStatus status) {
  switch (status) {
    case PointStatus::kComputed:
      return "computed";
    case PointStatus::kTooFewRays:
      return "too_few_rays";
    case PointStatus::kNarrowAngle:
      return "narrow_angle";
    case PointStatus::kViewsDisagree:
      return "views_disagree";
    case PointStatus::kBehindCamera:
      return "behind_camera";
    case PointStatus::kNotConverged:
      return "not_converged";
  }
  return "";
}

Triangulator::Triangulator(CameraRig rig, const TriangulationOptions& options)
    : rig_(std::move(rig)), options_(options) {
  options_.Validate();
  if (rig_.cameras.size() > static_cast<std::size_t>(kMaxViews)) {
    throw InputError(fmt::format("the rig has {} cameras, at most {} can be used: choose some",
                                 rig_.cameras.size(), kMaxViews));
  }
  smallest_sine2_ = std::pow(std::sin(options_.min_angle), 2);
  for (const Camera& camera : rig_.cameras) {
    caches_.push_back({DirectionTable(camera), camera.CentreInLab()});
  }
}

double Triangulator::Sigma(const Sighting& sighting) const {
  const bool stated = std::isfinite(sighting.sigma_px) && sighting.sigma_px > 0.0;
  return std::max(stated ? options_.sigma_factor * sighting.sigma_px : options_.default_sigma_px,
                  options_.smallest_sigma_px);
}

bool Triangulator::MakeView(const Sighting& sighting, const PointMotion& motion, View* view) const {
  const CameraCache& cache = caches_[sighting.camera.index()];
  const std::optional<Eigen::Vector3d> direction = cache.directions.InLab(sighting.xy);
  if (!direction) return false;
  view->camera = &rig_.cameras[sighting.camera.index()];
  view->centre = cache.centre;
  view->direction = *direction;
  view->delay = sighting.delay;
  view->shift = Shift(motion, sighting.delay);
  view->x = sighting.xy.x();
  view->y = sighting.xy.y();
  view->weight = 1.0 / Sigma(sighting);
  return true;
}

PointStatus Triangulator::Fit(const PointMotion& motion, Views* views, PointFit* fit) const {
  const ViewSet all = views->All();
  if (views->count < 2) return PointStatus::kTooFewRays;
  if (LargestSquaredSine(*views, all) < smallest_sine2_) return PointStatus::kNarrowAngle;
  const Eigen::Vector3d start = PointNearestRays(*views, all);
  if (motion.speed_sigma > 0.0) WidenByMotion(motion.speed_sigma, start, views);

  const bool search = options_.reject_bad_views;
  const double limit = options_.reject_sigma * options_.reject_sigma;
  // Beyond twice the sum of what each view may take away, the views surely disagree.
  FitPoint(*views, all, start, search && views->count > 2 ? 2.0 * limit * views->count : kNever,
           fit);
  const FitOutcome outcome = fit->outcome;
  const bool converged = outcome == FitOutcome::kConverged;
  if (converged && (!search || ViewsAgree(*fit, limit))) return PointStatus::kComputed;
  if (!search) return StatusOf(outcome);
  if (views->count == 2) return converged ? PointStatus::kViewsDisagree : StatusOf(outcome);
  switch (FindBadViews(*views, {limit, smallest_sine2_, start}, fit)) {
    case BadViewOutcome::kFound:
      return PointStatus::kComputed;
    case BadViewOutcome::kNarrowAngle:
      return PointStatus::kNarrowAngle;
    case BadViewOutcome::kNotAttributable:
      break;
  }
  return outcome == FitOutcome::kBehindCamera ? PointStatus::kBehindCamera
                                              : PointStatus::kViewsDisagree;
}

TriangulatedPoint Triangulator::Triangulate(std::span<const Sighting> sightings,
                                            const PointMotion& motion) const {
  MEDIUS_CHECK(sightings.size() <= static_cast<std::size_t>(kMaxViews), "too many sightings");
  TriangulatedPoint point;
  Views views;
  std::array<std::uint8_t, kMaxViews> sighting_of;
  for (std::size_t i = 0; i < sightings.size(); ++i) {
    const auto at = static_cast<std::size_t>(views.count);
    if (MakeView(sightings[i], motion, &views.view[at])) {
      sighting_of[at] = static_cast<std::uint8_t>(i);
      ++views.count;
    } else {
      point.unusable |= ViewSet{1} << i;
    }
  }
  PointFit fit;
  point.status = Fit(motion, &views, &fit);
  if (point.status == PointStatus::kComputed) {
    Report(views, sighting_of, fit, &point);
  } else {
    point.sample = MarkerSample::Missing();
  }
  return point;
}

double Triangulator::SquaredDistance(const MarkerSample& point, const Sighting& sighting,
                                     const PointMotion& motion) const {
  const Camera& camera = rig_[sighting.camera];
  const auto projection = camera.model.ProjectWithJacobian(
      camera.camera_from_lab * (point.position + Shift(motion, sighting.delay)));
  if (!projection) return kNever;
  const Eigen::Matrix<double, 2, 3> J = projection->d_xy_d_point * camera.camera_from_lab.rotation;
  const double distance = (point.position - caches_[sighting.camera.index()].centre).norm();
  const double moved = MeanFocalLength(camera) / distance * motion.speed_sigma * sighting.delay;
  const double sigma = Sigma(sighting);
  Eigen::Matrix2d S = J * point.covariance * J.transpose();
  S.diagonal().array() += sigma * sigma + moved * moved;
  const Eigen::Vector2d r = sighting.xy - projection->xy;
  const double squared = r.dot(S.inverse() * r);
  return std::isfinite(squared) ? squared : kNever;
}

}  // namespace medius::reconstruct
