#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "capture/board.hpp"
#include "capture/grey_image.hpp"
#include "capture/point_refinement.hpp"

namespace medius::capture {

/// A point of a board in an image.
struct SightedPoint {
  std::uint32_t point = 0;  ///< index in MakeTarget(board).points
  Eigen::Vector2d xy;       ///< pixels
  double sigma = 0.0;       ///< pixels, 1 sd of each coordinate
};

/// What one image shows of one board; no points where it does not.
struct BoardSighting {
  std::vector<SightedPoint> points;  ///< by ascending point
  std::vector<int> markers;          ///< numbers of all markers of the dictionary that were read
  int agreeing_markers = 0;          ///< those that lie as the board has them
};

/// One sigma of a refined point from the noise of the image around the board, to which is added
/// (in squares) what noise does not explain: sampling, compression, an uneven print.
[[nodiscard]] double SigmaOf(const RefinedPoint& point, double image_noise);

/// Each for boards of its kind. The image is neither mirrored nor inverted.
[[nodiscard]] BoardSighting DetectMarkerBoard(const GreyImage& image, const Board& board);
[[nodiscard]] BoardSighting DetectChessboard(const GreyImage& image, const Board& board);
[[nodiscard]] BoardSighting DetectCircles(const GreyImage& image, const Board& board);

}  // namespace medius::capture
