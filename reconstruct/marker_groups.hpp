#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/marker_set.hpp"

namespace medius::reconstruct {

/// Which markers ride on one segment of the body.
struct MarkerGroups {
  static constexpr int kNone = -1;
  std::vector<std::string> names;  ///< of the segments
  std::vector<int> group;          ///< [M] index into names, or kNone; empty where nothing is known

  [[nodiscard]] bool known() const { return !names.empty(); }
  /// True where both are on one segment; false where that is not known.
  [[nodiscard]] bool Together(std::size_t a, std::size_t b) const {
    return known() && group[a] != kNone && group[a] == group[b];
  }
  /// True where the marker's segment is known.
  [[nodiscard]] bool HasGroup(std::size_t marker) const {
    return known() && group[marker] != kNone;
  }
};

/// The segment that the marker of a role rides on, with its side: "pelvis", "right_thigh", ...; ""
/// where skin hides the bone too well. Joints between two segments count to the lower end of the
/// upper one, where their marker moves least.
[[nodiscard]] std::string SegmentOfRole(std::string_view role);

/// The clusters of a marker set, the segments of its anatomical roles for the markers that stand in
/// no cluster (a heel on its foot, an ASIS on the pelvis). Labels that the trial lacks are left
/// out.
///
/// @param labels  [M] of the trial.
[[nodiscard]] MarkerGroups GroupsFromMarkerSet(const MarkerSet& set,
                                               const std::vector<std::string>& labels);

}  // namespace medius::reconstruct
