#include "reconstruct/marker_history.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/check.hpp"

namespace medius::reconstruct {
namespace {

template <typename T>
void AppendTo(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

template <typename T>
void DropFront(std::vector<T>& values, std::size_t count) {
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

void MarkerHistory::Append(const TrajectoryBlock& block) {
  MEDIUS_CHECK(block.marker_count() == marker_count_, "a block with another number of markers");
  MEDIUS_CHECK(block.frames().first == end_, "blocks of a stream that do not follow each other");
  AppendTo(position_, block.position);
  AppendTo(covariance_, block.covariance);
  AppendTo(residual_, block.residual);
  AppendTo(rays_, block.rays);
  AppendTo(source_, block.source);
  constexpr auto kMissing = static_cast<std::uint8_t>(SampleSource::kMissing);
  for (std::size_t i = 0; i < block.source.size(); ++i) {
    const float* p = block.position.data() + 3 * i;
    const bool finite = std::isfinite(p[0]) && std::isfinite(p[1]) && std::isfinite(p[2]);
    pass_.push_back(finite && block.source[i] != kMissing ? 0 : kHidden);
  }
  end_ += block.frames().count;
}

void MarkerHistory::DropBefore(std::size_t frame) {
  // To erase a little at each call would move the rest every time.
  if (frame <= begin_ || 2 * (frame - begin_) < end_ - begin_) return;
  const std::size_t frames = std::min(frame, end_) - begin_;
  const std::size_t slots = frames * marker_count_;
  DropFront(position_, 3 * slots);
  DropFront(covariance_, 6 * slots);
  DropFront(residual_, slots);
  DropFront(rays_, slots);
  DropFront(source_, slots);
  DropFront(pass_, slots);
  begin_ += frames;
}

void MarkerHistory::Fill(std::size_t marker, std::size_t frame, const MarkerSample& sample,
                         std::uint8_t pass) {
  const std::size_t slot = Slot(marker, frame);
  MEDIUS_CHECK(pass_[slot] == kHidden, "a sample filled twice");
  const Eigen::Vector3f x = sample.position.cast<float>();
  const Eigen::Matrix3f c = sample.covariance.cast<float>();
  const std::array<float, 6> upper = {c(0, 0), c(0, 1), c(0, 2), c(1, 1), c(1, 2), c(2, 2)};
  std::copy_n(x.data(), 3, position_.data() + 3 * slot);
  std::copy_n(upper.data(), 6, covariance_.data() + 6 * slot);
  residual_[slot] = static_cast<float>(sample.residual_px);
  rays_[slot] = static_cast<std::uint8_t>(sample.rays);
  source_[slot] = static_cast<std::uint8_t>(sample.source);
  pass_[slot] = pass;
}

TrajectoryBlock MarkerHistory::Copy(FrameRange frames) const {
  MEDIUS_CHECK(frames.first >= begin_ && frames.end() <= end_, "frames that are no longer held");
  TrajectoryBlock block(frames, marker_count_);
  const auto copy = [&](const auto& from, auto& to, std::size_t width) {
    const auto first = static_cast<std::ptrdiff_t>(Slot(0, frames.first) * width);
    std::copy_n(from.begin() + first, to.size(), to.begin());
  };
  copy(position_, block.position, 3);
  copy(covariance_, block.covariance, 6);
  copy(residual_, block.residual, 1);
  copy(rays_, block.rays, 1);
  copy(source_, block.source, 1);
  return block;
}

bool MarkerHistory::IsKnownAll(std::size_t marker, FrameRange frames, std::uint8_t pass) const {
  for (std::size_t f = frames.first; f < frames.end(); ++f) {
    if (!IsKnown(marker, f, pass)) return false;
  }
  return true;
}

double MarkerHistory::Variance(std::size_t marker, std::size_t frame) const {
  const float* c = covariance_.data() + 6 * Slot(marker, frame);
  const double mean = (static_cast<double>(c[0]) + c[3] + c[5]) / 3.0;
  return std::isfinite(mean) ? mean : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace medius::reconstruct
