#pragma once

#include <optional>
#include <vector>

#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/time_base.hpp"

namespace medius::apps {

/// Frames of one part, the unit of parallel work: some hundred kilobytes of sightings.
inline constexpr std::size_t kFramesPerPart = 128;
/// Parts made at once before they are handed over: bounds the memory, whatever the length.
inline constexpr std::size_t kPartsPerRound = 16;

/// Makes parts of a long trial on several threads and hands them over in the order of their frames.
/// The parts do not depend on the number of threads.
/// @param begin_round  void(FrameRange): told of the frames of the next round, alone.
/// @param make         Part(FrameRange), several at once.
/// @param take         void(Part&), alone and in order.
template <typename Part, typename BeginRound, typename Make, typename Take>
void StreamFrames(Parallelism parallelism, std::size_t frame_count, const WorkControl& control,
                  const BeginRound& begin_round, const Make& make, const Take& take) {
  for (const FrameRange& round : SplitFrames(frame_count, kFramesPerPart * kPartsPerRound)) {
    begin_round(round);
    const std::vector<FrameRange> ranges = SplitFrames(round.count, kFramesPerPart);
    std::vector<std::optional<Part>> parts(ranges.size());
    ParallelFor(parallelism, ranges.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        control.ThrowIfCancelled();
        parts[i] = make(FrameRange{round.first + ranges[i].first, ranges[i].count});
      }
    });
    for (std::optional<Part>& part : parts) take(*part);
    control.Report(round.end(), frame_count);
  }
}

}  // namespace medius::apps
