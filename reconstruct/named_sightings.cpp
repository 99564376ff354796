#include "reconstruct/named_sightings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/check.hpp"

namespace medius::reconstruct {

PieceIndex::PieceIndex(const Labelling& labelling, std::size_t fragment_count)
    : start_(fragment_count + 1, 0) {
  for (const LabelledPiece& piece : labelling.pieces) {
    MEDIUS_CHECK(piece.fragment < fragment_count, "a piece of an unknown fragment");
    ++start_[piece.fragment + 1];
  }
  for (std::size_t i = 0; i < fragment_count; ++i) start_[i + 1] += start_[i];
  stretches_.resize(labelling.pieces.size());
  std::vector<std::size_t> at(start_.begin(), start_.end() - 1);
  for (const LabelledPiece& piece : labelling.pieces) {
    const std::int32_t marker =
        piece.marker ? static_cast<std::int32_t>(piece.marker->index()) : kFree;
    stretches_[at[piece.fragment]++] = {piece.frames.end(), marker};
  }
}

std::optional<MarkerId> PieceIndex::At(std::size_t fragment, std::size_t frame) const {
  MEDIUS_CHECK(fragment + 1 < start_.size(), "an unknown fragment");
  const auto begin = stretches_.begin() + static_cast<std::ptrdiff_t>(start_[fragment]);
  const auto end = stretches_.begin() + static_cast<std::ptrdiff_t>(start_[fragment + 1]);
  const auto stretch = std::partition_point(
      begin, end, [frame](const Stretch& candidate) { return candidate.end <= frame; });
  if (stretch == end || stretch->marker == kFree) return std::nullopt;
  return MarkerId(static_cast<std::size_t>(stretch->marker));
}

void NameSightings(const TrackedBlock& tracked, const PieceIndex& pieces, ObservationBlock* block) {
  MEDIUS_CHECK(tracked.frames == block->frames, "tracks and sightings of other frames");
  for (std::size_t c = 0; c < block->cameras.size(); ++c) {
    CameraObservations& seen = block->cameras[c];
    const std::vector<std::int32_t>& track = tracked.track[c];
    MEDIUS_CHECK(track.size() == seen.row_count(), "one track a sighting");
    seen.label.assign(track.size(), kUnlabelled);
    for (std::size_t k = 0; k < block->frames.count; ++k) {
      const std::size_t frame = block->frames.first + k;
      for (std::uint64_t row = seen.frame_start[k]; row < seen.frame_start[k + 1]; ++row) {
        if (track[row] == kFree) continue;
        const auto marker = pieces.At(static_cast<std::size_t>(track[row]), frame);
        if (marker) seen.label[row] = static_cast<std::int16_t>(marker->index());
      }
    }
  }
}

NumberedMarkers NumberFragments(const std::vector<Fragment>& fragments,
                                std::size_t shortest_frames) {
  NumberedMarkers numbered;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    const Fragment& fragment = fragments[i];
    LabelledPiece piece{i, {fragment.first_frame, fragment.position.size()}, {}, 0.0, {}};
    if (fragment.position.size() >= shortest_frames) {
      piece.marker = MarkerId(numbered.labels.size());
      piece.confidence = 1.0;
      numbered.labels.push_back(fmt::format("unnamed_{:03}", numbered.labels.size() + 1));
    }
    numbered.labelling.pieces.push_back(std::move(piece));
  }
  return numbered;
}

}  // namespace medius::reconstruct
