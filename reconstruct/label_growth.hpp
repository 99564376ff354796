#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/progress.hpp"
#include "core/time_base.hpp"
#include "reconstruct/fragments.hpp"
#include "reconstruct/label_fragments.hpp"
#include "reconstruct/label_timeline.hpp"
#include "reconstruct/motion_model.hpp"

namespace medius::reconstruct {

/// The run cut into blocks of a quarter of a second, with the fragments that are in each.
class FragmentBlocks {
 public:
  FragmentBlocks(const std::vector<Fragment>& fragments, const TimeBase& time_base);

  [[nodiscard]] std::size_t count() const { return members_.size(); }
  [[nodiscard]] FrameRange Frames(std::size_t block) const;
  [[nodiscard]] FrameRange Frames(std::size_t first_block, std::size_t block_count) const;
  /// Fragments that reach into the block, by index.
  [[nodiscard]] const std::vector<std::size_t>& Members(std::size_t block) const {
    return members_[block];
  }
  [[nodiscard]] std::size_t frames_per_block() const { return frames_per_block_; }

 private:
  std::size_t frames_per_block_;
  std::size_t frame_count_;
  std::vector<std::vector<std::size_t>> members_;
};

/// Carries names from block to block: a fragment keeps its name as long as its neighbours bear it
/// out; one that starts gets the name of the hidden marker that it fits, if it fits one alone.
class LabelGrowth {
 public:
  LabelGrowth(const std::vector<Fragment>& fragments, const FragmentBlocks& blocks,
              const TimeBase& time_base, const LabelOptions& options, double log_any_place,
              LabelTimeline& timeline)
      : fragments_(&fragments),
        blocks_(&blocks),
        time_base_(&time_base),
        options_(&options),
        log_any_place_(log_any_place),
        timeline_(&timeline) {}

  /// Names the rest of a block of which some fragments have names.
  /// @param carry_from  the block next to it whose names go on into it; itself where none.
  /// @return fragments with a name in it afterwards.
  std::size_t NameBlock(std::size_t block, std::size_t carry_from, const MotionModel& model);

  /// Names blocks outward from those that are done until the limits are reached or names run out; a
  /// block with too few is left as it was. @return the blocks that are done, first and end.
  std::pair<std::size_t, std::size_t> Grow(std::pair<std::size_t, std::size_t> done,
                                           std::pair<std::size_t, std::size_t> limits,
                                           const MotionModel& model, const WorkControl& control);

 private:
  // A fragment's part in the block.
  struct Cell {
    std::size_t fragment = 0;
    FrameRange frames;
    std::vector<std::size_t> samples;
    std::size_t marker = kNone;
    std::size_t refused = kNone;  // a name that it lost in this block
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  [[nodiscard]] std::vector<Cell> CellsOf(std::size_t block) const;
  [[nodiscard]] std::size_t MarkerAt(std::size_t fragment, std::size_t frame) const;
  void CarryNames(std::vector<Cell>& cells, std::size_t block, std::size_t carry_from);
  std::size_t DropMisfits(std::vector<Cell>& cells, const MotionModel& model);
  std::size_t NameNewcomers(std::vector<Cell>& cells, const MotionModel& model);
  [[nodiscard]] double Independent(const Cell& cell) const;

  const std::vector<Fragment>* fragments_;
  const FragmentBlocks* blocks_;
  const TimeBase* time_base_;
  const LabelOptions* options_;
  double log_any_place_;
  LabelTimeline* timeline_;
};

}  // namespace medius::reconstruct
