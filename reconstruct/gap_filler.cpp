#include "reconstruct/gap_filler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "reconstruct/gap_neighbours.hpp"
#include "reconstruct/gap_own_path.hpp"

namespace medius::reconstruct {
namespace {

// Bounds of the first passes, seconds; that of the others is GapFillOptions::max_gap_s.
constexpr std::array<double, 4> kPassBounds = {0.05, 0.15, 0.35, 0.65};
// Where a regression did worse than this, one on more of the body is tried too.
constexpr double kGoodEnough = 0.001;

std::size_t LessOrZero(std::size_t a, std::size_t b) {
  return a > b ? a - b : 0;
}

void KeepBetter(std::optional<GapFill> other, std::optional<GapFill>& best) {
  if (other && (!best || other->error_m < best->error_m)) best = std::move(other);
}

std::optional<GapFill> FillBest(const GapTask& task) {
  const GapFillOptions& options = *task.options;
  const double seconds = static_cast<double>(task.gap.count) / task.rate_hz;
  std::optional<GapFill> best;
  if (options.use_own_path && seconds <= options.own_path_max_s * (1.0 + 1e-9)) {
    best = FillFromOwnPath(task);
  }
  if (!options.use_neighbours) return best;
  std::optional<GapFill> near = FillFromNeighbours(task, options.neighbours);
  const bool own_segment = near && near->source == SampleSource::kFilledRigid;
  const bool poor = !near || near->error_m > kGoodEnough;
  KeepBetter(std::move(near), best);
  if (!own_segment && poor && options.body_neighbours > options.neighbours) {
    KeepBetter(FillFromNeighbours(task, options.body_neighbours), best);
  }
  return best;
}

}  // namespace

MarkerGaps& MarkerGaps::operator+=(const MarkerGaps& other) {
  gaps += other.gaps;
  filled += other.filled;
  too_long += other.too_long;
  too_uncertain += other.too_uncertain;
  not_testable += other.not_testable;
  missing_frames += other.missing_frames;
  filled_frames += other.filled_frames;
  longest_left_s = std::max(longest_left_s, other.longest_left_s);
  return *this;
}

MarkerGaps GapStatistics::Total() const {
  MarkerGaps total;
  for (const MarkerGaps& marker : markers) total += marker;
  return total;
}

double GapStatistics::ExpectedRms() const {
  const std::uint64_t frames = Total().filled_frames;
  if (frames == 0) return std::numeric_limits<double>::quiet_NaN();
  return 1e-6 * std::sqrt(static_cast<double>(squared_error_um2) / static_cast<double>(frames));
}

GapFiller::GapFiller(std::size_t marker_count, MarkerGroups groups, TimeBase time_base,
                     GapFillOptions options)
    : groups_(std::move(groups)),
      time_base_(std::move(time_base)),
      options_(options),
      history_(marker_count),
      last_seen_(marker_count) {
  options_.Validate();
  if (!(time_base_.rate_hz > 0.0) || !std::isfinite(time_base_.rate_hz)) {
    throw InputError(
        fmt::format("gap filling: rate {} Hz; a number above 0 expected", time_base_.rate_hz));
  }
  MEDIUS_CHECK(groups_.group.empty() || groups_.group.size() == marker_count,
               "groups of another marker list");
  statistics_.markers.resize(marker_count);
  for (std::size_t i = 0; i < kPasses; ++i) {
    const double bound = i < kPassBounds.size() ? kPassBounds[i] : options_.max_gap_s;
    longest_[i] = Frames(std::min(bound, options_.max_gap_s));
  }
}

std::size_t GapFiller::Frames(double seconds) const {
  return static_cast<std::size_t>(std::floor(seconds * time_base_.rate_hz + 1e-6));
}

TrajectoryBlock GapFiller::Push(const TrajectoryBlock& block, Parallelism parallelism,
                                const WorkControl& control) {
  MEDIUS_CHECK(block.frames().first == history_.end(), "a stream that does not start at frame 0");
  MEDIUS_CHECK(block.frames().end() <= time_base_.frame_count(), "frames beyond the time base");
  history_.Append(block);
  FindGaps(block.frames());
  Advance(false, parallelism, control);
  return Release(settled_);
}

TrajectoryBlock GapFiller::Finish(Parallelism parallelism, const WorkControl& control) {
  Advance(true, parallelism, control);
  return Release(history_.end());
}

void GapFiller::FindGaps(FrameRange frames) {
  for (std::size_t frame = frames.first; frame < frames.end(); ++frame) {
    for (std::size_t m = 0; m < last_seen_.size(); ++m) {
      if (!history_.IsSeen(m, frame)) continue;
      const std::optional<std::size_t> last = std::exchange(last_seen_[m], frame);
      if (!last || *last + 1 == frame) continue;
      const Gap gap{m, {*last + 1, frame - *last - 1}};
      MarkerGaps& marker = statistics_.markers[m];
      ++marker.gaps;
      marker.missing_frames += gap.frames.count;
      // Frames that were lost from the recording make a gap longer than its count of frames.
      const double seconds = time_base_.time[frame] - time_base_.time[*last];
      const bool too_long = gap.frames.count > longest_.back() ||
                            seconds > options_.max_gap_s + 1.5 / time_base_.rate_hz;
      if (too_long) {
        ++marker.too_long;
        Refuse(gap);
        continue;
      }
      std::size_t pass = 0;
      while (gap.frames.count > longest_[pass]) ++pass;
      pending_[pass].push_back(gap);
    }
  }
}

void GapFiller::Refuse(const Gap& gap) {
  const double seconds = static_cast<double>(gap.frames.count) / time_base_.rate_hz;
  double& longest = statistics_.markers[gap.marker].longest_left_s;
  longest = std::max(longest, seconds);
}

// Below its horizon a pass finds final all that the passes before it fill. Its own gaps that end a
// window before the horizon can be filled then, and so its horizon for the next pass lies a window
// and a gap earlier.
void GapFiller::Advance(bool at_end, Parallelism parallelism, const WorkControl& control) {
  std::size_t horizon = LessOrZero(history_.end(), longest_.back() + 1);
  for (std::size_t i = 0; i < kPasses; ++i) {
    RunPass(i, horizon, at_end, parallelism, control);
    horizon = LessOrZero(horizon, Frames(options_.window_s) + longest_[i]);
  }
  settled_ = at_end ? history_.end() : horizon;
}

GapTask GapFiller::TaskOf(const Gap& gap, std::size_t pass) const {
  GapTask task;
  task.history = &history_;
  task.groups = &groups_;
  task.options = &options_;
  task.marker = gap.marker;
  task.gap = gap.frames;
  const std::size_t reach = Frames(options_.window_s);
  const std::size_t first = LessOrZero(gap.frames.first, reach);
  task.window = {first, std::min(gap.frames.end() + reach, history_.end()) - first};
  task.pass = static_cast<std::uint8_t>(pass + 1);
  task.rate_hz = time_base_.rate_hz;
  return task;
}

void GapFiller::RunPass(std::size_t pass, std::size_t horizon, bool at_end, Parallelism parallelism,
                        const WorkControl& control) {
  std::vector<Gap>& pending = pending_[pass];
  const std::size_t reach = Frames(options_.window_s);
  const auto ready = std::stable_partition(pending.begin(), pending.end(), [&](const Gap& gap) {
    return at_end || gap.frames.end() + reach <= horizon;
  });
  const auto count = static_cast<std::size_t>(ready - pending.begin());
  std::vector<std::optional<GapFill>> fills(count);
  ParallelFor(parallelism, count, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      control.ThrowIfCancelled();
      fills[i] = FillBest(TaskOf(pending[i], pass));
    }
  });
  for (std::size_t i = 0; i < count; ++i) Apply(pending[i], pass, fills[i]);
  pending.erase(pending.begin(), ready);
}

