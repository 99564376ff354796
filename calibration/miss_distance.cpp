#include "calibration/miss_distance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace medius::calibration {
namespace {

constexpr std::size_t kPointsLookedAt = 4000;

// Every so many-th point, without weight for those that have no say.
FreePoints SomeOf(const FreePoints& points, std::size_t camera,
                  const std::vector<bool>& distrusted) {
  FreePoints some;
  some.speed = points.speed;
  const std::size_t stride = std::max<std::size_t>(1, points.points.size() / kPointsLookedAt);
  for (std::size_t i = 0; i < points.points.size(); i += stride) {
    FreePoint point = points.points[i];
    const auto sightings = points.Of(point);
    const bool sees =
        std::any_of(sightings.begin(), sightings.end(), [&](const PointSighting& sighting) {
          return sighting.camera == camera && sighting.weight > 0.0;
        });
    if (!point.usable || !sees) continue;
    point.begin = some.sightings.size();
    some.sightings.insert(some.sightings.end(), sightings.begin(), sightings.end());
    point.end = some.sightings.size();
    some.points.push_back(point);
  }
  for (PointSighting& sighting : some.sightings) {
    if (sighting.camera == camera || distrusted[sighting.camera]) sighting.weight = 0.0;
  }
  return some;
}

double MissDistance(const CameraRig& rig, const FreePoints& points, std::size_t camera,
                    const std::vector<bool>& distrusted) {
  FreePoints others = SomeOf(points, camera, distrusted);
  const Camera& looks = rig.cameras[camera];
  std::vector<double> distances;
  for (std::size_t i = 0; i < others.points.size(); ++i) {
    if (!FitFreePoint(rig, 0.0, true, &others, i)) continue;
    const FreePoint& point = others.points[i];
    for (const PointSighting& sighting : others.Of(point)) {
      if (sighting.camera != camera) continue;
      const auto xy = looks.Project(point.x_in_lab + sighting.delay * point.velocity);
      if (xy) distances.push_back((*xy - sighting.xy).norm());
    }
  }
  if (distances.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle;
}

}  // namespace

std::vector<double> MissDistances(const CameraRig& rig, const FreePoints& points,
                                  const std::vector<bool>& distrusted, Parallelism parallelism) {
  std::vector<double> misses(rig.cameras.size());
  ParallelFor(parallelism, misses.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t c = begin; c < end; ++c) misses[c] = MissDistance(rig, points, c, distrusted);
  });
  return misses;
}

double ResidualRmsPx(const CameraRig& rig, const FreePoints& points) {
  double sum = 0.0;
  double count = 0.0;
  for (const FreePoint& point : points.points) {
    if (!point.usable) continue;
    for (const PointSighting& sighting : points.Of(point)) {
      if (sighting.weight <= 0.0) continue;
      const auto xy =
          rig.cameras[sighting.camera].Project(point.x_in_lab + sighting.delay * point.velocity);
      if (!xy) continue;
      sum += (*xy - sighting.xy).squaredNorm();
      count += 1.0;
    }
  }
  return count > 0.0 ? std::sqrt(sum / count) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace medius::calibration
