#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/observations.hpp"
#include "reconstruct/fragments.hpp"
#include "reconstruct/tracker.hpp"

namespace medius::reconstruct {

/// Which marker a fragment is at a frame, by a labelling.
class PieceIndex {
 public:
  PieceIndex(const Labelling& labelling, std::size_t fragment_count);
  /// nullopt where the fragment was not told to be any marker there.
  [[nodiscard]] std::optional<MarkerId> At(std::size_t fragment, std::size_t frame) const;

 private:
  struct Stretch {
    std::size_t end;  // frame
    std::int32_t marker;
  };
  std::vector<std::size_t> start_;  // [fragments + 1] into stretches_
  std::vector<Stretch> stretches_;
};

/// Writes the names of the tracks' markers on the sightings of a block, kUnlabelled on all others.
/// @param tracked  of the same frames.
void NameSightings(const TrackedBlock& tracked, const PieceIndex& pieces, ObservationBlock* block);

/// For trials without a model of the subject: every fragment that is seen for at least
/// `shortest_frames` is a marker of its own, numbered in the order of their first frames.
struct NumberedMarkers {
  Labelling labelling;
  std::vector<std::string> labels;  ///< "unnamed_001", ...
};
[[nodiscard]] NumberedMarkers NumberFragments(const std::vector<Fragment>& fragments,
                                              std::size_t shortest_frames);

}  // namespace medius::reconstruct
