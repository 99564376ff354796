#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "core/time_base.hpp"

namespace medius {

/// Width and height of a camera's images, pixels.
struct ImageSize {
  int width = 0;
  int height = 0;
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

inline constexpr std::int16_t kUnlabelled = -1;
inline constexpr std::int16_t kNoInstance = -1;

/// What one camera saw over a run of frames: ragged, one row a sighting. Frame k of the run owns
/// rows frame_start[k] .. frame_start[k + 1]. The optional columns are empty or as long as xy.
struct CameraObservations {
  std::vector<std::uint64_t> frame_start = {0};  ///< [frames + 1], rows of this block, from 0
  std::vector<Eigen::Vector2f> xy;               ///< pixels, distorted as seen
  std::vector<float> sigma;                      ///< pixels, 1 sd of each coordinate
  std::vector<float> radius;                     ///< pixels
  std::vector<float> intensity;                  ///< camera units
  std::vector<std::int16_t> label;               ///< index into the trial's labels or kUnlabelled
  /// Which of the detections of a frame (persons, as a keypoint estimator saw them) a sighting
  /// belongs to; a number of this camera and frame alone, or kNoInstance.
  std::vector<std::int16_t> instance;
  /// [frames] seconds, when this camera says that it exposed each frame, NaN where it does not;
  /// empty where it says nothing beside the frame's own time.
  std::vector<double> time_stamp;

  [[nodiscard]] std::size_t frame_count() const {
    return frame_start.empty() ? 0 : frame_start.size() - 1;  // empty once moved from
  }
  [[nodiscard]] std::size_t row_count() const { return xy.size(); }
};

/// What all cameras of a rig saw over a run of frames, cameras in the order of the rig. A camera
/// that dropped a frame has no rows there.
struct ObservationBlock {
  FrameRange frames;
  std::vector<CameraObservations> cameras;
};

}  // namespace medius
