#include "reconstruct/camera_breaks.hpp"

#include <algorithm>
#include <cmath>

namespace medius::reconstruct {
namespace {

// Seconds that a camera must have shown nothing of what it should have, to have stopped.
constexpr double kStoppedTime = 0.5;
// A step of the mean residual that is a bump: pixels, and standard errors.
constexpr double kBumpPixels = 0.15;
constexpr double kBumpSigmas = 8.0;

// Cameras that saw something in any of the frames.
std::vector<std::size_t> SeeingCameras(std::span<const MonitoredFrame> frames) {
  std::vector<std::size_t> seeing;
  for (std::size_t c = 0; !frames.empty() && c < frames.front().xy.size(); ++c) {
    const bool any = std::any_of(frames.begin(), frames.end(),
                                 [&](const MonitoredFrame& frame) { return !frame.xy[c].empty(); });
    if (any) seeing.push_back(c);
  }
  return seeing;
}

// Whether camera c should show something: a point in its image; where there is no point, which two
// cameras alone do not make once one of them has stopped, what half of the others see.
bool ShouldShow(const MonitoredFrame& frame, const Camera& camera, std::size_t c,
                const std::vector<std::size_t>& seeing) {
  const std::vector<Eigen::Vector3f>& points = frame.position[CameraMonitor::kReach];
  const bool any_point = std::any_of(
      points.begin(), points.end(), [](const Eigen::Vector3f& point) { return point.allFinite(); });
  if (any_point) return CountExpected(frame, camera, c) > 0;
  std::size_t others = 0;
  std::size_t see_now = 0;
  for (const std::size_t other : seeing) {
    if (other == c) continue;
    ++others;
    if (!frame.xy[other].empty()) ++see_now;
  }
  return see_now > 0 && 2 * see_now >= others;
}

}  // namespace

Drop FindDrop(std::span<const MatchShare> shares) {
  MatchShare all;
  for (const MatchShare& share : shares) {
    all.expected += share.expected;
    all.matched += share.matched;
  }
  Drop drop;
  double most = 0.0;
  MatchShare before;
  for (std::size_t i = 0; i + kFewestAround < shares.size(); ++i) {
    before.expected += shares[i].expected;
    before.matched += shares[i].matched;
    if (i + 1 < kFewestAround) continue;
    const MatchShare after{all.expected - before.expected, all.matched - before.matched};
    // Explained sum of squares of a step in the share.
    const double step = before.share() - after.share();
    const double explained = step <= 0.0 || all.expected == 0
                                 ? 0.0
                                 : step * step * static_cast<double>(before.expected) *
                                       static_cast<double>(after.expected) /
                                       static_cast<double>(all.expected);
    if (explained <= most) continue;
    most = explained;
    drop = {i + 1, before.share(), after.share()};
  }
  return drop;
}

Bump FindBump(const std::vector<CameraWindow>& windows) {
  Bump found;
  double most = 0.0;
  for (std::size_t split = 1; split < windows.size(); ++split) {
    Eigen::Vector2d mean[2] = {Eigen::Vector2d::Zero(), Eigen::Vector2d::Zero()};
    double weight[2] = {0.0, 0.0};
    for (std::size_t i = 0; i < windows.size(); ++i) {
      if (windows[i].used == 0) continue;
      const int side = i < split ? 0 : 1;
      const auto n = static_cast<double>(windows[i].used);
      mean[side] += n * windows[i].mean_residual;
      weight[side] += n;
    }
    if (weight[0] == 0.0 || weight[1] == 0.0) continue;
    const Eigen::Vector2d step = mean[1] / weight[1] - mean[0] / weight[0];
    const double explained = step.squaredNorm() * weight[0] * weight[1] / (weight[0] + weight[1]);
    if (explained <= most) continue;
    most = explained;
    found = {split, step};
  }
  if (found.window == 0) return {};
  // Windows scatter by more than their sightings do: skin and lens leave the same marks for many.
  double scatter2 = 0.0;
  std::size_t count = 0;
  for (std::size_t i = 1; i < windows.size(); ++i) {
    if (i == found.window || windows[i].used == 0 || windows[i - 1].used == 0) continue;
    scatter2 += (windows[i].mean_residual - windows[i - 1].mean_residual).squaredNorm() / 2.0;
    ++count;
  }
  if (count < 3) return {};
  const auto before = static_cast<double>(found.window);
  const auto after = static_cast<double>(windows.size() - found.window);
  const double error =
      std::sqrt(scatter2 / static_cast<double>(count) * (1.0 / before + 1.0 / after) / 2.0);
  const double size = found.shift.norm();
  return size > kBumpPixels && size > kBumpSigmas * error ? found : Bump();
}

std::size_t StoppedAfter(std::span<const MonitoredFrame> frames, const Camera& camera,
                         std::size_t c) {
  std::size_t end = frames.size();
  while (end > 0 && frames[end - 1].xy[c].empty()) --end;
  if (end == 0 || frames.size() - end < kFewestAround) return frames.size();
  const std::vector<std::size_t> seeing = SeeingCameras(frames);
  std::size_t missed = 0;
  double until = frames[end - 1].time;
  for (std::size_t i = end; i < frames.size(); ++i) {
    if (!ShouldShow(frames[i], camera, c, seeing)) continue;
    ++missed;
    until = frames[i].time;
  }
  const bool stopped = missed >= kFewestAround && until - frames[end - 1].time >= kStoppedTime;
  return stopped ? end - 1 : frames.size();
}

}  // namespace medius::reconstruct