void GapFiller::Apply(const Gap& gap, std::size_t pass, const std::optional<GapFill>& fill) {
  MarkerGaps& marker = statistics_.markers[gap.marker];
  const bool refused = !fill || !(fill->error_m <= options_.max_error_m);
  if (refused && pass + 1 < kPasses) {
    pending_.back().push_back(gap);
    return;
  }
  if (refused) {
    ++(fill ? marker.too_uncertain : marker.not_testable);
    Refuse(gap);
    return;
  }
  ++marker.filled;
  marker.filled_frames += gap.frames.count;
  statistics_.filled_frames_by_source[static_cast<std::size_t>(fill->source)] += gap.frames.count;
  const auto micrometres = static_cast<std::uint64_t>(std::llround(1e6 * fill->error_m));
  statistics_.squared_error_um2 += micrometres * micrometres * gap.frames.count;
  for (std::size_t u = 0; u < gap.frames.count; ++u) {
    MarkerSample sample = MarkerSample::Missing();
    sample.position = fill->position[u];
    sample.covariance = fill->covariance[u];
    sample.source = fill->source;
    history_.Fill(gap.marker, gap.frames.first + u, sample, static_cast<std::uint8_t>(pass + 1));
  }
}

TrajectoryBlock GapFiller::Release(std::size_t end) {
  end = std::max(end, released_);
  TrajectoryBlock block = history_.Copy({released_, end - released_});
  released_ = end;
  history_.DropBefore(LessOrZero(released_, Frames(options_.window_s) + longest_.back() + 1));
  return block;
}

}  // namespace medius::reconstruct
