#include "reconstruct/reconstruct.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "reconstruct/frame_sightings.hpp"
#include "reconstruct/own_time.hpp"

namespace medius::reconstruct {
namespace {

// Frames a task works on: some milliseconds, so that handing it out costs nothing.
constexpr std::size_t kGrain = 16;

std::size_t Before(std::size_t frame, std::size_t steps) {
  return frame > steps ? frame - steps : 0;
}

// Blocks of one trial have the same columns.
bool HasTimeStamps(const ObservationBlock& block) {
  return std::any_of(block.cameras.begin(), block.cameras.end(),
                     [](const CameraObservations& seen) { return !seen.time_stamp.empty(); });
}

}  // namespace

void ReconstructOptions::Validate() const {
  triangulation.Validate();
  if (!(std::isfinite(typical_speed) && typical_speed > 0.0)) {
    throw InputError(
        fmt::format("typical_speed is {}, a finite number > 0 m/s expected", typical_speed));
  }
}

Reconstructor::Reconstructor(CameraRig rig, TimeBase time_base, std::size_t marker_count,
                             const ReconstructOptions& options)
    : triangulator_(std::move(rig), options.triangulation),
      time_base_(std::move(time_base)),
      marker_count_(marker_count),
      options_(options),
      statistics_(marker_count, triangulator_.rig().cameras.size()) {
  options_.Validate();
}

TrajectoryBlock Reconstructor::Push(const ObservationBlock& block, Parallelism parallelism,
                                    const WorkControl& control) {
  MEDIUS_CHECK(block.frames.first == pushed_, "frames must follow on each other");
  MEDIUS_CHECK(block.frames.end() <= time_base_.frame_count(), "more frames than instants");
  MEDIUS_CHECK(block.cameras.size() == triangulator_.rig().cameras.size(),
               "one set of sightings a camera");
  if (pushed_ == 0) own_times_ = HasOwnTimes(triangulator_.rig()) || HasTimeStamps(block);
  pushed_ = block.frames.end();
  if (!own_times_) {
    return Take(TriangulateAtFrameTime(block, parallelism, control));
  }
  Keep(block, parallelism);
  control.ThrowIfCancelled();
  return Take(TriangulateAtOwnTime(Before(pushed_, kOwnTimeContext), parallelism));
}

TrajectoryBlock Reconstructor::Finish(Parallelism parallelism) {
  MEDIUS_CHECK(pushed_ == time_base_.frame_count(), "frames are still to come");
  return Take(TriangulateAtOwnTime(pushed_, parallelism));
}

void Reconstructor::Triangulate(const FrameSightings& sightings,
                                std::span<const PointMotion> motions, FrameResult* result) const {
  result->samples.resize(marker_count_);
  result->statistics = ReconstructStatistics(marker_count_, triangulator_.rig().cameras.size());
  TriangulateFrame(triangulator_, sightings, motions, result->samples, &result->statistics);
}

Reconstructor::Results Reconstructor::TriangulateAtFrameTime(const ObservationBlock& block,
                                                             Parallelism parallelism,
                                                             const WorkControl& control) const {
  Results results(block.frames.count);
  ParallelFor(parallelism, results.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    control.ThrowIfCancelled();
    FrameSightings sightings;
    for (std::size_t k = begin; k < end; ++k) {
      const double time = time_base_.time[block.frames.first + k];
      GroupByMarker(triangulator_.rig(), block, k, time, marker_count_, &sightings);
      Triangulate(sightings, {}, &results[k]);
    }
  });
  return results;
}

void Reconstructor::Keep(const ObservationBlock& block, Parallelism parallelism) {
  const std::size_t old = kept_.size();
  kept_.resize(old + block.frames.count);
  ParallelFor(parallelism, block.frames.count, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = begin; k < end; ++k) {
      const double time = time_base_.time[block.frames.first + k];
      GroupByMarker(triangulator_.rig(), block, k, time, marker_count_, &kept_[old + k]);
    }
  });
}

// Frames returned_ .. end. The passes before the last begin a few frames earlier again rather than
// being kept: each frame's result then depends on its surroundings alone.
Reconstructor::Results Reconstructor::TriangulateAtOwnTime(std::size_t end,
                                                           Parallelism parallelism) const {
  Results last;
  std::size_t last_first = 0;
  if (end <= returned_) return last;
  for (int pass = 0; pass < kOwnTimePasses; ++pass) {
    const auto context = kOwnTimeContext - static_cast<std::size_t>(pass) * kOwnTimeReach;
    const std::size_t first = Before(returned_, context);
    const std::size_t stop = std::min(end + context, pushed_);
    last = RunPass(pass, {first, stop - first}, last, last_first, parallelism);
    last_first = first;
  }
  return last;
}

Reconstructor::Results Reconstructor::RunPass(int pass, FrameRange frames, const Results& last,
                                              std::size_t last_first,
                                              Parallelism parallelism) const {
  const auto look_around = [&](std::size_t frame, std::size_t marker) {
    Neighbourhood around;
    for (std::size_t i = 0; i < around.sample.size(); ++i) {
      // Before frame 0 the sum wraps round, to a frame that does not exist either.
      const std::size_t other = frame + i - kOwnTimeReach;
      const bool exists = other >= last_first && other - last_first < last.size();
      around.sample[i] = exists ? &last[other - last_first].samples[marker] : nullptr;
      around.time[i] = exists ? time_base_.time[other] : 0.0;
    }
    return around;
  };
  Results results(frames.count);
  ParallelFor(parallelism, frames.count, kGrain, [&](std::size_t begin, std::size_t end) {
    std::vector<PointMotion> motions(marker_count_);
    for (std::size_t k = begin; k < end; ++k) {
      const std::size_t frame = frames.first + k;
      for (std::size_t m = 0; m < marker_count_; ++m) {
        motions[m] = EstimateMotion(look_around(frame, m), pass, options_.typical_speed);
      }
      Triangulate(kept_[frame - kept_first_], motions, &results[k]);
    }
  });
  return results;
}

TrajectoryBlock Reconstructor::Take(const Results& results) {
  TrajectoryBlock block({returned_, results.size()}, marker_count_);
  for (std::size_t k = 0; k < results.size(); ++k) {
    statistics_ += results[k].statistics;
    for (std::size_t m = 0; m < marker_count_; ++m) {
      block.Set(k, MarkerId(m), results[k].samples[m]);
    }
  }
  returned_ += results.size();
  const std::size_t needed = std::min(Before(returned_, kOwnTimeContext), pushed_);
  if (!kept_.empty()) {
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(needed - kept_first_));
    kept_first_ = needed;
  }
  return block;
}

}  // namespace medius::reconstruct
