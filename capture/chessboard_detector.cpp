#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <Eigen/LU>
#include <opencv2/calib3d.hpp>
#include <opencv2/imgproc.hpp>

#include "capture/board_sighting.hpp"
#include "capture/planar_map.hpp"
#include "capture/point_refinement.hpp"

namespace medius::capture {
namespace {

constexpr double kLargestRadius = 12.0;   // pixels
constexpr double kSmallestRadius = 2.8;   // pixels
constexpr double kRadiusOfSquare = 0.35;  // beyond it bent edges and the next corners come in

// Corners in the order of the board.
using Corners = std::vector<Eigen::Vector2d>;

std::optional<Corners> FindCorners(const GreyImage& image, int columns, int rows) {
  const cv::Mat full(image.height, image.width, CV_8UC1,
                     const_cast<std::uint8_t*>(image.pixels.data()));
  const int flags = cv::CALIB_CB_NORMALIZE_IMAGE | cv::CALIB_CB_ACCURACY;
  // Blur and noise that hide the corners shrink with the image.
  for (const int scale : {1, 2}) {
    cv::Mat view = full;
    if (scale > 1) cv::resize(full, view, {}, 1.0 / scale, 1.0 / scale, cv::INTER_AREA);
    std::vector<cv::Point2f> found;
    if (!cv::findChessboardCornersSB(view, {columns, rows}, found, flags)) continue;
    Corners corners;
    for (const cv::Point2f& corner : found) {
      corners.emplace_back((corner.x + 0.5) * scale - 0.5, (corner.y + 0.5) * scale - 0.5);
    }
    return corners;
  }
  return std::nullopt;
}

std::vector<PlanarPair> Pairs(const std::vector<Eigen::Vector2d>& places, const Corners& corners) {
  std::vector<PlanarPair> pairs;
  for (std::size_t i = 0; i < places.size(); ++i) pairs.push_back({places[i], corners[i]});
  return pairs;
}

// Rows reversed: a mirrored reading becomes a true one.
void FlipRows(Corners& corners, std::size_t columns) {
  const std::size_t rows = corners.size() / columns;
  for (std::size_t row = 0; row < rows / 2; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      std::swap(corners[row * columns + column], corners[(rows - 1 - row) * columns + column]);
    }
  }
}

// How much lighter the inner squares of odd row + column are than the even ones, grey levels.
double OddMinusEven(const GreyImage& image, const Board& board, const Corners& corners) {
  const int columns = board.columns - 1;
  double sum[2] = {0.0, 0.0};
  int count[2] = {0, 0};
  for (int row = 0; row + 2 < board.rows; ++row) {
    for (int column = 0; column + 2 < board.columns; ++column) {
      const auto at = [&](int r, int c) {
        return corners[static_cast<std::size_t>(r) * static_cast<std::size_t>(columns) +
                       static_cast<std::size_t>(c)];
      };
      const Eigen::Vector2d centre = 0.25 * (at(row, column) + at(row, column + 1) +
                                             at(row + 1, column) + at(row + 1, column + 1));
      sum[(row + column) % 2] += GreyAt(image, centre);
      ++count[(row + column) % 2];
    }
  }
  return sum[1] / std::max(1, count[1]) - sum[0] / std::max(1, count[0]);
}

// Puts the corners in the board's order: not mirrored, the top left square black; where a half turn
// leaves the board as it is, the first corner is the one higher up (then farther left) in the
// image.
void Orient(const GreyImage& image, const Board& board, const std::vector<Eigen::Vector2d>& places,
            Corners& corners) {
  const auto map = FitPlanarMap(Pairs(places, corners));
  if (map && map->Jacobian(places[places.size() / 2]).determinant() < 0.0) {
    FlipRows(corners, static_cast<std::size_t>(board.columns - 1));
  }
  const Eigen::Vector2d& first = corners.front();
  const Eigen::Vector2d& last = corners.back();
  const bool turned = HasHalfTurnAmbiguity(board)
                          ? std::pair(last.y(), last.x()) < std::pair(first.y(), first.x())
                          : OddMinusEven(image, board, corners) < 0.0;
  if (turned) std::reverse(corners.begin(), corners.end());
}

// The distance to the nearest neighbour in the grid, pixels.
double SmallestStep(const Corners& corners, std::size_t i, std::size_t columns) {
  double step = 1e9;
  const auto look = [&](std::size_t j) { step = std::min(step, (corners[i] - corners[j]).norm()); };
  if (i % columns > 0) look(i - 1);
  if (i % columns + 1 < columns) look(i + 1);
  if (i >= columns) look(i - columns);
  if (i + columns < corners.size()) look(i + columns);
  return step;
}

// True where each corner lies about midway between its neighbours, in rows and in columns: corners
// of a larger board may be taken with some left out.
bool IsEven(const Corners& corners, std::size_t columns) {
  constexpr double kUnevenness = 0.4;  // of the longer step: more than any lens or slant makes
  const auto bends = [&](std::size_t a, std::size_t b, std::size_t c) {
    const Eigen::Vector2d before = corners[b] - corners[a];
    const Eigen::Vector2d after = corners[c] - corners[b];
    return (after - before).norm() > kUnevenness * std::max(before.norm(), after.norm());
  };
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const bool inner_column = i % columns > 0 && i % columns + 1 < columns;
    const bool inner_row = i >= columns && i + columns < corners.size();
    if (inner_column && bends(i - 1, i, i + 1)) return false;
    if (inner_row && bends(i - columns, i, i + columns)) return false;
  }
  return true;
}

