#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/command.hpp"
#include "apps/scratch_file.hpp"
#include "core/camera_rig.hpp"
#include "reconstruct/fragments.hpp"
#include "reconstruct/tracker.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {

/// The tracks of a whole trial: the fragments in memory, which sighting belongs to which on disk.
class AnonymousTracks {
 public:
  /// Tracks a trial's sightings, reading and tracking at once.
  /// @param rig     the cameras to use, in order.
  /// @param output        the file that the command writes; see ScratchFile.
  /// @param block_frames  read at a time; 0: some megabytes.
  AnonymousTracks(const storage::TrialReader& trial, const CameraRig& rig,
                  const reconstruct::TrackerOptions& options, const std::filesystem::path& output,
                  std::size_t block_frames, CommandContext& context);

  [[nodiscard]] const std::vector<reconstruct::Fragment>& fragments() const { return fragments_; }
  /// Consecutive blocks of all frames.
  [[nodiscard]] std::size_t block_count() const { return blocks_.size(); }
  [[nodiscard]] FrameRange frames(std::size_t block) const { return blocks_[block].frames; }
  /// The tracks of a block's sightings, as Tracker gave them.
  [[nodiscard]] reconstruct::TrackedBlock Read(std::size_t block) const;
  /// Of all cameras and frames.
  [[nodiscard]] std::uint64_t sighting_count() const { return sighting_count_; }
  /// Seconds of tracking alone.
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  struct Block {
    FrameRange frames;
    std::uint64_t begin;                   // in the scratch file
    std::vector<std::uint64_t> sightings;  // [C]
  };
  void Keep(const reconstruct::TrackedBlock& tracked);

  ScratchFile scratch_;
  std::vector<Block> blocks_;
  std::vector<reconstruct::Fragment> fragments_;
  std::uint64_t sighting_count_ = 0;
  double seconds_ = 0.0;
};

}  // namespace medius::apps
