#include "calibration/static_points.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "calibration/median.hpp"
#include "calibration/ray_point.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::calibration {
namespace {

// What was seen of one point over the frames.
struct Gathered {
  std::vector<Eigen::Vector3d> places;           // one a frame where it was matched
  std::vector<std::vector<Eigen::Vector2d>> xy;  // [cameras][frames]
  Eigen::Vector3d first = Eigen::Vector3d::Zero();
  std::size_t last_frame = 0;
};

std::vector<std::size_t> SpreadFrames(std::size_t count, std::size_t most) {
  std::vector<std::size_t> frames;
  const std::size_t chosen = std::min(count, most);
  for (std::size_t i = 0; i < chosen; ++i) frames.push_back(i * count / chosen);
  return frames;
}

std::vector<std::vector<Eigen::Vector2d>> PixelsOf(const ObservationBlock& block,
                                                   std::size_t frame) {
  std::vector<std::vector<Eigen::Vector2d>> xy;
  for (const CameraObservations& camera : block.cameras) {
    std::vector<Eigen::Vector2d> seen;
    for (std::size_t row = camera.frame_start[frame]; row < camera.frame_start[frame + 1]; ++row) {
      seen.push_back(camera.xy[row].cast<double>());
    }
    xy.push_back(std::move(seen));
  }
  return xy;
}

// The gathered point nearest to a match that has none of this frame yet.
Gathered* NearestOf(std::vector<Gathered>* all, const Eigen::Vector3d& x, std::size_t frame,
                    double reach) {
  Gathered* nearest = nullptr;
  for (Gathered& gathered : *all) {
    const double distance = (gathered.first - x).norm();
    if (distance > reach || gathered.last_frame == frame + 1) continue;
    reach = distance;
    nearest = &gathered;
  }
  return nearest;
}

// The static point of what was gathered; of no frames where too little was.
StaticPoint Summarize(const CameraRig& rig, const Gathered& gathered, std::size_t least_frames,
                      double min_angle) {
  StaticPoint point;
  std::vector<SeenPixel> seen;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    if (gathered.xy[c].empty() || gathered.xy[c].size() < least_frames) continue;
    point.cameras.emplace_back(c);
    point.xy.push_back(MedianOfVectors(gathered.xy[c]));
    seen.push_back({&rig.cameras[c], point.xy.back()});
    point.frames = std::max(point.frames, gathered.xy[c].size());
  }
  const auto found = PointFromRays(seen, min_angle);
  if (!found) {
    point.frames = 0;
    return point;
  }
  point.x_in_lab = found->x_in_lab;
  point.covariance = found->covariance;
  point.rms_px = found->rms_px;
  if (gathered.places.empty()) return point;
  point.frames = gathered.places.size();
  const Eigen::Vector3d middle = MedianOfVectors(gathered.places);
  double sum = 0.0;
  for (const Eigen::Vector3d& place : gathered.places) sum += (place - middle).squaredNorm();
  point.spread = std::sqrt(sum / static_cast<double>(gathered.places.size()));
  return point;
}

std::size_t LeastFrames(const StaticPointOptions& options, std::size_t frames) {
  return std::max<std::size_t>(
      1, static_cast<std::size_t>(std::ceil(options.least_share * static_cast<double>(frames))));
}

}  // namespace

void StaticPointOptions::Validate() const {
  matching.Validate();
  if (!(reach > 0.0)) throw InputError(fmt::format("reach is {} m, above 0 expected", reach));
  if (!(least_share > 0.0) || least_share > 1.0) {
    throw InputError(fmt::format("least_share is {}, above 0 and at most 1 expected", least_share));
  }
  if (max_frames == 0) throw InputError("max_frames is 0, at least 1 expected");
}

std::vector<StaticPoint> FindStaticPoints(const CameraRig& rig, const ObservationBlock& block,
                                          const StaticPointOptions& options) {
  options.Validate();
  MEDIUS_CHECK(block.cameras.size() == rig.cameras.size(), "cameras in the order of the rig");
  const auto frames = SpreadFrames(block.frames.count, options.max_frames);
  std::vector<Gathered> all;
  for (const std::size_t frame : frames) {
    const auto xy = PixelsOf(block, frame);
    for (const MatchedPoint& match : MatchSightings(rig, xy, options.matching)) {
      Gathered* gathered = NearestOf(&all, match.x_in_lab, frame, options.reach);
      if (gathered == nullptr) {
        all.emplace_back();
        gathered = &all.back();
        gathered->first = match.x_in_lab;
        gathered->xy.resize(rig.cameras.size());
      }
      gathered->last_frame = frame + 1;
      gathered->places.push_back(match.x_in_lab);
      for (const SightingId& id : match.sightings) {
        gathered->xy[id.camera.index()].push_back(xy[id.camera.index()][id.sighting]);
      }
    }
  }
  std::vector<StaticPoint> points;
  const std::size_t least = LeastFrames(options, frames.size());
  for (const Gathered& gathered : all) {
    if (gathered.places.size() < least) continue;
    const std::size_t least_of_camera = (gathered.places.size() + 1) / 2;
    StaticPoint point = Summarize(rig, gathered, least_of_camera, options.matching.min_angle);
    if (point.frames > 0) points.push_back(std::move(point));
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const StaticPoint& a, const StaticPoint& b) { return a.frames > b.frames; });
  return points;
}

StaticPoint FindStaticPoint(const CameraRig& rig, const ObservationBlock& block, std::int16_t label,
                            const StaticPointOptions& options) {
  options.Validate();
  MEDIUS_CHECK(block.cameras.size() == rig.cameras.size(), "cameras in the order of the rig");
  Gathered gathered;
  std::size_t most = 0;
  for (const CameraObservations& camera : block.cameras) {
    std::vector<Eigen::Vector2d> seen;
    for (std::size_t row = 0; row < camera.label.size(); ++row) {
      const Eigen::Vector2d xy = camera.xy[row].cast<double>();
      if (camera.label[row] == label && xy.allFinite()) seen.push_back(xy);
    }
    most = std::max(most, seen.size());
    gathered.xy.push_back(std::move(seen));
  }
  const std::size_t least = LeastFrames(options, most);
  return Summarize(rig, gathered, least, options.matching.min_angle);
}

double SigmaOf(const std::vector<StaticPoint>& points, double least) {
  double sum = 0.0;
  double degrees = 0.0;
  for (const StaticPoint& point : points) {
    const double count = static_cast<double>(point.cameras.size());
    sum += point.rms_px * point.rms_px * count;
    degrees += 2.0 * count - 3.0;
  }
  return degrees > 0.0 ? std::max(least, std::sqrt(sum / degrees)) : least;
}

}  // namespace medius::calibration
