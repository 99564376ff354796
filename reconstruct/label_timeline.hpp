#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "core/time_base.hpp"
#include "reconstruct/fragments.hpp"

namespace medius::reconstruct {

/// A stretch of a fragment that carries some marker's name.
struct NamedPiece {
  std::size_t fragment = 0;
  FrameRange frames;
};

/// Which fragment is which marker, when. No marker has two pieces at once.
class LabelTimeline {
 public:
  LabelTimeline(const std::vector<Fragment>& fragments, std::size_t marker_count)
      : fragments_(&fragments), pieces_(marker_count) {}

  [[nodiscard]] std::size_t marker_count() const { return pieces_.size(); }
  /// In order of time.
  [[nodiscard]] const std::vector<NamedPiece>& Pieces(std::size_t marker) const {
    return pieces_[marker];
  }
  /// Lab position, nullptr where the marker is not seen.
  /// @param without  a fragment that is to be looked through.
  [[nodiscard]] const Eigen::Vector3f* Position(
      std::size_t marker, std::size_t frame,
      std::optional<std::size_t> without = std::nullopt) const;
  /// The fragment that is the marker in a frame.
  [[nodiscard]] std::optional<std::size_t> FragmentAt(std::size_t marker, std::size_t frame) const;
  /// Frames of `range` in which the marker has a piece already.
  [[nodiscard]] std::size_t Overlap(std::size_t marker, FrameRange range) const;
  /// Adds a piece; one that goes on from the last of the same fragment becomes part of it.
  /// @pre Overlap(marker, piece.frames) == 0.
  void Insert(std::size_t marker, const NamedPiece& piece);
  /// Takes the marker's name away in these frames.
  void Erase(std::size_t marker, FrameRange frames);
  /// Exchanges names as a whole: marker m gets what `from[m]` had.
  void Permute(const std::vector<std::size_t>& from);

 private:
  // First piece that ends after the frame.
  [[nodiscard]] std::size_t FirstEndingAfter(std::size_t marker, std::size_t frame) const;

  const std::vector<Fragment>* fragments_;
  std::vector<std::vector<NamedPiece>> pieces_;
};

}  // namespace medius::reconstruct
