#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "core/ids.hpp"
#include "core/trajectories.hpp"

namespace medius::reconstruct {

/// The last frames of a stream of trajectories, and which pass filled what.
///
/// Gaps are filled in passes, the short ones first. A sample seen by the cameras is of pass 0, one
/// that pass k filled is of pass k; pass k + 1 looks at the samples of passes 0 to k alone, so that
/// its result does not depend on the order in which its own gaps are filled.
class MarkerHistory {
 public:
  static constexpr std::uint8_t kHidden = 255;

  explicit MarkerHistory(std::size_t marker_count) : marker_count_(marker_count) {}

  [[nodiscard]] std::size_t marker_count() const { return marker_count_; }
  /// First frame still held, and one past the last one.
  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t end() const { return end_; }

  /// Adds frames that follow those held.
  void Append(const TrajectoryBlock& block);
  /// Forgets what lies before a frame; at times a little later than asked for.
  void DropBefore(std::size_t frame);
  /// Writes a filled sample where none was.
  void Fill(std::size_t marker, std::size_t frame, const MarkerSample& sample, std::uint8_t pass);
  /// The frames given, as they stand now.
  [[nodiscard]] TrajectoryBlock Copy(FrameRange frames) const;

  /// True where a pass before `pass` knows the position.
  [[nodiscard]] bool IsKnown(std::size_t marker, std::size_t frame, std::uint8_t pass) const {
    return pass_[Slot(marker, frame)] < pass;
  }
  [[nodiscard]] bool IsKnownAll(std::size_t marker, FrameRange frames, std::uint8_t pass) const;
  [[nodiscard]] bool IsSeen(std::size_t marker, std::size_t frame) const {
    return pass_[Slot(marker, frame)] == 0;
  }
  /// Lab, metres.
  [[nodiscard]] Eigen::Vector3d Position(std::size_t marker, std::size_t frame) const {
    const float* p = position_.data() + 3 * Slot(marker, frame);
    return {p[0], p[1], p[2]};
  }
  /// Mean variance of a coordinate, metres^2; NaN where unknown.
  [[nodiscard]] double Variance(std::size_t marker, std::size_t frame) const;

 private:
  [[nodiscard]] std::size_t Slot(std::size_t marker, std::size_t frame) const {
    return (frame - begin_) * marker_count_ + marker;
  }

  std::size_t marker_count_;
  // Frame by frame, as in a TrajectoryBlock.
  std::vector<float> position_;
  std::vector<float> covariance_;
  std::vector<float> residual_;
  std::vector<std::uint8_t> rays_;
  std::vector<std::uint8_t> source_;
  std::vector<std::uint8_t> pass_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace medius::reconstruct
