#include "reconstruct/cold_start.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>

namespace medius::reconstruct {
namespace {

// Marks a sighting as one that a point of this frame has; undone before Find returns.
constexpr std::int32_t kTakenByPoint = -2;
// Points with as many rays are taken as they are found, the others in the order of their misfit
// once all are known.
constexpr int kCertainRays = 5;
// Refinements after the first fit, whose start may lie some centimetres off along narrow rays.
constexpr int kRefinements = 3;
constexpr double kStepDone = 1e-4;  // metres

bool AreFree(const ColdPoint& point, const std::vector<CameraFrame>& seen) {
  return std::all_of(point.sightings.begin(), point.sightings.end(),
                     [&](const auto& s) { return seen[s.first].track[s.second] == kFree; });
}

void Mark(const ColdPoint& point, std::int32_t mark, std::vector<CameraFrame>* seen) {
  for (const auto& [camera, sighting] : point.sightings) (*seen)[camera].track[sighting] = mark;
}

}  // namespace

struct ColdStart::Work {
  const CameraRig* rig;
  std::vector<CameraFrame>* seen;
  std::vector<std::vector<Ray>> rays;
  std::vector<ColdPoint> certain;
  std::vector<ColdPoint> doubtful;
  int pairs_left;
  Gates gates;
  GateFit fit;
};

ColdStart::ColdStart(const CameraRig& rig, const GateOptions& gates,
                     const ColdStartOptions& options)
    : gate_options_(gates), options_(options) {
  for (const Camera& camera : rig.cameras) {
    caches_.push_back({DirectionTable(camera), camera.CentreInLab(), MeanFocalLength(camera)});
  }
}

std::vector<ColdStart::Ray> ColdStart::RaysOf(std::size_t camera, const CameraFrame& seen) const {
  std::vector<Ray> rays;
  const double rig_variance = gate_options_.rig_sigma_px * gate_options_.rig_sigma_px;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen.track[i] != kFree) continue;
    const auto direction = caches_[camera].directions.InLab(seen.Xy(i));
    if (!direction) continue;
    const double sigma = std::sqrt(static_cast<double>(seen.variance[i]) + rig_variance);
    rays.push_back(
        {*direction, sigma / caches_[camera].focal_length, static_cast<std::uint32_t>(i)});
  }
  return rays;
}

std::vector<ColdPoint> ColdStart::Find(const CameraRig& rig, std::vector<CameraFrame>* seen) const {
  Work work{&rig, seen, {}, {}, {}, options_.max_pairs, {}, {}};
  std::size_t cameras_with_rays = 0;
  for (std::size_t c = 0; c < seen->size(); ++c) {
    work.rays.push_back(RaysOf(c, (*seen)[c]));
    if (!work.rays.back().empty()) ++cameras_with_rays;
  }
  if (cameras_with_rays < static_cast<std::size_t>(options_.min_rays)) return {};
  for (std::size_t a = 0; a < seen->size(); ++a) {
    for (std::size_t b = a + 1; b < seen->size(); ++b) MeetPair(a, b, &work);
  }
  // More rays first, then the better fit; the order found breaks ties.
  std::stable_sort(work.doubtful.begin(), work.doubtful.end(),
                   [](const ColdPoint& p, const ColdPoint& q) {
                     if (p.rays != q.rays) return p.rays > q.rays;
                     return p.chi2 < q.chi2;
                   });
  std::vector<ColdPoint> points = std::move(work.certain);
  for (ColdPoint& point : work.doubtful) {
    if (!AreFree(point, *seen)) continue;
    Mark(point, kTakenByPoint, seen);
    points.push_back(std::move(point));
  }
  for (const ColdPoint& point : points) Mark(point, kFree, seen);
  return points;
}

// Rays of two cameras meet where each lies in the plane through the other and the baseline.
void ColdStart::MeetPair(std::size_t a, std::size_t b, Work* work) const {
  const Eigen::Vector3d& centre_a = caches_[a].centre;
  const Eigen::Vector3d baseline = caches_[b].centre - centre_a;
  for (const Ray& ray_a : work->rays[a]) {
    if ((*work->seen)[a].track[ray_a.sighting] != kFree) continue;
    const Eigen::Vector3d normal = baseline.cross(ray_a.direction);
    const double length = normal.norm();
    // A ray along the baseline meets every ray of the other camera.
    if (!(length > 0.05 * baseline.norm())) continue;
    for (const Ray& ray_b : work->rays[b]) {
      const double off = normal.dot(ray_b.direction) / length;
      const double sigma2 =
          ray_a.angle_sigma * ray_a.angle_sigma + ray_b.angle_sigma * ray_b.angle_sigma;
      if (off * off > gate_options_.sigmas * gate_options_.sigmas * sigma2) continue;
      if ((*work->seen)[b].track[ray_b.sighting] != kFree) continue;
      // Depths of the nearest points of both rays.
      const double cosine = ray_a.direction.dot(ray_b.direction);
      const double sine2 = 1.0 - cosine * cosine;
      constexpr double kNarrow = 0.003;  // sine^2 of some 3 degrees
      if (sine2 < kNarrow) continue;
      const double pa = baseline.dot(ray_a.direction);
      const double pb = baseline.dot(ray_b.direction);
      const double depth_a = (pa - cosine * pb) / sine2;
      const double depth_b = (cosine * pa - pb) / sine2;
      if (depth_a < options_.nearest || depth_b < options_.nearest || depth_a > options_.farthest ||
          depth_b > options_.farthest) {
        continue;
      }
      if (--work->pairs_left < 0) return;
      const Eigen::Vector3d point = 0.5 * (centre_a + depth_a * ray_a.direction +
                                           caches_[b].centre + depth_b * ray_b.direction);
      const double depth = std::max(depth_a, depth_b);
      Follow(point, sigma2 * depth * depth / sine2, work);
      if ((*work->seen)[a].track[ray_a.sighting] != kFree) break;
    }
  }
}

void ColdStart::Follow(const Eigen::Vector3d& near_point, double variance, Work* work) const {
  Prediction prediction{near_point, Eigen::Vector3d::Zero(), variance};
  for (int round = 0; round <= kRefinements; ++round) {
    OpenGates(*work->rig, *work->seen, prediction, gate_options_, &work->gates);
    if (work->gates.count < options_.min_rays) return;
    if (!FitGates(work->gates, prediction.variance, false, gate_options_, &work->fit)) return;
    if (work->fit.rays < options_.min_rays) return;
    prediction.position += work->fit.step;
    if (work->fit.step.squaredNorm() < kStepDone * kStepDone) break;
    prediction.variance = work->fit.covariance.trace();
  }
  ColdPoint point;
  point.position = prediction.position;
  point.covariance = work->fit.covariance;
  point.rays = work->fit.rays;
  point.chi2 = work->fit.chi2;
  for (int k = 0; k < work->gates.count; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (work->fit.chosen[at] < 0) continue;
    const Gate& gate = work->gates.gate[at];
    point.sightings.emplace_back(
        gate.camera, gate.candidate[static_cast<std::size_t>(work->fit.chosen[at])].sighting);
  }
  if (point.rays >= kCertainRays) {
    Mark(point, kTakenByPoint, work->seen);
    work->certain.push_back(std::move(point));
  } else {
    work->doubtful.push_back(std::move(point));
  }
}

}  // namespace medius::reconstruct
