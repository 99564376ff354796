// TurnMissingCameras of point_gathering.hpp.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "calibration/point_gathering.hpp"
#include "calibration/so3.hpp"

namespace medius::calibration {
namespace {

constexpr int kReach = 90;  // pixels of the search
constexpr int kCell = 3;    // pixels a cell of the histogram
constexpr int kSide = 2 * kReach / kCell + 1;
constexpr double kLeastWay = 3.0;     // pixels: less is within the gate
constexpr double kLeastShare = 0.15;  // of the predictions that must meet a sighting
constexpr double kContrast = 2.0;     // of the best way over that of no way
constexpr int kLeastVotes = 50;

struct Votes {
  std::vector<std::uint32_t> count = std::vector<std::uint32_t>(kSide * kSide, 0);
  std::size_t predictions = 0;

  void Add(const Eigen::Vector2d& way) {
    const auto x = static_cast<int>(std::lround((way.x() + kReach) / kCell));
    const auto y = static_cast<int>(std::lround((way.y() + kReach) / kCell));
    if (x < 0 || y < 0 || x >= kSide || y >= kSide) return;
    ++count[static_cast<std::size_t>(y * kSide + x)];
  }
  // Of a cell and its neighbours.
  [[nodiscard]] std::uint32_t Near(int x, int y) const {
    std::uint32_t sum = 0;
    for (int v = std::max(y - 1, 0); v <= std::min(y + 1, kSide - 1); ++v) {
      for (int u = std::max(x - 1, 0); u <= std::min(x + 1, kSide - 1); ++u) {
        sum += count[static_cast<std::size_t>(v * kSide + u)];
      }
    }
    return sum;
  }
  // Middle of the votes in a cell and its neighbours.
  [[nodiscard]] Eigen::Vector2d Middle(int x, int y) const {
    Eigen::Vector2d sum = Eigen::Vector2d::Zero();
    double weight = 0.0;
    for (int v = std::max(y - 1, 0); v <= std::min(y + 1, kSide - 1); ++v) {
      for (int u = std::max(x - 1, 0); u <= std::min(x + 1, kSide - 1); ++u) {
        const double w = count[static_cast<std::size_t>(v * kSide + u)];
        sum += w * Eigen::Vector2d(u * kCell - kReach, v * kCell - kReach);
        weight += w;
      }
    }
    return sum / weight;
  }
};

// Differences of this camera's sightings from what three or more others say.
Votes VotesOf(const CameraRig& rig, const ObservationBlock& seen, const FreePoints& points,
              std::size_t camera) {
  Votes votes;
  FreePoints others = points;
  for (PointSighting& sighting : others.sightings) {
    sighting.weight = sighting.camera == camera ? 0.0 : 1.0;
  }
  for (std::size_t i = 0; i < others.points.size(); ++i) {
    const FreePoint& point = others.points[i];
    const auto mine = std::count_if(
        others.Of(point).begin(), others.Of(point).end(),
        [&](const PointSighting& s) { return s.camera == static_cast<std::uint32_t>(camera); });
    if (static_cast<std::ptrdiff_t>(point.end - point.begin) - mine < 3) continue;
    if (!FitFreePoint(rig, 0.0, true, &others, i)) continue;
    const Camera& looks = rig.cameras[camera];
    const auto xy = looks.Project(point.x_in_lab);
    if (!xy || !looks.IsInImage(*xy)) continue;
    ++votes.predictions;
    const CameraObservations& rows = seen.cameras[camera];
    for (std::size_t r = rows.frame_start[point.sample]; r < rows.frame_start[point.sample + 1];
         ++r) {
      votes.Add(rows.xy[r].cast<double>() - *xy);
    }
  }
  return votes;
}

// The way by which the camera misses, where it is clear and not small.
std::optional<Eigen::Vector2d> WayOf(const Votes& votes) {
  int best_x = 0;
  int best_y = 0;
  std::uint32_t most = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const std::uint32_t near = votes.Near(x, y);
      if (near <= most) continue;
      most = near;
      best_x = x;
      best_y = y;
    }
  }
  const int zero = kReach / kCell;
  if (most < kLeastVotes || most < kLeastShare * static_cast<double>(votes.predictions) ||
      most < kContrast * votes.Near(zero, zero)) {
    return std::nullopt;
  }
  const Eigen::Vector2d way = votes.Middle(best_x, best_y);
  if (way.norm() < kLeastWay) return std::nullopt;
  return way;
}

}  // namespace

bool TurnMissingCameras(const ObservationBlock& seen, const FreePoints& points,
                        Parallelism parallelism, CameraRig* rig) {
  std::vector<std::optional<Eigen::Vector2d>> ways(rig->cameras.size());
  ParallelFor(parallelism, ways.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t c = begin; c < end; ++c) ways[c] = WayOf(VotesOf(*rig, seen, points, c));
  });
  bool turned = false;
  for (std::size_t c = 0; c < ways.size(); ++c) {
    if (!ways[c]) continue;
    Camera& camera = rig->cameras[c];
    const std::vector<double>& k = camera.model.intrinsics();
    // A turn by w moves what is seen near the axis by (fx wy, -fy wx).
    const Eigen::Vector3d w(-ways[c]->y() / k[1], ways[c]->x() / k[0], 0.0);
    const RigidTransform before = camera.camera_from_lab;
    const Eigen::Matrix3d turn = RotationFromVector(w);
    camera.camera_from_lab = {Renormalized(turn * before.rotation), turn * before.translation};
    turned = true;
  }
  return turned;
}

}  // namespace medius::calibration
