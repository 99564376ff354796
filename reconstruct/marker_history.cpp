#include "reconstruct/marker_history.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace medius::reconstruct {

void MarkerHistory::Append(const TrajectoryBlock& block) {
  const std::size_t markers = marker_count();
  MEDIUS_CHECK(block.marker_count() == markers, "a block with another number of markers");
  if (begin_ == end_) begin_ = end_ = block.frames().first;
  MEDIUS_CHECK(block.frames().first == end_, "blocks of a stream that do not follow each other");
  for (std::size_t m = 0; m < markers; ++m) {
    Track& track = tracks_[m];
    for (std::size_t f = 0; f < block.frames().count; ++f) {
      const std::size_t slot = f * markers + m;
      const float* p = block.position.data() + 3 * slot;
      const float* c = block.covariance.data() + 6 * slot;
      track.position.emplace_back(p[0], p[1], p[2]);
      track.covariance.push_back({c[0], c[1], c[2], c[3], c[4], c[5]});
      track.residual.push_back(block.residual[slot]);
      track.rays.push_back(block.rays[slot]);
      track.source.push_back(block.source[slot]);
      track.pass.push_back(block.IsPresent(f, MarkerId(m)) ? 0 : kHidden);
    }
  }
  end_ += block.frames().count;
}

void MarkerHistory::DropBefore(std::size_t frame) {
  // To erase a little at each call would move the rest every time.
  if (frame <= begin_ || 2 * (frame - begin_) < end_ - begin_) return;
  const auto count = static_cast<std::ptrdiff_t>(std::min(frame, end_) - begin_);
  const auto drop = [count](auto& values) { values.erase(values.begin(), values.begin() + count); };
  for (Track& track : tracks_) {
    drop(track.position);
    drop(track.covariance);
    drop(track.residual);
    drop(track.rays);
    drop(track.source);
    drop(track.pass);
  }
  begin_ += static_cast<std::size_t>(count);
}

void MarkerHistory::Fill(std::size_t marker, std::size_t frame, const MarkerSample& sample,
                         std::uint8_t pass) {
  Track& track = tracks_[marker];
  const std::size_t i = frame - begin_;
  MEDIUS_CHECK(track.pass[i] == kHidden, "a sample filled twice");
  const Eigen::Matrix3f c = sample.covariance.cast<float>();
  track.position[i] = sample.position.cast<float>();
  track.covariance[i] = {c(0, 0), c(0, 1), c(0, 2), c(1, 1), c(1, 2), c(2, 2)};
  track.residual[i] = static_cast<float>(sample.residual_px);
  track.rays[i] = static_cast<std::uint8_t>(sample.rays);
  track.source[i] = static_cast<std::uint8_t>(sample.source);
  track.pass[i] = pass;
}

TrajectoryBlock MarkerHistory::Copy(FrameRange frames) const {
  MEDIUS_CHECK(frames.first >= begin_ && frames.end() <= end_, "frames that are no longer held");
  const std::size_t markers = marker_count();
  TrajectoryBlock block(frames, markers);
  for (std::size_t m = 0; m < markers; ++m) {
    const Track& track = tracks_[m];
    for (std::size_t f = 0; f < frames.count; ++f) {
      const std::size_t slot = f * markers + m;
      const std::size_t i = frames.first + f - begin_;
      std::copy_n(track.position[i].data(), 3, block.position.data() + 3 * slot);
      std::copy_n(track.covariance[i].data(), 6, block.covariance.data() + 6 * slot);
      block.residual[slot] = track.residual[i];
      block.rays[slot] = track.rays[i];
      block.source[slot] = track.source[i];
    }
  }
  return block;
}

bool MarkerHistory::IsKnownAll(std::size_t marker, FrameRange frames, std::uint8_t pass) const {
  const auto first =
      tracks_[marker].pass.begin() + static_cast<std::ptrdiff_t>(frames.first - begin_);
  return std::all_of(first, first + static_cast<std::ptrdiff_t>(frames.count),
                     [pass](std::uint8_t p) { return p < pass; });
}

double MarkerHistory::Variance(std::size_t marker, std::size_t frame) const {
  const std::array<float, 6>& c = tracks_[marker].covariance[frame - begin_];
  return (static_cast<double>(c[0]) + c[3] + c[5]) / 3.0;
}

}  // namespace medius::reconstruct
