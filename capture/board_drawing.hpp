#pragma once

#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include "capture/board.hpp"

namespace medius::capture {

/// The print of one side of a board: which places are black. To draw boards, on paper or in tests.
class BoardPattern {
 public:
  /// @param first_marker_id  of the side: board.first_marker_id, or that of the back.
  BoardPattern(const Board& board, int first_marker_id);

  /// @param place  metres in the plane of the side, as PlacePoints. White outside of the print.
  [[nodiscard]] bool IsBlack(const Eigen::Vector2d& place) const;

  /// Corners of the printed area, without the white margin that a board needs around it.
  [[nodiscard]] const Eigen::Vector2d& low() const { return low_; }
  [[nodiscard]] const Eigen::Vector2d& high() const { return high_; }

 private:
  [[nodiscard]] bool IsBlackSquare(const Eigen::Vector2d& place) const;
  [[nodiscard]] bool IsBlackTag(const Eigen::Vector2d& place) const;
  [[nodiscard]] bool IsBlackCircle(const Eigen::Vector2d& place) const;
  [[nodiscard]] bool IsBlackMarker(std::size_t marker, const Eigen::Vector2d& place) const;

  Board board_;
  Eigen::Vector2d low_;
  Eigen::Vector2d high_;
  std::vector<PlacedMarker> markers_;
  std::vector<std::vector<bool>> bits_;  // [marker] rows of cells from the top left, true is white
  int cells_ = 0;                        // of a marker's side, without its border
};

}  // namespace medius::capture
