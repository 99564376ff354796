#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "reconstruct/camera_doubt.hpp"
#include "reconstruct/camera_monitor.hpp"

namespace medius::reconstruct {

/// Frames kept that there must be before and after a break.
inline constexpr std::size_t kFewestAround = 10;

/// Where the share of points that a camera shows drops for good.
struct Drop {
  std::size_t at = 0;  ///< first frame kept after it; 0 where there is none
  double before = 0.0;
  double after = 0.0;
};
/// @param shares  of the frames kept, in order.
[[nodiscard]] Drop FindDrop(std::span<const MatchShare> shares);

/// A step in the mean residual between windows.
struct Bump {
  std::size_t window = 0;                           ///< first after it; 0 where there is none
  Eigen::Vector2d shift = Eigen::Vector2d::Zero();  ///< pixels
};
[[nodiscard]] Bump FindBump(const std::vector<CameraWindow>& windows);

/// The last frame kept in which camera c saw anything, where it then stopped: for half a second and
/// more it showed nothing of what it should have. frames.size() where it did not stop: a runner who
/// leaves the volume leaves it for all cameras.
[[nodiscard]] std::size_t StoppedAfter(std::span<const MonitoredFrame> frames, const Camera& camera,
                                       std::size_t c);

}  // namespace medius::reconstruct
