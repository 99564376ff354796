#include "core/time_base.hpp"

#include <algorithm>
#include <cmath>

#include "core/check.hpp"

namespace medius {

TimeBase TimeBase::Uniform(double rate_hz, std::size_t frame_count, double start) {
  MEDIUS_CHECK(rate_hz > 0.0 && std::isfinite(rate_hz), "a rate must be positive");
  TimeBase base;
  base.rate_hz = rate_hz;
  base.time.resize(frame_count);
  for (std::size_t i = 0; i < frame_count; ++i) {
    base.time[i] = start + static_cast<double>(i) / rate_hz;
  }
  return base;
}

std::vector<FrameRange> SplitFrames(std::size_t frame_count, std::size_t frames_per_chunk) {
  MEDIUS_CHECK(frames_per_chunk > 0, "a chunk must hold a frame");
  std::vector<FrameRange> ranges;
  for (std::size_t first = 0; first < frame_count;) {
    ranges.push_back({first, std::min(frames_per_chunk, frame_count - first)});
    first = ranges.back().end();
  }
  return ranges;
}

}  // namespace medius
