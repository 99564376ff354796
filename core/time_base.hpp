#pragma once

#include <cstddef>
#include <vector>

namespace medius {

/// A run of consecutive frames [first, first + count).
struct FrameRange {
  std::size_t first = 0;
  std::size_t count = 0;
  [[nodiscard]] std::size_t end() const { return first + count; }
  friend bool operator==(const FrameRange&, const FrameRange&) = default;
};

/// The instants of a trial's frames.
struct TimeBase {
  double rate_hz = 0.0;      ///< nominal rate
  std::vector<double> time;  ///< seconds, strictly increasing, one a frame

  [[nodiscard]] std::size_t frame_count() const { return time.size(); }
  [[nodiscard]] static TimeBase Uniform(double rate_hz, std::size_t frame_count,
                                        double start = 0.0);
};

/// Splits [0, frame_count) into ranges of frames_per_chunk, the last one shorter.
[[nodiscard]] std::vector<FrameRange> SplitFrames(std::size_t frame_count,
                                                  std::size_t frames_per_chunk);

}  // namespace medius
