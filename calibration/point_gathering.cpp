#include "calibration/point_gathering.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "calibration/ray_matching.hpp"

namespace medius::calibration {
namespace {

constexpr double kLeastSigma = 0.02;    // pixels: rounding and any calibration's own error
constexpr double kSameInstant = 20e-6;  // seconds within which exposures count as one
// Of the speed: how far a point may have gone between two exposures, in matching.
constexpr double kFastOverSpeed = 2.0;
constexpr double kWidestGate = 20.0;  // pixels

// A sighting of a frame before it is known to have a direction.
struct RowOfCamera {
  std::size_t camera;
  std::size_t row;
};

class Gatherer {
 public:
  Gatherer(const CameraRig& rig, const ObservationBlock& seen, const std::vector<double>& time,
           const GatherOptions& options)
      : rig_(rig), seen_(seen), time_(time), options_(options) {}

  // Adds the point that these rows see, by ascending camera.
  void Add(std::size_t frame, const std::vector<RowOfCamera>& rows, FreePoints* points) const {
    FreePoint point;
    point.sample = frame;
    point.begin = points->sightings.size();
    for (const RowOfCamera& row : rows) {
      if (const auto sighting = Make(frame, row)) points->sightings.push_back(*sighting);
    }
    point.end = points->sightings.size();
    if (point.end - point.begin < 2) {
      points->sightings.resize(point.begin);
      return;
    }
    double mean = 0.0;
    const auto count = static_cast<double>(point.end - point.begin);
    for (const PointSighting& sighting : points->Of(point)) mean += sighting.delay / count;
    for (PointSighting& sighting : points->Of(point)) sighting.delay -= mean;
    points->points.push_back(point);
  }

  // Sets `speed` where it matters.
  void Finish(FreePoints* points) const {
    points->samples = seen_.frames.count;
    double most = 0.0;
    for (const PointSighting& sighting : points->sightings) {
      most = std::max(most, std::abs(sighting.delay));
    }
    points->speed = most > kSameInstant ? options_.speed : 0.0;
  }

 private:
  [[nodiscard]] std::optional<PointSighting> Make(std::size_t frame, const RowOfCamera& at) const {
    const Camera& camera = rig_.cameras[at.camera];
    const CameraObservations& seen = seen_.cameras[at.camera];
    PointSighting sighting;
    sighting.camera = static_cast<std::uint32_t>(at.camera);
    sighting.xy = seen.xy[at.row].cast<double>();
    if (!sighting.xy.allFinite()) return std::nullopt;
    const auto direction = camera.model.Unproject(sighting.xy);
    if (!direction) return std::nullopt;
    sighting.direction = *direction;
    const double stated = seen.sigma.empty() ? options_.default_sigma_px : seen.sigma[at.row];
    const double sigma = std::isfinite(stated) && stated > 0.0 ? stated : options_.default_sigma_px;
    sighting.inverse_sigma = 1.0 / std::max(sigma, kLeastSigma);
    sighting.delay = camera.ExposureDelay(time_[frame], sighting.xy.y());
    return sighting;
  }

