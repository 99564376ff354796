#include "reconstruct/label_junctions.hpp"

#include <algorithm>
#include <map>

namespace medius::reconstruct {

LabelJunction CompareAt(const LabelTimeline& timeline, std::size_t frame) {
  std::map<std::size_t, std::size_t> marker_before;
  for (std::size_t m = 0; m < timeline.marker_count(); ++m) {
    if (const auto fragment = timeline.FragmentAt(m, frame - 1)) marker_before[*fragment] = m;
  }
  LabelJunction junction;
  for (std::size_t m = 0; m < timeline.marker_count(); ++m) {
    const auto fragment = timeline.FragmentAt(m, frame);
    if (!fragment) continue;
    const auto before = marker_before.find(*fragment);
    if (before == marker_before.end()) continue;
    if (before->second == m) {
      ++junction.agreeing;
    } else {
      junction.conflicts.push_back({*fragment, before->second, m});
    }
  }
  return junction;
}

FrameRange PartOf(const Fragment& fragment, FrameRange range) {
  const std::size_t first = std::max(range.first, fragment.first_frame);
  const std::size_t end = std::min(range.end(), fragment.end_frame());
  return {first, end > first ? end - first : 0};
}

void GiveWay(const LabelJunction& junction, const std::vector<Fragment>& fragments,
             FrameRange frames, LabelTimeline& timeline) {
  if (junction.IsOpposed()) {
    for (std::size_t m = 0; m < timeline.marker_count(); ++m) timeline.Erase(m, frames);
    return;
  }
  for (const LabelJunction::Conflict& conflict : junction.conflicts) {
    const FrameRange part = PartOf(fragments[conflict.fragment], frames);
    timeline.Erase(conflict.before, part);
    timeline.Erase(conflict.after, part);
  }
}

}  // namespace medius::reconstruct
