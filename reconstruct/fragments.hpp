#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/ids.hpp"
#include "core/time_base.hpp"

namespace medius::reconstruct {

/// What tracking made of one thing that moved through the volume, from where its track started to
/// where it ended: a marker for a while, or a ghost. Tracking does not know which marker it is, and
/// where two markers pass close by each other it may have gone on with the wrong one.
struct Fragment {
  std::size_t first_frame = 0;
  /// [frames] lab, metres; NaN where the track coasted unseen. The first and the last are seen.
  std::vector<Eigen::Vector3f> position;

  [[nodiscard]] std::size_t end_frame() const { return first_frame + position.size(); }
  [[nodiscard]] bool IsSeen(std::size_t frame) const {
    return frame >= first_frame && frame < end_frame() && position[frame - first_frame].allFinite();
  }
};

/// A stretch of a fragment that is one marker, or that could not be told.
struct LabelledPiece {
  std::size_t fragment = 0;  ///< index into the fragments given
  FrameRange frames;         ///< of the trial; inside the fragment
  std::optional<MarkerId> marker;
  /// Probability, 0 to 1, that `marker` is right; of the best guess where nothing was assigned.
  double confidence = 0.0;
  /// Markers that fit nearly as well, best first; the best guess comes first where `marker` is
  /// absent. Empty for a ghost.
  std::vector<MarkerId> alternatives;
};

/// Names for fragments: every seen frame of every fragment is in exactly one piece, and no marker
/// has two pieces that overlap in time.
struct Labelling {
  std::vector<LabelledPiece> pieces;  ///< by fragment, then by time
  std::size_t swaps_undone = 0;       ///< places inside fragments where the name changes
};

}  // namespace medius::reconstruct
