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
  std::vector<double> length2;  // metres^2, scratch of MeetPair
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
    const double variance = static_cast<double>(seen.variance[i]) + rig_variance;
    const double focal_length = caches_[camera].focal_length;
    rays.push_back(
        {*direction, variance / (focal_length * focal_length), static_cast<std::uint32_t>(i)});
  }
  return rays;
}

std::vector<ColdPoint> ColdStart::Find(const CameraRig& rig, std::vector<CameraFrame>* seen) const {
  Work work{&rig, seen, {}, {}, {}, {}, {}, {}};
  std::size_t cameras_with_rays = 0;
  for (std::size_t c = 0; c < seen->size(); ++c) {
    work.rays.push_back(RaysOf(c, (*seen)[c]));
    if (!work.rays.back().empty()) ++cameras_with_rays;
  }
  if (cameras_with_rays < static_cast<std::size_t>(options_.min_rays)) return {};
  MeetAll(&work);
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

// Each pair of cameras has the same share of the pairs of rays, and what it leaves goes to those to
// come; each begins elsewhere among its rays, so that where the shares do not suffice no ray is the
// last one of all pairs.
void ColdStart::MeetAll(Work* work) const {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t a = 0; a < work->rays.size(); ++a) {
    for (std::size_t b = a + 1; b < work->rays.size(); ++b) {
      if (!work->rays[a].empty() && !work->rays[b].empty()) pairs.emplace_back(a, b);
    }
  }
  const auto count = static_cast<int>(pairs.size());
  int left = options_.max_pairs;
  for (int i = 0; i < count; ++i) {
    const auto [a, b] = pairs[static_cast<std::size_t>(i)];
    const int to_come = count - i;
    // By the golden ratio no two of a few starts lie close together.
    constexpr double kGolden = 0.6180339887498949;
    const double begin = std::fmod(kGolden * static_cast<double>(i), 1.0);
    left -= MeetPair(a, b, begin, (left + to_come - 1) / to_come, work);
  }
}

std::optional<ColdStart::Meeting> ColdStart::Meet(std::size_t a, const Ray& ray_a, std::size_t b,
                                                  const Ray& ray_b) const {
  const Eigen::Vector3d baseline = caches_[b].centre - caches_[a].centre;
  const double cosine = ray_a.direction.dot(ray_b.direction);
  const double sine2 = 1.0 - cosine * cosine;
  constexpr double kNarrow = 0.003;  // sine^2 of some 3 degrees
  if (sine2 < kNarrow) return std::nullopt;
  const double pa = baseline.dot(ray_a.direction);
  const double pb = baseline.dot(ray_b.direction);
  const double depth_a = (pa - cosine * pb) / sine2;
  const double depth_b = (cosine * pa - pb) / sine2;
  if (depth_a < options_.nearest || depth_b < options_.nearest || depth_a > options_.farthest ||
      depth_b > options_.farthest) {
    return std::nullopt;
  }
  return Meeting{
      0.5 * (caches_[a].centre + depth_a * ray_a.direction + caches_[b].centre +
             depth_b * ray_b.direction),
      (ray_a.angle_variance * depth_a * depth_a + ray_b.angle_variance * depth_b * depth_b) /
          sine2};
}

// Rays of two cameras meet where each lies in the plane through the other and the baseline.
int ColdStart::MeetPair(std::size_t a, std::size_t b, double begin, int budget, Work* work) const {
  const Eigen::Vector3d baseline = caches_[b].centre - caches_[a].centre;
  const std::vector<Ray>& rays_a = work->rays[a];
  const std::vector<Ray>& rays_b = work->rays[b];
  std::vector<double>& length2_b = work->length2;
  length2_b.clear();
  for (const Ray& ray : rays_b) length2_b.push_back(baseline.cross(ray.direction).squaredNorm());
  const double sigmas2 = gate_options_.sigmas * gate_options_.sigmas;
  const auto first = static_cast<std::size_t>(begin * static_cast<double>(rays_a.size()));
  int followed = 0;
  for (std::size_t i = 0; i < rays_a.size(); ++i) {
    const Ray& ray_a = rays_a[(first + i) % rays_a.size()];
    if ((*work->seen)[a].track[ray_a.sighting] != kFree) continue;
    const Eigen::Vector3d normal = baseline.cross(ray_a.direction);
    const double length2_a = normal.squaredNorm();
    // A ray along the baseline meets every ray of the other camera.
    if (!(length2_a > 0.05 * 0.05 * baseline.squaredNorm())) continue;
    for (std::size_t j = 0; j < rays_b.size(); ++j) {
      const Ray& ray_b = rays_b[j];
      // The distance of the rays where they are nearest, times the sine s between them. An error of
      // an angle moves its ray by that times its depth; length2_b is (depth_a s)^2.
      const double off = normal.dot(ray_b.direction);
      const double variance =
          ray_a.angle_variance * length2_b[j] + ray_b.angle_variance * length2_a;
      if (off * off > sigmas2 * variance) continue;
      if ((*work->seen)[b].track[ray_b.sighting] != kFree) continue;
      const std::optional<Meeting> meeting = Meet(a, ray_a, b, ray_b);
      if (!meeting) continue;
      if (followed == budget) return followed;
      ++followed;
      Follow(*meeting, work);
      if ((*work->seen)[a].track[ray_a.sighting] != kFree) break;
    }
  }
  return followed;
}

void ColdStart::Follow(const Meeting& meeting, Work* work) const {
  Prediction prediction{meeting.point, Eigen::Vector3d::Zero(), meeting.variance};
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
