#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "reconstruct/gap_options.hpp"
#include "reconstruct/gap_task.hpp"
#include "reconstruct/marker_groups.hpp"
#include "reconstruct/marker_history.hpp"

namespace medius::reconstruct {

/// What became of the gaps of one marker. A gap has a sighting on both sides: what is hidden before
/// the first sighting or after the last one is none.
struct MarkerGaps {
  std::uint64_t gaps = 0;  ///< the next four add up to it
  std::uint64_t filled = 0;
  std::uint64_t too_long = 0;        ///< longer than max_gap_s
  std::uint64_t too_uncertain = 0;   ///< the same gap elsewhere was filled worse than max_error_m
  std::uint64_t not_testable = 0;    ///< too little is seen round it to tell how well it is filled
  std::uint64_t missing_frames = 0;  ///< hidden frames of all gaps
  std::uint64_t filled_frames = 0;
  double longest_left_s = 0.0;  ///< of the gaps that were left

  MarkerGaps& operator+=(const MarkerGaps& other);
};

/// What the filling of a trial did.
struct GapStatistics {
  std::vector<MarkerGaps> markers;                            ///< [M]
  std::array<std::uint64_t, 6> filled_frames_by_source = {};  ///< index SampleSource
  /// Micrometres^2, of every filled frame as it was cross-validated, summed; a whole number, so
  /// that the sum does not depend on the order.
  std::uint64_t squared_error_um2 = 0;

  [[nodiscard]] MarkerGaps Total() const;
  /// Metres, rms over the filled frames; NaN where there are none.
  [[nodiscard]] double ExpectedRms() const;
};

/// Fills the gaps of labelled trajectories, which come as a stream of blocks.
///
/// Each gap is filled by the method that did best where the same gap was hidden elsewhere within
/// GapFillOptions::window_s: the marker's own path (FillFromOwnPath), its own segment or the linked
/// body (FillFromNeighbours). Gaps are filled from short to long in a few passes, each of which
/// sees what those before filled. The result depends neither on how the stream is cut nor on the
/// number of threads, to the last bit; what is held is a few windows long, whatever the trial's
/// length.
class GapFiller {
 public:
  /// @param groups  segments of the markers, or MarkerGroups() where they are not known: they
  ///                decide whether a fill counts as of its own segment.
  /// @throws InputError where an option is out of range or the rate is not above zero.
  GapFiller(std::size_t marker_count, MarkerGroups groups, TimeBase time_base,
            GapFillOptions options);

  /// @param block  the frames that follow those given before; the first one starts at frame 0.
  /// @return frames that are final now; often fewer or more than were given, at times none.
  /// @throws Cancelled
  TrajectoryBlock Push(const TrajectoryBlock& block, Parallelism parallelism,
                       const WorkControl& control = {});
  /// The frames that were still held back. Nothing can be pushed after it.
  TrajectoryBlock Finish(Parallelism parallelism, const WorkControl& control = {});

  [[nodiscard]] const GapStatistics& statistics() const { return statistics_; }

 private:
  // The last one looks again at what those before it left, beside what they filled.
  static constexpr std::size_t kPasses = 6;
  struct Gap {
    std::size_t marker = 0;
    FrameRange frames;
  };

  void FindGaps(FrameRange frames);
  void Refuse(const Gap& gap);
  void Advance(bool at_end, Parallelism parallelism, const WorkControl& control);
  void RunPass(std::size_t pass, std::size_t horizon, bool at_end, Parallelism parallelism,
               const WorkControl& control);
  [[nodiscard]] GapTask TaskOf(const Gap& gap, std::size_t pass) const;
  void Apply(const Gap& gap, std::size_t pass, const std::optional<GapFill>& fill);
  [[nodiscard]] std::size_t Frames(double seconds) const;
  TrajectoryBlock Release(std::size_t end);

  MarkerGroups groups_;
  TimeBase time_base_;
  GapFillOptions options_;
  MarkerHistory history_;
  GapStatistics statistics_;
  std::array<std::size_t, kPasses> longest_ = {};      ///< frames, of the gaps of each pass
  std::array<std::vector<Gap>, kPasses> pending_;      ///< by their ends
  std::vector<std::optional<std::size_t>> last_seen_;  ///< [M] frame
  std::size_t settled_ = 0;                            ///< frames that no pass will change
  std::size_t released_ = 0;
};

}  // namespace medius::reconstruct
