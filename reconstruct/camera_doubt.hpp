#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "reconstruct/camera_monitor.hpp"

namespace medius::reconstruct {

/// Of the points that should be in a camera's image, how many show something where they should be.
struct MatchShare {
  std::uint64_t expected = 0;
  std::uint64_t matched = 0;
  [[nodiscard]] double share() const {
    return expected == 0 ? 0.0 : static_cast<double>(matched) / static_cast<double>(expected);
  }
};

/// Seconds by which a camera exposes the row y (pixels) after the middle of its image.
[[nodiscard]] inline double RowDelay(const Camera& camera, double y) {
  return camera.line_time * (y - 0.5 * (camera.height - 1));
}

/// How many points should be in a camera's image, whether it shows anything or not.
[[nodiscard]] std::size_t CountExpected(const MonitoredFrame& frame, const Camera& camera,
                                        std::size_t c);

/// @param camera  where the camera is taken to be and how it projects.
/// @param c       whose sightings are taken.
/// @param later   seconds, by which the sightings are taken to be exposed later than the rig says.
/// @param within  pixels.
/// @param shift   pixels, added to where a point should be seen.
[[nodiscard]] MatchShare Match(std::span<const MonitoredFrame> frames, const Camera& camera,
                               std::size_t c, double later, double within,
                               const Eigen::Vector2d& shift = Eigen::Vector2d::Zero());

/// The shift, pixels, at which most points meet a sighting, and how many do then and without it;
/// found by voting on the differences of all pairs.
struct ShiftFound {
  Eigen::Vector2d shift;
  MatchShare match;
  MatchShare without;
  /// True where it makes the points meet sightings that did not: something is always found.
  [[nodiscard]] bool Explains() const;
};
[[nodiscard]] ShiftFound FindShift(std::span<const MonitoredFrame> frames, const Camera& camera,
                                   std::size_t c, double within);

/// Looks for what would explain a camera whose sightings fit nothing: late, turned, mixed up with
/// another, moved. Fills fault and what belongs to it.
void ExplainMisfit(std::span<const MonitoredFrame> frames, const CameraRig& rig, std::size_t c,
                   double within, double frame_time, CameraQuality* quality);

}  // namespace medius::reconstruct
