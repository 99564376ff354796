#include "capture/board_drawing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <opencv2/aruco.hpp>

#include "core/check.hpp"

namespace medius::capture {
namespace {

// Circles whose size the description leaves open.
constexpr double kUsualCircle = 0.8;  // diameter, of the pitch

std::size_t Index(int index) {
  return static_cast<std::size_t>(index);
}

double Diameter(const Board& board) {
  return board.circle_diameter > 0.0 ? board.circle_diameter : kUsualCircle * board.pitch;
}

}  // namespace

BoardPattern::BoardPattern(const Board& board, int first_marker_id)
    : board_(board), markers_(PlaceMarkers(board, first_marker_id)) {
  const std::vector<Eigen::Vector2d> points = PlacePoints(board);
  double margin = 0.0;
  if (board.kind == BoardKind::kAsymmetricCircles) margin = 0.5 * Diameter(board);
  if (board.kind == BoardKind::kAprilTagGrid) margin = board.gap_ratio * board.pitch;
  if (board.kind == BoardKind::kChessboard || board.kind == BoardKind::kCharuco) {
    margin = board.pitch;
  }
  low_ = Eigen::Vector2d::Constant(-margin);
  high_ = low_;
  for (const Eigen::Vector2d& point : points) {
    high_ = high_.cwiseMax(point + Eigen::Vector2d::Constant(margin));
  }
  if (markers_.empty()) return;
  const MarkerDictionary* known = FindMarkerDictionary(board.dictionary);
  MEDIUS_CHECK(known != nullptr, "a validated board has a known dictionary");
  const auto dictionary = cv::aruco::getPredefinedDictionary(known->code);
  cells_ = dictionary->markerSize;
  for (const PlacedMarker& marker : markers_) {
    const cv::Mat bits =
        cv::aruco::Dictionary::getBitsFromByteList(dictionary->bytesList.row(marker.id), cells_);
    auto& own = bits_.emplace_back();
    for (int i = 0; i < cells_ * cells_; ++i)
      own.push_back(bits.at<uchar>(i / cells_, i % cells_) != 0);
  }
}

bool BoardPattern::IsBlack(const Eigen::Vector2d& place) const {
  if ((place.array() < low_.array()).any() || (place.array() >= high_.array()).any()) {
    return board_.inverted;
  }
  bool black = false;
  switch (board_.kind) {
    case BoardKind::kChessboard:
    case BoardKind::kCharuco:
      black = IsBlackSquare(place);
      break;
    case BoardKind::kAprilTagGrid:
      black = IsBlackTag(place);
      break;
    case BoardKind::kAsymmetricCircles:
      black = IsBlackCircle(place);
      break;
  }
  return black != board_.inverted;
}

bool BoardPattern::IsBlackSquare(const Eigen::Vector2d& place) const {
  const int column = static_cast<int>(std::floor(place.x() / board_.pitch)) + 1;
  const int row = static_cast<int>(std::floor(place.y() / board_.pitch)) + 1;
  const bool legacy = board_.kind == BoardKind::kCharuco && board_.legacy_layout;
  const int white = legacy && board_.rows % 2 == 0 ? 0 : 1;
  if ((row + column) % 2 != white) return true;
  if (board_.kind == BoardKind::kChessboard) return false;
  // Every second square holds a marker, whether rows are even or odd.
  return IsBlackMarker(Index((row * board_.columns + column) / 2), place);
}

bool BoardPattern::IsBlackTag(const Eigen::Vector2d& place) const {
  const double step = board_.pitch * (1.0 + board_.gap_ratio);
  const int column = static_cast<int>(std::floor(place.x() / step));
  const int row = static_cast<int>(std::floor(place.y() / step));
  const Eigen::Vector2d within(place.x() - column * step, place.y() - row * step);
  const bool right_gap = within.x() >= board_.pitch;
  const bool lower_gap = within.y() >= board_.pitch;
  if (right_gap && lower_gap) return true;  // the little squares that touch four tags
  if (right_gap || lower_gap) return false;
  const int number_row = board_.rows_upward ? board_.rows - 1 - row : row;
  return IsBlackMarker(Index(number_row * board_.columns + column), place);
}

bool BoardPattern::IsBlackCircle(const Eigen::Vector2d& place) const {
  const double radius = 0.5 * Diameter(board_);
  const int row = static_cast<int>(std::lround(place.y() / board_.pitch));
  for (const int near : {row - 1, row, row + 1}) {
    if (near < 0 || near >= board_.rows) continue;
    const double shift = near % 2;
    const double column = std::clamp(std::round((place.x() / board_.pitch - shift) / 2.0), 0.0,
                                     static_cast<double>(board_.columns - 1));
    const Eigen::Vector2d centre((2.0 * column + shift) * board_.pitch, near * board_.pitch);
    if ((place - centre).squaredNorm() <= radius * radius) return true;
  }
  return false;
}

bool BoardPattern::IsBlackMarker(std::size_t marker, const Eigen::Vector2d& place) const {
  MEDIUS_CHECK(marker < markers_.size(), "a square of the board holds a marker of the board");
  const std::array<Eigen::Vector2d, 4>& corners = markers_[marker].corners;
  const Eigen::Vector2d within = (place - corners[0]) / (corners[1].x() - corners[0].x());
  if ((within.array() < 0.0).any() || (within.array() >= 1.0).any()) return false;
  const int across = cells_ + 2 * board_.border_bits;
  const int column = static_cast<int>(within.x() * across) - board_.border_bits;
  const int row = static_cast<int>(within.y() * across) - board_.border_bits;
  if (column < 0 || row < 0 || column >= cells_ || row >= cells_) return true;
  return !bits_[marker][Index(row * cells_ + column)];
}

}  // namespace medius::capture