  const CameraRig& rig_;
  const ObservationBlock& seen_;
  const std::vector<double>& time_;
  const GatherOptions& options_;
};

// Rows of one frame by label; a camera that has a label twice is out of it.
std::vector<std::vector<RowOfCamera>> RowsByLabel(const ObservationBlock& seen, std::size_t frame) {
  std::map<std::int16_t, std::vector<RowOfCamera>> by_label;
  for (std::size_t c = 0; c < seen.cameras.size(); ++c) {
    const CameraObservations& camera = seen.cameras[c];
    if (camera.label.empty()) continue;
    for (std::size_t row = camera.frame_start[frame]; row < camera.frame_start[frame + 1]; ++row) {
      if (camera.label[row] >= 0) by_label[camera.label[row]].push_back({c, row});
    }
  }
  std::vector<std::vector<RowOfCamera>> groups;
  for (const auto& [label, rows] : by_label) {
    std::vector<RowOfCamera> once;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool before = i > 0 && rows[i - 1].camera == rows[i].camera;
      const bool after = i + 1 < rows.size() && rows[i + 1].camera == rows[i].camera;
      if (!before && !after) once.push_back(rows[i]);
    }
    if (once.size() >= 2) groups.push_back(std::move(once));
  }
  return groups;
}

// The gate, widened by what a point may go between the exposures of two cameras.
double GateOf(const CameraRig& rig, const std::vector<double>& time, const GatherOptions& options) {
  if (time.empty()) return options.gate_px;
  double least = rig.cameras[0].ExposureDelay(time[0], 0.0);
  double most = least;
  double focal = 0.0;
  double distance = 0.0;
  const auto count = static_cast<double>(rig.cameras.size());
  Eigen::Vector3d middle = Eigen::Vector3d::Zero();
  for (const Camera& camera : rig.cameras) middle += camera.CentreInLab() / count;
  for (const Camera& camera : rig.cameras) {
    for (const double t : {time.front(), time.back()}) {
      for (const double y : {0.0, camera.height - 1.0}) {
        least = std::min(least, camera.ExposureDelay(t, y));
        most = std::max(most, camera.ExposureDelay(t, y));
      }
    }
    focal += camera.model.intrinsics()[0] / count;
    distance += (camera.CentreInLab() - middle).norm() / count;
  }
  if (most - least < kSameInstant || !(distance > 0.0)) return options.gate_px;
  const double way = kFastOverSpeed * options.speed * 0.5 * (most - least) * focal / distance;
  return std::min(options.gate_px + way, kWidestGate);
}

std::vector<std::vector<RowOfCamera>> RowsByGeometry(const CameraRig& rig,
                                                     const ObservationBlock& seen,
                                                     std::size_t frame, double gate) {
  std::vector<std::vector<Eigen::Vector2d>> xy(seen.cameras.size());
  for (std::size_t c = 0; c < seen.cameras.size(); ++c) {
    const CameraObservations& camera = seen.cameras[c];
    for (std::size_t row = camera.frame_start[frame]; row < camera.frame_start[frame + 1]; ++row) {
      xy[c].push_back(camera.xy[row].cast<double>());
    }
  }
  RayMatchOptions options;
  options.gate_px = gate;
  std::vector<std::vector<RowOfCamera>> groups;
  for (const MatchedPoint& point : MatchSightings(rig, xy, options)) {
    if (point.ambiguous) continue;
    std::vector<RowOfCamera> rows;
    for (const SightingId& id : point.sightings) {
      const std::size_t c = id.camera.index();
      rows.push_back({c, seen.cameras[c].frame_start[frame] + id.sighting});
    }
    groups.push_back(std::move(rows));
  }
  return groups;
}

}  // namespace

FreePoints GatherByLabel(const CameraRig& rig, const ObservationBlock& seen,
                         const std::vector<double>& time, const GatherOptions& options) {
  const Gatherer gatherer(rig, seen, time, options);
  FreePoints points;
  for (std::size_t frame = 0; frame < seen.frames.count; frame += options.stride) {
    for (const auto& rows : RowsByLabel(seen, frame)) gatherer.Add(frame, rows, &points);
  }
  gatherer.Finish(&points);
  return points;
}

FreePoints GatherByGeometry(const CameraRig& rig, const ObservationBlock& seen,
                            const std::vector<double>& time, const GatherOptions& options,
                            const WorkControl& control) {
  const double gate = GateOf(rig, time, options);
  const std::size_t count = (seen.frames.count + options.stride - 1) / options.stride;
  std::vector<std::vector<std::vector<RowOfCamera>>> groups(count);
  ParallelFor(options.parallelism, count, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      control.ThrowIfCancelled();
      groups[i] = RowsByGeometry(rig, seen, i * options.stride, gate);
    }
  });
  const Gatherer gatherer(rig, seen, time, options);
  FreePoints points;
  for (std::size_t i = 0; i < count; ++i) {
    for (const auto& rows : groups[i]) gatherer.Add(i * options.stride, rows, &points);
  }
  gatherer.Finish(&points);
  return points;
}

}  // namespace medius::calibration
