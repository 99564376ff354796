#include "reconstruct/label_timeline.hpp"

#include <algorithm>
#include <utility>

#include "core/check.hpp"

namespace medius::reconstruct {

std::size_t LabelTimeline::FirstEndingAfter(std::size_t marker, std::size_t frame) const {
  const std::vector<NamedPiece>& pieces = pieces_[marker];
  const auto found =
      std::upper_bound(pieces.begin(), pieces.end(), frame,
                       [](std::size_t f, const NamedPiece& p) { return f < p.frames.end(); });
  return static_cast<std::size_t>(found - pieces.begin());
}

std::optional<std::size_t> LabelTimeline::FragmentAt(std::size_t marker, std::size_t frame) const {
  const std::size_t slot = FirstEndingAfter(marker, frame);
  if (slot == pieces_[marker].size() || frame < pieces_[marker][slot].frames.first) {
    return std::nullopt;
  }
  return pieces_[marker][slot].fragment;
}

const Eigen::Vector3f* LabelTimeline::Position(std::size_t marker, std::size_t frame,
                                               std::optional<std::size_t> without) const {
  const auto found = FragmentAt(marker, frame);
  if (!found || found == without) return nullptr;
  const Fragment& fragment = (*fragments_)[*found];
  const Eigen::Vector3f& position = fragment.position[frame - fragment.first_frame];
  return position.allFinite() ? &position : nullptr;
}

std::size_t LabelTimeline::Overlap(std::size_t marker, FrameRange range) const {
  std::size_t overlap = 0;
  const std::vector<NamedPiece>& pieces = pieces_[marker];
  for (std::size_t i = FirstEndingAfter(marker, range.first);
       i < pieces.size() && pieces[i].frames.first < range.end(); ++i) {
    overlap += std::min(range.end(), pieces[i].frames.end()) -
               std::max(range.first, pieces[i].frames.first);
  }
  return overlap;
}

void LabelTimeline::Insert(std::size_t marker, const NamedPiece& piece) {
  if (piece.frames.count == 0) return;
  std::vector<NamedPiece>& pieces = pieces_[marker];
  const std::size_t slot = FirstEndingAfter(marker, piece.frames.first);
  MEDIUS_CHECK(slot == pieces.size() || pieces[slot].frames.first >= piece.frames.end(),
               "a marker in two places at once");
  const auto joins = [](const NamedPiece& a, const NamedPiece& b) {
    return a.fragment == b.fragment && a.frames.end() == b.frames.first;
  };
  const auto at = pieces.begin() + static_cast<std::ptrdiff_t>(slot);
  const bool joins_last = slot > 0 && joins(pieces[slot - 1], piece);
  const bool joins_next = slot < pieces.size() && joins(piece, pieces[slot]);
  if (joins_last) {
    pieces[slot - 1].frames.count += piece.frames.count;
    if (joins_next) {
      pieces[slot - 1].frames.count += pieces[slot].frames.count;
      pieces.erase(at);
    }
  } else if (joins_next) {
    pieces[slot].frames = {piece.frames.first, piece.frames.count + pieces[slot].frames.count};
  } else {
    pieces.insert(at, piece);
  }
}

void LabelTimeline::Erase(std::size_t marker, FrameRange frames) {
  std::vector<NamedPiece>& pieces = pieces_[marker];
  std::size_t i = FirstEndingAfter(marker, frames.first);
  while (i < pieces.size() && pieces[i].frames.first < frames.end()) {
    const NamedPiece old = pieces[i];
    pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i));
    const auto keep = [&](std::size_t first, std::size_t end) {
      if (first >= end) return;
      pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(i),
                    NamedPiece{old.fragment, {first, end - first}});
      ++i;
    };
    keep(old.frames.first, std::min(old.frames.end(), frames.first));
    keep(std::max(old.frames.first, frames.end()), old.frames.end());
  }
}

void LabelTimeline::Permute(const std::vector<std::size_t>& from) {
  MEDIUS_CHECK(from.size() == pieces_.size(), "a name for every marker");
  std::vector<std::vector<NamedPiece>> permuted;
  permuted.reserve(pieces_.size());
  for (const std::size_t m : from) permuted.push_back(pieces_[m]);
  pieces_ = std::move(permuted);
}

}  // namespace medius::reconstruct
