#include "apps/anonymous_tracks.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>

#include "core/parallel.hpp"

namespace medius::apps {
namespace {

// Frames in a block: some megabytes of sightings, and a look at Ctrl-C every few milliseconds.
constexpr std::size_t kFramesPerBlock = 1024;
// One block read while another is tracked.
constexpr std::size_t kBlocksInFlight = 3;

}  // namespace

AnonymousTracks::AnonymousTracks(const storage::TrialReader& trial, const CameraRig& rig,
                                 const reconstruct::TrackerOptions& options,
                                 const std::filesystem::path& output, std::size_t block_frames,
                                 CommandContext& context)
    : scratch_(output) {
  std::vector<std::string> cameras;
  for (const Camera& camera : rig.cameras) cameras.push_back(camera.name);
  reconstruct::Tracker tracker(rig, trial.time_base(), options);
  const std::size_t frame_count = trial.time_base().frame_count();
  const WorkControl control = context.Work("tracking", "frames");
  const std::vector<FrameRange> ranges =
      SplitFrames(frame_count, block_frames > 0 ? block_frames : kFramesPerBlock);
  std::size_t next = 0;
  OrderedPipeline<ObservationBlock>(
      context.parallelism(), kBlocksInFlight,
      [&]() -> std::optional<ObservationBlock> {
        if (next == ranges.size()) return std::nullopt;
        control.ThrowIfCancelled();
        return trial.ReadObservations(ranges[next++], cameras);
      },
      [](ObservationBlock&) {},
      [&](ObservationBlock& block) {
        const auto begin = std::chrono::steady_clock::now();
        Keep(tracker.Push(block));
        seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        control.Report(block.frames.end(), frame_count);
      });
  Keep(tracker.Finish());
  fragments_ = tracker.TakeFragments();
}

void AnonymousTracks::Keep(const reconstruct::TrackedBlock& tracked) {
  if (tracked.frames.count == 0) return;
  Block block{tracked.frames, 0, {}};
  for (std::size_t c = 0; c < tracked.track.size(); ++c) {
    const std::vector<std::int32_t>& track = tracked.track[c];
    const std::uint64_t begin = scratch_.Append(track.data(), track.size() * sizeof(track[0]));
    if (c == 0) block.begin = begin;
    block.sightings.push_back(track.size());
    sighting_count_ += track.size();
  }
  blocks_.push_back(std::move(block));
}

reconstruct::TrackedBlock AnonymousTracks::Read(std::size_t block) const {
  const Block& kept = blocks_[block];
  reconstruct::TrackedBlock tracked{kept.frames, {}};
  std::uint64_t begin = kept.begin;
  for (const std::uint64_t count : kept.sightings) {
    std::vector<std::int32_t>& track = tracked.track.emplace_back(count);
    scratch_.Read(begin, track.data(), count * sizeof(track[0]));
    begin += count * sizeof(track[0]);
  }
  return tracked;
}

}  // namespace medius::apps
