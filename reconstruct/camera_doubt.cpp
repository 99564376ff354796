#include "reconstruct/camera_doubt.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include <Eigen/Geometry>
#include <fmt/format.h>

namespace medius::reconstruct {
namespace {

constexpr double kPi = 3.14159265358979323846;
// An explanation must make at least this share of the points meet a sighting, ...
constexpr double kExplains = 0.3;
// ... and this many times as many as without it.
constexpr double kTimesBetter = 1.5;
// Pixels: shifts are voted on up to this, in cells of this size.
constexpr double kLargestShift = 120.0;
constexpr double kCell = 3.0;
// Frames that hypotheses are tried on.
constexpr std::size_t kFramesTried = 60;

bool IsNearASighting(const std::vector<Eigen::Vector2f>& seen, const Eigen::Vector2d& at,
                     double within) {
  const Eigen::Vector2f point = at.cast<float>();
  const auto limit = static_cast<float>(within * within);
  return std::any_of(seen.begin(), seen.end(), [&](const Eigen::Vector2f& xy) {
    return (xy - point).squaredNorm() <= limit;
  });
}

// Where a marker is `delay` seconds after the frame's time, lab, metres; NaN where that is unknown.
Eigen::Vector3d PositionAt(const MonitoredFrame& frame, std::size_t marker, double delay) {
  const auto reach = static_cast<double>(frame.position.size() / 2);
  const double last = static_cast<double>(frame.position.size()) - 1.0;
  const double at = std::clamp(reach + delay / frame.frame_time, 0.0, last - 1e-9);
  const auto before = static_cast<std::size_t>(at);
  const auto u = static_cast<float>(at - std::floor(at));
  const Eigen::Vector3f& position = frame.position[before][marker];
  if (u == 0.0F) return position.cast<double>();
  return ((1.0F - u) * position + u * frame.position[before + 1][marker]).cast<double>();
}

// Where a camera shows a marker `delay` seconds after it exposed the middle of its image; nullopt
// where it does not.
std::optional<Eigen::Vector2d> PixelAt(const MonitoredFrame& frame, const Camera& camera,
                                       std::size_t marker, double delay) {
  const auto project = [&](double at) -> std::optional<Eigen::Vector2d> {
    const Eigen::Vector3d position = PositionAt(frame, marker, at);
    if (!position.allFinite()) return std::nullopt;
    return camera.Project(position);
  };
  std::optional<Eigen::Vector2d> xy = project(delay);
  if (xy && camera.line_time != 0.0) {
    // By the row where it would be at the time of the middle: off by less than a row.
    const double row = std::clamp(xy->y(), 0.0, static_cast<double>(camera.height - 1));
    xy = project(delay + RowDelay(camera, row));
  }
  return xy && camera.IsInImage(*xy) ? xy : std::nullopt;
}

// Calls body(pixel) for each point that should be in the image of camera c, `later` seconds after
// its exposure.
template <typename Body>
void ForEachExpected(const MonitoredFrame& frame, const Camera& camera, std::size_t c, double later,
                     const Body& body) {
  for (std::size_t m = 0; m < frame.position.front().size(); ++m) {
    const auto xy = PixelAt(frame, camera, m, frame.delay[c] + later);
    if (xy) body(*xy);
  }
}

std::vector<MonitoredFrame> Thin(std::span<const MonitoredFrame> frames) {
  std::vector<MonitoredFrame> some;
  const std::size_t stride = std::max<std::size_t>(1, frames.size() / kFramesTried);
  for (std::size_t i = 0; i < frames.size(); i += stride) some.push_back(frames[i]);
  return some;
}

// A camera that is a frame late still shows what moves slowly where it should be.
constexpr double kTimesBetterLate = 1.15;

bool IsBetter(const MatchShare& candidate, const MatchShare& now, double times = kTimesBetter) {
  return candidate.share() > kExplains && candidate.share() > times * now.share();
}

// The lag between frames, by a parabola through the shares round the best.
double Refine(const std::vector<double>& share, std::size_t best) {
  if (best == 0 || best + 1 >= share.size()) return 0.0;
  const double bend = share[best - 1] - 2.0 * share[best] + share[best + 1];
  return bend < 0.0 ? 0.5 * (share[best - 1] - share[best + 1]) / bend : 0.0;
}

bool IsLate(std::span<const MonitoredFrame> frames, const Camera& camera, std::size_t c,
            double within, const MatchShare& now, double frame_time, CameraQuality* quality) {
  constexpr int kReach = static_cast<int>(CameraMonitor::kReach);
  std::vector<double> share;
  MatchShare best = now;
  std::size_t best_at = kReach;
  for (int lag = -kReach; lag <= kReach; ++lag) {
    const MatchShare match = Match(frames, camera, c, lag * frame_time, within);
    if (match.share() > best.share()) {
      best = match;
      best_at = share.size();
    }
    share.push_back(match.share());
  }
  if (best_at == kReach || !IsBetter(best, now, kTimesBetterLate)) return false;
  quality->fault = CameraFault::kLate;
  const double lag = static_cast<double>(best_at) - kReach + Refine(share, best_at);
  quality->delay = lag * frame_time;
  return true;
}

Camera Turned(Camera camera, int degrees) {
  const Eigen::Matrix3d turn =
      Eigen::AngleAxisd(degrees * kPi / 180.0, Eigen::Vector3d::UnitZ()).toRotationMatrix();
  camera.camera_from_lab.rotation = turn * camera.camera_from_lab.rotation;
  camera.camera_from_lab.translation = turn * camera.camera_from_lab.translation;
  return camera;
}

bool IsTurned(std::span<const MonitoredFrame> frames, const Camera& camera, std::size_t c,
              double within, const MatchShare& now, CameraQuality* quality) {
  for (const int degrees : {180, 90, 270}) {
    // A picture that was turned has its principal point elsewhere: a wider look.
    if (!IsBetter(Match(frames, Turned(camera, degrees), c, 0.0, within), now) &&
        !IsBetter(FindShift(frames, Turned(camera, degrees), c, within).match, now)) {
      continue;
    }
    quality->fault = CameraFault::kTurned;
    quality->turn_deg = degrees;
    return true;
  }
  return false;
}

bool IsMixedUp(std::span<const MonitoredFrame> frames, const CameraRig& rig, std::size_t c,
               double within, const MatchShare& now, CameraQuality* quality) {
  for (std::size_t other = 0; other < rig.cameras.size(); ++other) {
    if (other == c) continue;
    // Either the place alone is mixed up, or the lens with it.
    Camera placed = rig.cameras[c];
    placed.camera_from_lab = rig.cameras[other].camera_from_lab;
    if (!IsBetter(Match(frames, placed, c, 0.0, within), now) &&
        !IsBetter(Match(frames, rig.cameras[other], c, 0.0, within), now)) {
      continue;
    }
    quality->fault = CameraFault::kMixedUp;
    quality->other = rig.cameras[other].name;
    return true;
  }
  return false;
}

}  // namespace

bool ShiftFound::Explains() const {
  return IsBetter(match, without);
}

std::size_t CountExpected(const MonitoredFrame& frame, const Camera& camera, std::size_t c) {
  std::size_t count = 0;
  ForEachExpected(frame, camera, c, 0.0, [&](const Eigen::Vector2d&) { ++count; });
  return count;
}

MatchShare Match(std::span<const MonitoredFrame> frames, const Camera& camera, std::size_t c,
                 double later, double within, const Eigen::Vector2d& shift) {
  MatchShare match;
  for (const MonitoredFrame& frame : frames) {
    if (frame.xy[c].empty()) continue;
    ForEachExpected(frame, camera, c, later, [&](const Eigen::Vector2d& xy) {
      ++match.expected;
      if (IsNearASighting(frame.xy[c], xy + shift, within)) ++match.matched;
    });
  }
  return match;
}

ShiftFound FindShift(std::span<const MonitoredFrame> frames, const Camera& camera, std::size_t c,
                     double within) {
  std::map<std::pair<int, int>, int> votes;
  for (const MonitoredFrame& frame : frames) {
    ForEachExpected(frame, camera, c, 0.0, [&](const Eigen::Vector2d& xy) {
      for (const Eigen::Vector2f& seen : frame.xy[c]) {
        const Eigen::Vector2d difference = seen.cast<double>() - xy;
        if (difference.cwiseAbs().maxCoeff() > kLargestShift) continue;
        ++votes[{static_cast<int>(std::floor(difference.x() / kCell)),
                 static_cast<int>(std::floor(difference.y() / kCell))}];
      }
    });
  }
  // A peak may straddle cells: four of them are taken together.
  const auto count = [&](int x, int y) {
    const auto found = votes.find({x, y});
    return found == votes.end() ? 0 : found->second;
  };
  ShiftFound found{Eigen::Vector2d::Zero(), {}, Match(frames, camera, c, 0.0, within)};
  int most = 0;
  for (const auto& [cell, unused] : votes) {
    const auto [x, y] = cell;
    const int sum = count(x, y) + count(x + 1, y) + count(x, y + 1) + count(x + 1, y + 1);
    if (sum <= most) continue;
    most = sum;
    found.shift = kCell * Eigen::Vector2d(x + 1, y + 1);
  }
  // The mean of what lies in the four cells.
  Eigen::Vector2d sum = Eigen::Vector2d::Zero();
  std::size_t met = 0;
  for (const MonitoredFrame& frame : frames) {
    ForEachExpected(frame, camera, c, 0.0, [&](const Eigen::Vector2d& xy) {
      for (const Eigen::Vector2f& seen : frame.xy[c]) {
        const Eigen::Vector2d difference = seen.cast<double>() - xy;
        if ((difference - found.shift).cwiseAbs().maxCoeff() > kCell) continue;
        sum += difference;
        ++met;
      }
    });
  }
  if (met > 0) found.shift = sum / static_cast<double>(met);
  found.match = Match(frames, camera, c, 0.0, within, found.shift);
  return found;
}

void ExplainMisfit(std::span<const MonitoredFrame> frames, const CameraRig& rig, std::size_t c,
                   double within, double frame_time, CameraQuality* quality) {
  const std::vector<MonitoredFrame> some = Thin(frames);
  const Camera& camera = rig.cameras[c];
  const MatchShare now = Match(some, camera, c, 0.0, within);
  if (IsLate(some, camera, c, within, now, frame_time, quality)) return;
  if (IsMixedUp(some, rig, c, within, now, quality)) return;
  if (IsTurned(some, camera, c, within, now, quality)) return;
  const ShiftFound found = FindShift(some, camera, c, within);
  if (found.Explains()) {
    quality->fault = CameraFault::kMoved;
    quality->shift_px = found.shift;
    quality->since = frames.front().time;
    return;
  }
  quality->fault = CameraFault::kDisagrees;
}

}  // namespace medius::reconstruct
