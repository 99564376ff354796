#pragma once

#include <cstddef>
#include <vector>

#include "core/time_base.hpp"
#include "reconstruct/fragments.hpp"
#include "reconstruct/label_timeline.hpp"

namespace medius::reconstruct {

/// What two stretches that were named from different starts say of the tracks that go on from one
/// into the other.
struct LabelJunction {
  std::size_t agreeing = 0;  ///< fragments that have one name on both sides
  struct Conflict {
    std::size_t fragment;
    std::size_t before;  ///< its marker on the earlier side
    std::size_t after;   ///< on the later one
  };
  std::vector<Conflict> conflicts;

  /// Not some names but the whole body is another one, such as with left and right exchanged.
  [[nodiscard]] bool IsOpposed() const { return conflicts.size() >= agreeing; }
};

/// @param frame  the first of the later stretch; at least 1.
[[nodiscard]] LabelJunction CompareAt(const LabelTimeline& timeline, std::size_t frame);

/// The frames of a fragment that lie in a range; none where it does not reach into it.
[[nodiscard]] FrameRange PartOf(const Fragment& fragment, FrameRange range);

/// Takes away the names of one side of a junction that the other contradicts: of the fragments that
/// have two, and of those that have theirs meanwhile; all of them where the two are opposed.
/// @param frames  of the side that gives way.
void GiveWay(const LabelJunction& junction, const std::vector<Fragment>& fragments,
             FrameRange frames, LabelTimeline& timeline);

}  // namespace medius::reconstruct
