#include "calibration/wand_dots.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::calibration {
namespace {

// Markers this share of the length off a line are off it; distances that differ by less are one.
constexpr double kSameShare = 0.01;
// Markers nearer than this share of the length are one blob.
constexpr double kLeastGap = 0.02;

void CheckView(const DotObservations& dots, const DotView& view, std::size_t marker_count) {
  const std::string where = fmt::format("sightings of frame {}", view.frame);
  if (view.camera.index() >= dots.cameras.size()) {
    throw InputError(
        fmt::format("{}: camera {} of {}", where, view.camera.index(), dots.cameras.size()));
  }
  const std::string& camera = dots.cameras[view.camera.index()].name;
  const std::size_t count = view.xy.size();
  if ((!view.sigma.empty() && view.sigma.size() != count) ||
      (!view.marker.empty() && view.marker.size() != count)) {
    throw InputError(
        fmt::format("{}, camera {}: {} positions, {} sigmas and {} markers; one each "
                    "(or none) expected",
                    where, camera, count, view.sigma.size(), view.marker.size()));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const bool bad_sigma =
        !view.sigma.empty() && !(view.sigma[i] > 0.0F && std::isfinite(view.sigma[i]));
    if (!view.xy[i].allFinite() || bad_sigma) {
      throw InputError(
          fmt::format("{}, camera {}: sighting {} has a position or sigma that is not "
                      "a (positive) finite number",
                      where, camera, i));
    }
    if (!view.marker.empty() && view.marker[i] >= static_cast<std::int32_t>(marker_count)) {
      throw InputError(fmt::format("{}, camera {}: marker {} of a wand of {}", where, camera,
                                   view.marker[i], marker_count));
    }
  }
}

void CheckMarkers(const CalibrationTarget& wand) {
  const std::size_t count = wand.points.size();
  if (count < 2 || count > kMostWandMarkers) {
    throw InputError(fmt::format("wand {}: {} markers; 2 to {} are expected", wand.name, count,
                                 kMostWandMarkers));
  }
  for (const Eigen::Vector3d& point : wand.points) {
    if (!point.allFinite()) {
      throw InputError(fmt::format("wand {}: a marker's position is not finite", wand.name));
    }
  }
}

void FindEnds(WandShape* shape) {
  for (std::size_t a = 0; a < shape->count(); ++a) {
    for (std::size_t b = a + 1; b < shape->count(); ++b) {
      const double distance = (shape->points[a] - shape->points[b]).norm();
      if (distance <= shape->length) continue;
      shape->length = distance;
      shape->end_a = a;
      shape->end_b = b;
    }
  }
}

void FindOrder(WandShape* shape) {
  const Eigen::Vector3d origin = shape->points[shape->end_a];
  const Eigen::Vector3d along = (shape->points[shape->end_b] - origin) / shape->length;
  std::vector<double> place;
  shape->collinear = true;
  for (const Eigen::Vector3d& point : shape->points) {
    place.push_back(along.dot(point - origin) / shape->length);
    const double off = (point - origin - place.back() * shape->length * along).norm();
    if (off > kSameShare * shape->length) shape->collinear = false;
  }
  shape->order.resize(shape->count());
  std::iota(shape->order.begin(), shape->order.end(), std::size_t{0});
  std::sort(shape->order.begin(), shape->order.end(),
            [&](std::size_t a, std::size_t b) { return place[a] < place[b]; });
  for (const std::size_t marker : shape->order) shape->place.push_back(place[marker]);
}

bool IsSymmetry(const WandShape& shape, const std::vector<std::size_t>& renaming) {
  for (std::size_t a = 0; a < shape.count(); ++a) {
    for (std::size_t b = a + 1; b < shape.count(); ++b) {
      const double here = (shape.points[a] - shape.points[b]).norm();
      const double there = (shape.points[renaming[a]] - shape.points[renaming[b]]).norm();
      if (std::abs(here - there) > kSameShare * shape.length) return false;
    }
  }
  return true;
}

}  // namespace

void ValidateDots(const DotObservations& dots, std::size_t marker_count) {
  if (dots.cameras.empty()) throw InputError("calibration: there is no camera");
  for (const UncalibratedCamera& camera : dots.cameras) {
    if (camera.width > 0 && camera.height > 0) continue;
    throw InputError(
        fmt::format("camera {}: image size {} x {} px; width and height must be "
                    "positive",
                    camera.name, camera.width, camera.height));
  }
  std::set<std::pair<std::size_t, std::size_t>> seen;
  for (const DotView& view : dots.views) {
    CheckView(dots, view, marker_count);
    if (seen.insert({view.frame, view.camera.index()}).second) continue;
    throw InputError(fmt::format("frame {}: camera {} has two views of it; one is expected",
                                 view.frame, dots.cameras[view.camera.index()].name));
  }
}

WandShape MakeWandShape(const CalibrationTarget& wand) {
  CheckMarkers(wand);
  WandShape shape;
  shape.name = wand.name;
  shape.points = wand.points;
  FindEnds(&shape);
  for (std::size_t a = 0; a < shape.count(); ++a) {
    for (std::size_t b = a + 1; b < shape.count(); ++b) {
      const double distance = (shape.points[a] - shape.points[b]).norm();
      if (distance > kLeastGap * shape.length && distance > 0.0) continue;
      throw InputError(
          fmt::format("wand {}: markers {} and {} are {:.3g} mm apart and would be "
                      "seen as one; check the positions",
                      wand.name, a + 1, b + 1, 1e3 * distance));
    }
  }
  FindOrder(&shape);
  std::vector<std::size_t> renaming(shape.count());
  std::iota(renaming.begin(), renaming.end(), std::size_t{0});
  do {
    if (IsSymmetry(shape, renaming)) shape.symmetries.push_back(renaming);
  } while (std::next_permutation(renaming.begin(), renaming.end()));
  return shape;
}

}  // namespace medius::calibration
