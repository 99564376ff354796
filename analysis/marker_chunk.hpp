#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "analysis/body_model.hpp"
#include "analysis/butterworth.hpp"
#include "core/trajectories.hpp"

namespace medius::analysis {

/// The markers of a BodyModel over a run of frames in double, marker after marker, being made ready
/// for the poses: short gaps filled, positions smoothed.
class MarkerChunk {
 public:
  MarkerChunk(const TrajectoryBlock& block, const std::vector<MarkerId>& columns);

  [[nodiscard]] std::size_t frame_count() const { return frame_count_; }
  /// Metres, lab; NaN where missing.
  [[nodiscard]] const Eigen::Vector3d& Position(std::size_t column, std::size_t frame) const {
    return position_[column * frame_count_ + frame];
  }
  [[nodiscard]] bool IsFilled(std::size_t column, std::size_t frame) const {
    return state_[column * frame_count_ + frame] == State::kFilled;
  }
  /// Variance of the smoothed position over that of the measured one.
  [[nodiscard]] double VarianceScale(std::size_t column, std::size_t frame) const {
    return variance_scale_[column * frame_count_ + frame];
  }

  /// Fills gaps of at most max_gap_frames that have a neighbour on both sides: where three or more
  /// other markers of the segment are measured throughout, from the segment's fit to them, shifted
  /// linearly in time so that it meets both neighbours; else by a cubic through two measured
  /// positions on either side (a line where one is missing). Never beyond, never at an end.
  void FillGaps(std::span<const SegmentModel> segments, std::size_t max_gap_frames);

  /// Smooths every run between gaps by itself.
  /// @param edge_frames  so near to an end of a run the noise counts as not reduced.
  void Smooth(const ZeroLagButterworth& filter, std::size_t edge_frames);

 private:
  // kFilledBefore: by the reconstruction, whose covariance says how well; its errors are smooth.
  enum class State : std::uint8_t { kMissing, kMeasured, kFilled, kFilledBefore };
  struct Gap {
    std::size_t begin;  ///< first missing frame, > 0
    std::size_t end;    ///< first frame after, < frame_count
  };

  [[nodiscard]] std::vector<Gap> GapsOf(std::size_t column, std::size_t max_gap_frames) const;
  [[nodiscard]] bool IsMeasured(std::size_t column, std::size_t frame) const {
    return state_[column * frame_count_ + frame] == State::kMeasured;
  }
  bool FillFromSegment(std::size_t column, const Gap& gap, const SegmentModel& segment);
  void FillByCubic(std::size_t column, const Gap& gap);
  void SetFilled(std::size_t column, std::size_t frame, const Eigen::Vector3d& position);

  std::size_t frame_count_;
  std::vector<Eigen::Vector3d> position_;
  std::vector<State> state_;
  std::vector<float> variance_scale_;
};

}  // namespace medius::analysis