// True where two opposite quarters around a place are darker than the other two.
bool IsCrossing(const GreyImage& image, const Eigen::Vector2d& xy, const Eigen::Vector2d& along,
                const Eigen::Vector2d& across) {
  constexpr double kLeastContrast = 12.0;  // grey levels
  const auto grey = [&](double u, double v) { return GreyAt(image, xy + u * along + v * across); };
  const auto [low_a, high_a] = std::minmax({grey(0.25, 0.25), grey(-0.25, -0.25)});
  const auto [low_b, high_b] = std::minmax({grey(0.25, -0.25), grey(-0.25, 0.25)});
  return low_a > high_b + kLeastContrast || low_b > high_a + kLeastContrast;
}

// True where the corners go on beyond a side: then it is part of a larger board that was found, and
// which part is left to chance.
bool GoesOn(const GreyImage& image, const Corners& corners, std::size_t columns) {
  const std::size_t rows = corners.size() / columns;
  const auto goes_on = [&](std::size_t count, const auto& edge, const auto& inner) {
    std::size_t crossings = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Eigen::Vector2d across = corners[edge(i)] - corners[inner(i)];
      const std::size_t beside = i + 1 < count ? i + 1 : i - 1;
      const Eigen::Vector2d along = corners[edge(beside)] - corners[edge(i)];
      if (IsCrossing(image, corners[edge(i)] + across, along, across)) ++crossings;
    }
    return 2 * crossings > count;
  };
  return goes_on(
             columns, [](std::size_t i) { return i; },
             [&](std::size_t i) { return i + columns; }) ||
         goes_on(
             columns, [&](std::size_t i) { return corners.size() - columns + i; },
             [&](std::size_t i) { return corners.size() - 2 * columns + i; }) ||
         goes_on(
             rows, [&](std::size_t i) { return i * columns; },
             [&](std::size_t i) { return i * columns + 1; }) ||
         goes_on(
             rows, [&](std::size_t i) { return (i + 1) * columns - 1; },
             [&](std::size_t i) { return (i + 1) * columns - 2; });
}

}  // namespace

BoardSighting DetectChessboard(const GreyImage& image, const Board& board) {
  BoardSighting sighting;
  std::optional<Corners> corners = FindCorners(image, board.columns - 1, board.rows - 1);
  if (!corners) return sighting;
  const auto columns = static_cast<std::size_t>(board.columns - 1);
  if (!IsEven(*corners, columns) || GoesOn(image, *corners, columns)) return sighting;
  Orient(image, board, PlacePoints(board), *corners);
  Eigen::Vector2d low = corners->front();
  Eigen::Vector2d high = corners->front();
  for (const Eigen::Vector2d& corner : *corners) {
    low = low.cwiseMin(corner);
    high = high.cwiseMax(corner);
  }
  const double noise = EstimateNoise(image, low, high);
  for (std::size_t i = 0; i < corners->size(); ++i) {
    RefinementOptions options;
    const double step = SmallestStep(*corners, i, columns);
    options.window = RefinementWindow::Round(
        std::clamp(kRadiusOfSquare * step, kSmallestRadius, kLargestRadius));
    options.max_move = std::max(1.5, 0.08 * step);
    const auto refined = RefinePoint(image, (*corners)[i], PointShape::kCorner, options);
    if (!refined) continue;
    sighting.points.push_back(
        {static_cast<std::uint32_t>(i), refined->xy, SigmaOf(*refined, noise)});
  }
  return sighting;
}

}  // namespace medius::capture
