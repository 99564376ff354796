#include "analysis/marker_chunk.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/rigid_fit.hpp"

namespace medius::analysis {
namespace {

const Eigen::Vector3d kNowhere =
    Eigen::Vector3d::Constant(std::numeric_limits<double>::quiet_NaN());

bool IsFilledSource(SampleSource source) {
  return source == SampleSource::kFilledRigid || source == SampleSource::kFilledSkeleton ||
         source == SampleSource::kFilledInterpolated;
}

}  // namespace

MarkerChunk::MarkerChunk(const TrajectoryBlock& block, const std::vector<MarkerId>& columns)
    : frame_count_(block.frames().count),
      position_(columns.size() * frame_count_, kNowhere),
      state_(columns.size() * frame_count_, State::kMissing),
      variance_scale_(columns.size() * frame_count_, 1.0F) {
  for (std::size_t column = 0; column < columns.size(); ++column) {
    for (std::size_t frame = 0; frame < frame_count_; ++frame) {
      const Eigen::Vector3d position = block.Position(frame, columns[column]);
      if (!position.allFinite()) continue;
      position_[column * frame_count_ + frame] = position;
      state_[column * frame_count_ + frame] = IsFilledSource(block.Source(frame, columns[column]))
                                                  ? State::kFilledBefore
                                                  : State::kMeasured;
    }
  }
}

std::vector<MarkerChunk::Gap> MarkerChunk::GapsOf(std::size_t column,
                                                  std::size_t max_gap_frames) const {
  std::vector<Gap> gaps;
  std::size_t last_seen = frame_count_;  // none yet
  for (std::size_t frame = 0; frame < frame_count_; ++frame) {
    if (state_[column * frame_count_ + frame] == State::kMissing) continue;
    if (last_seen != frame_count_ && frame - last_seen > 1 &&
        frame - last_seen - 1 <= max_gap_frames) {
      gaps.push_back({last_seen + 1, frame});
    }
    last_seen = frame;
  }
  return gaps;
}

void MarkerChunk::SetFilled(std::size_t column, std::size_t frame,
                            const Eigen::Vector3d& position) {
  position_[column * frame_count_ + frame] = position;
  state_[column * frame_count_ + frame] = State::kFilled;
}

bool MarkerChunk::FillFromSegment(std::size_t column, const Gap& gap, const SegmentModel& segment) {
  const auto own = std::find(segment.columns.begin(), segment.columns.end(), column);
  if (own == segment.columns.end()) return false;
  const auto own_index = static_cast<std::size_t>(own - segment.columns.begin());

  std::vector<Eigen::Vector3d> predicted;
  std::vector<Eigen::Vector3d> measured(segment.columns.size());
  for (std::size_t frame = gap.begin - 1; frame <= gap.end; ++frame) {
    for (std::size_t i = 0; i < segment.columns.size(); ++i) {
      const bool use = i != own_index && IsMeasured(segment.columns[i], frame);
      measured[i] = use ? Position(segment.columns[i], frame) : kNowhere;
    }
    const RigidFit fit = FitRigid(segment.local, measured);
    if (!fit.fitted()) return false;
    predicted.push_back(fit.target_from_local * segment.local[own_index]);
  }
  const Eigen::Vector3d first_miss = Position(column, gap.begin - 1) - predicted.front();
  const Eigen::Vector3d last_miss = Position(column, gap.end) - predicted.back();
  for (std::size_t frame = gap.begin; frame < gap.end; ++frame) {
    const std::size_t step = frame - (gap.begin - 1);
    const double u = static_cast<double>(step) / static_cast<double>(predicted.size() - 1);
    SetFilled(column, frame, predicted[step] + (1.0 - u) * first_miss + u * last_miss);
  }
  return true;
}

// Cubic Hermite between the neighbours, their velocities from one measured frame further out.
void MarkerChunk::FillByCubic(std::size_t column, const Gap& gap) {
  const std::size_t before = gap.begin - 1;
  const Eigen::Vector3d p0 = Position(column, before);
  const Eigen::Vector3d p1 = Position(column, gap.end);
  const auto span = static_cast<double>(gap.end - before);
  const bool outer = before > 0 && gap.end + 1 < frame_count_ && IsMeasured(column, before - 1) &&
                     IsMeasured(column, gap.end + 1);
  const Eigen::Vector3d line = (p1 - p0) / span;
  const Eigen::Vector3d v0 = outer ? Eigen::Vector3d(p0 - Position(column, before - 1)) : line;
  const Eigen::Vector3d v1 = outer ? Eigen::Vector3d(Position(column, gap.end + 1) - p1) : line;
  for (std::size_t frame = gap.begin; frame < gap.end; ++frame) {
    const double u = static_cast<double>(frame - before) / span;
    const double w = 1.0 - u;
    SetFilled(column, frame,
              (1.0 + 2.0 * u) * w * w * p0 + u * w * w * span * v0 + u * u * (3.0 - 2.0 * u) * p1 -
                  u * u * w * span * v1);
  }
}

void MarkerChunk::FillGaps(std::span<const SegmentModel> segments, std::size_t max_gap_frames) {
  const std::size_t columns = frame_count_ == 0 ? 0 : position_.size() / frame_count_;
  for (std::size_t column = 0; column < columns; ++column) {
    for (const Gap& gap : GapsOf(column, max_gap_frames)) {
      const bool filled = std::any_of(
          segments.begin(), segments.end(),
          [&](const SegmentModel& segment) { return FillFromSegment(column, gap, segment); });
      if (!filled) FillByCubic(column, gap);
    }
  }
}

void MarkerChunk::Smooth(const ZeroLagButterworth& filter, std::size_t edge_frames) {
  const std::size_t columns = frame_count_ == 0 ? 0 : position_.size() / frame_count_;
  const auto gain = static_cast<float>(filter.white_noise_gain());
  for (std::size_t column = 0; column < columns; ++column) {
    const std::size_t offset = column * frame_count_;
    std::size_t begin = 0;
    while (begin < frame_count_) {
      std::size_t end = begin;
      while (end < frame_count_ && state_[offset + end] != State::kMissing) ++end;
      filter.Apply(std::span(position_).subspan(offset + begin, end - begin));
      for (std::size_t f = begin + edge_frames; f + edge_frames < end; ++f) {
        if (state_[offset + f] != State::kFilledBefore) variance_scale_[offset + f] = gain;
      }
      begin = end + 1;
    }
  }
}

}  // namespace medius::analysis
