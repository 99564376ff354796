#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"

namespace medius::reconstruct {

/// How sightings are weighed: see TriangulationOptions, whose fields of the same names these are.
struct SightingWeights {
  double default_sigma_px = 0.3;
  double sigma_factor = 1.0;
  double smallest_sigma_px = 0.01;

  /// Pixels, of a sighting that says `stated` of itself (NaN where it says nothing).
  [[nodiscard]] double Sigma(double stated) const {
    const bool has = stated > 0.0 && stated < std::numeric_limits<double>::infinity();
    const double sigma = has ? sigma_factor * stated : default_sigma_px;
    return sigma > smallest_sigma_px ? sigma : smallest_sigma_px;
  }
};

/// What one camera saw in one frame, column by column so that a search runs through memory in
/// order. Sightings that are not finite are left out.
struct CameraFrame {
  std::vector<float> x;             ///< pixels, distorted as seen
  std::vector<float> y;             ///< pixels
  std::vector<float> variance;      ///< pixels^2, of each coordinate
  std::vector<float> delay;         ///< seconds from the frame's time to its exposure
  std::vector<std::uint32_t> row;   ///< in the camera's rows of this frame
  std::vector<std::int32_t> track;  ///< that has it; kFree where none
  std::size_t row_count = 0;        ///< all rows of the frame, those left out too
  double middle_delay = 0.0;        ///< seconds, of the middle of the image

  [[nodiscard]] std::size_t size() const { return x.size(); }
  [[nodiscard]] Eigen::Vector2d Xy(std::size_t i) const {
    return {static_cast<double>(x[i]), static_cast<double>(y[i])};
  }
};

inline constexpr std::int32_t kFree = -1;

/// Reads what the cameras saw in one frame of a block.
/// @param frame  counted from the block's first.
/// @param time   seconds, of the frame.
/// @param seen   out; keeps its memory.
void LoadFrame(const CameraRig& rig, const ObservationBlock& block, std::size_t frame, double time,
               const SightingWeights& weights, std::vector<CameraFrame>* seen);

/// Seconds from the frame's time to the exposure of a camera's row y (pixels): by the camera's own
/// time stamp of that frame where it has one, and by its offset, drift and line time.
[[nodiscard]] double ExposureDelay(const Camera& camera, const CameraObservations& seen,
                                   std::size_t frame, double time, double y);

/// True where any sighting may have been exposed at another time than its frame's.
[[nodiscard]] bool HasOwnTimes(const CameraRig& rig);

}  // namespace medius::reconstruct
