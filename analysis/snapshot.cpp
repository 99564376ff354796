#include "analysis/snapshot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/signal.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kBlockFrames = 32;
constexpr std::size_t kMaxBlocks = 32;

// Whole blocks are read since a file is stored in blocks; they lie evenly over the recording.
std::vector<FrameRange> SampleRanges(std::size_t frame_count) {
  std::vector<FrameRange> all = SplitFrames(frame_count, kBlockFrames);
  if (all.size() <= kMaxBlocks) return all;
  std::vector<FrameRange> chosen;
  for (std::size_t i = 0; i < kMaxBlocks; ++i) {
    chosen.push_back(all[(2 * i + 1) * all.size() / (2 * kMaxBlocks)]);
  }
  return chosen;
}

}  // namespace

std::size_t FindLabel(const Recording& recording, std::string_view label) {
  const auto found = std::find(recording.labels.begin(), recording.labels.end(), label);
  return static_cast<std::size_t>(found - recording.labels.begin());
}

Eigen::Vector3d Snapshot::Of(const Recording& recording, std::string_view label) const {
  const std::size_t index = FindLabel(recording, label);
  if (index == position.size()) return Eigen::Vector3d::Constant(kNaN);
  return position[index];
}

std::vector<Snapshot> SampleSnapshots(const Recording& recording) {
  std::vector<Snapshot> snapshots;
  for (const FrameRange& range : SampleRanges(recording.time_base.frame_count())) {
    const TrajectoryBlock block = recording.read(range);
    for (std::size_t frame = 0; frame < range.count; ++frame) {
      Snapshot snapshot;
      for (std::size_t m = 0; m < recording.labels.size(); ++m) {
        snapshot.position.push_back(block.IsPresent(frame, MarkerId(m))
                                        ? block.Position(frame, MarkerId(m))
                                        : Eigen::Vector3d::Constant(kNaN));
      }
      snapshots.push_back(std::move(snapshot));
    }
  }
  return snapshots;
}

StandingSnapshot MedianSnapshot(const Recording& recording) {
  const std::vector<Snapshot> snapshots = SampleSnapshots(recording);
  StandingSnapshot standing;
  std::vector<double> spreads;
  for (std::size_t m = 0; m < recording.labels.size(); ++m) {
    Eigen::Vector3d median = Eigen::Vector3d::Constant(kNaN);
    double spread = kNaN;
    for (Eigen::Index axis = 0; axis < 3; ++axis) {
      std::vector<double> values;
      values.reserve(snapshots.size());
      for (const Snapshot& snapshot : snapshots) values.push_back(snapshot.position[m][axis]);
      median[axis] = Quantile(values, 0.5);
      spread = std::fmax(spread, Quantile(values, 0.9) - Quantile(values, 0.1));
    }
    standing.median.position.push_back(median);
    spreads.push_back(spread);
  }
  standing.spread = Quantile(spreads, 0.5);
  return standing;
}

}  // namespace medius::analysis
