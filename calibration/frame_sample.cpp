#include "calibration/frame_sample.hpp"

#include <algorithm>
#include <cmath>

#include "core/check.hpp"

namespace medius::calibration {
namespace {

template <typename Value>
void Append(const std::vector<Value>& more, std::vector<Value>* all) {
  all->insert(all->end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::size_t> FramesToCheck(std::size_t frame_count, std::size_t at_most) {
  std::vector<std::size_t> frames;
  const std::size_t count = std::min(frame_count, at_most);
  // One frame of each of `count` equal parts, at a place in it that follows the golden ratio.
  constexpr double kGolden = 0.6180339887498949;
  const double part =
      static_cast<double>(frame_count) / static_cast<double>(std::max<std::size_t>(count, 1));
  for (std::size_t i = 0; i < count; ++i) {
    const double place = std::fmod(static_cast<double>(i) * kGolden, 1.0);
    const auto frame = static_cast<std::size_t>((static_cast<double>(i) + place) * part);
    frames.push_back(std::min(frame, frame_count - 1));
  }
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  return frames;
}

void AppendFrames(const ObservationBlock& more, ObservationBlock* all) {
  if (all->cameras.empty()) all->cameras.resize(more.cameras.size());
  MEDIUS_CHECK(all->cameras.size() == more.cameras.size(), "the same cameras in every frame");
  for (std::size_t c = 0; c < more.cameras.size(); ++c) {
    const CameraObservations& from = more.cameras[c];
    CameraObservations& to = all->cameras[c];
    const std::uint64_t before = to.row_count();
    for (std::size_t f = 1; f < from.frame_start.size(); ++f) {
      to.frame_start.push_back(before + from.frame_start[f]);
    }
    Append(from.xy, &to.xy);
    Append(from.sigma, &to.sigma);
    Append(from.radius, &to.radius);
    Append(from.intensity, &to.intensity);
    Append(from.label, &to.label);
  }
  all->frames.count += more.frames.count;
}

}  // namespace medius::calibration
