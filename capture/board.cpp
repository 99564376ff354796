#include "capture/board.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::capture {
namespace {

constexpr int kLargestSide = 200;  // squares or tags; beyond it a number is a mistake

[[noreturn]] void Fail(const Board& board, std::string_view where, const std::string& problem) {
  throw InputError(
      fmt::format("{}: {} \"{}\": {}", where, ToString(board.kind), board.name, problem));
}

void RequirePositive(const Board& board, std::string_view where, std::string_view field,
                     double value) {
  if (std::isfinite(value) && value > 0.0) return;
  Fail(board, where, fmt::format("{} is {}; a positive number is expected", field, value));
}

void ValidateMarkers(const Board& board, std::string_view where) {
  if (board.border_bits < 1 || board.border_bits > 4) {
    Fail(board, where,
         fmt::format("a marker border of {} cells; 1 to 4 are expected", board.border_bits));
  }
  const MarkerDictionary* dictionary = FindMarkerDictionary(board.dictionary);
  if (dictionary == nullptr) {
    Fail(board, where,
         fmt::format("there is no dictionary \"{}\"; OpenCV's names are known, from DICT_4X4_50 to "
                     "DICT_APRILTAG_36h11",
                     board.dictionary));
  }
  const auto require_ids = [&](int first) {
    const int last = first + MarkersOfSide(board) - 1;
    if (first >= 0 && last < dictionary->size) return;
    Fail(board, where,
         fmt::format("markers {} to {} are needed, but {} has 0 to {}", first, last,
                     dictionary->name, dictionary->size - 1));
  };
  require_ids(board.first_marker_id);
  if (!board.back) return;
  require_ids(board.back->first_marker_id);
  if (std::abs(board.back->first_marker_id - board.first_marker_id) < MarkersOfSide(board)) {
    Fail(board, where,
         fmt::format("front (markers from {}) and back (from {}) share marker numbers: which side "
                     "is seen could not be told",
                     board.first_marker_id, board.back->first_marker_id));
  }
}

void ValidateSize(const Board& board, std::string_view where) {
  int least = 2;
  if (board.kind == BoardKind::kCharuco) least = 3;
  if (board.kind == BoardKind::kChessboard) least = 4;  // three corners make a row
  for (const auto& [field, value] : {std::pair<const char*, int>{"columns", board.columns},
                                     std::pair<const char*, int>{"rows", board.rows}}) {
    if (value >= least && value <= kLargestSide) continue;
    Fail(board, where,
         fmt::format("{} is {}; {} to {} are expected", field, value, least, kLargestSide));
  }
  if (board.kind == BoardKind::kChessboard && board.columns == board.rows &&
      board.columns % 2 == 1) {
    Fail(board, where,
         fmt::format("{} x {} squares look the same after a quarter turn; use a board with an even "
                     "and an odd side, or one with markers",
                     board.columns, board.rows));
  }
}

std::vector<Eigen::Vector2d> PlaceCircles(const Board& board) {
  std::vector<Eigen::Vector2d> points;
  for (int row = 0; row < board.rows; ++row) {
    for (int column = 0; column < board.columns; ++column) {
      points.emplace_back((2 * column + row % 2) * board.pitch, row * board.pitch);
    }
  }
  return points;
}

std::vector<Eigen::Vector2d> PlaceCorners(const Board& board) {
  std::vector<Eigen::Vector2d> points;
  for (int row = 0; row + 1 < board.rows; ++row) {
    for (int column = 0; column + 1 < board.columns; ++column) {
      points.emplace_back(column * board.pitch, row * board.pitch);
    }
  }
  return points;
}

std::array<Eigen::Vector2d, 4> SquareAt(double x, double y, double side) {
  return {Eigen::Vector2d(x, y), Eigen::Vector2d(x + side, y), Eigen::Vector2d(x + side, y + side),
          Eigen::Vector2d(x, y + side)};
}

std::vector<PlacedMarker> PlaceCharucoMarkers(const Board& board, int first_marker_id) {
  // Markers stand in the white squares. The top left square is black, but before OpenCV 4.6 it was
  // the bottom left one.
  const int white = board.legacy_layout && board.rows % 2 == 0 ? 0 : 1;
  const double margin = 0.5 * (1.0 - board.marker_ratio) * board.pitch;
  std::vector<PlacedMarker> markers;
  for (int row = 0; row < board.rows; ++row) {
    for (int column = 0; column < board.columns; ++column) {
      if ((row + column) % 2 != white) continue;
      const int id = first_marker_id + static_cast<int>(markers.size());
      markers.push_back(
          {id, SquareAt((column - 1) * board.pitch + margin, (row - 1) * board.pitch + margin,
                        board.marker_ratio * board.pitch)});
    }
  }
  return markers;
}

std::vector<PlacedMarker> PlaceTags(const Board& board, int first_marker_id) {
  const double step = board.pitch * (1.0 + board.gap_ratio);
  std::vector<PlacedMarker> markers;
  for (int i = 0; i < board.columns * board.rows; ++i) {
    const int number_row = i / board.columns;
    const int row = board.rows_upward ? board.rows - 1 - number_row : number_row;
    markers.push_back(
        {first_marker_id + i, SquareAt((i % board.columns) * step, row * step, board.pitch)});
  }
  return markers;
}

// How far the points of a side reach to the right: the back is turned about the middle of it.
double ReachOfPoints(const Board& board) {
  double reach = 0.0;
  for (const Eigen::Vector2d& point : PlacePoints(board)) reach = std::max(reach, point.x());
  return reach;
}

std::string_view PrintedName(BoardKind kind) {
  switch (kind) {
    case BoardKind::kChessboard:
      return "a chessboard";
    case BoardKind::kCharuco:
      return "a ChArUco board";
    case BoardKind::kAprilTagGrid:
      return "an AprilTag grid";
    case BoardKind::kAsymmetricCircles:
      break;
  }
  return "a board of asymmetric circles";
}

}  // namespace

std::string_view ToString(BoardKind kind) {
  switch (kind) {
    case BoardKind::kChessboard:
      return "chessboard";
    case BoardKind::kCharuco:
      return "charuco";
    case BoardKind::kAprilTagGrid:
      return "apriltag_grid";
    case BoardKind::kAsymmetricCircles:
      break;
  }
  return "asymmetric_circles";
}

std::optional<BoardKind> BoardKindFromString(std::string_view text) {
  for (const BoardKind kind : {BoardKind::kChessboard, BoardKind::kCharuco,
                               BoardKind::kAprilTagGrid, BoardKind::kAsymmetricCircles}) {
    if (ToString(kind) == text) return kind;
  }
  return std::nullopt;
}

void ValidateBoard(const Board& board, std::string_view where) {
  ValidateSize(board, where);
  RequirePositive(board, where, "the size of a square, tag or circle spacing", board.pitch);
  if (HasMarkers(board)) {
    ValidateMarkers(board, where);
  } else if (board.back) {
    Fail(board, where, "a back cannot be told from the front; only boards with markers have one");
  }
  if (board.back && !(std::isfinite(board.back->thickness) && board.back->thickness >= 0.0)) {
    Fail(board, where,
         fmt::format("the thickness is {} m; 0 or more is expected", board.back->thickness));
  }
  if (board.kind == BoardKind::kCharuco &&
      !(board.marker_ratio > 0.2 && board.marker_ratio < 0.98)) {
    Fail(board, where,
         fmt::format("marker side / square side is {}; 0.2 to 0.98 is expected",
                     board.marker_ratio));
  }
  if (board.kind == BoardKind::kAprilTagGrid && !(board.gap_ratio > 0.0 && board.gap_ratio < 3.0)) {
    Fail(board, where, fmt::format("gap / tag side is {}; 0 to 3 is expected", board.gap_ratio));
  }
  if (board.kind == BoardKind::kAsymmetricCircles &&
      !(board.circle_diameter >= 0.0 && board.circle_diameter < 1.4 * board.pitch)) {
    Fail(board, where,
         fmt::format("circles of {} m every {} m overlap", board.circle_diameter,
                     board.pitch * std::sqrt(2.0)));
  }
}

std::vector<Eigen::Vector2d> PlacePoints(const Board& board) {
  if (board.kind == BoardKind::kAsymmetricCircles) return PlaceCircles(board);
  if (board.kind != BoardKind::kAprilTagGrid) return PlaceCorners(board);
  std::vector<Eigen::Vector2d> points;
  for (const PlacedMarker& tag : PlaceTags(board, 0)) {
    points.insert(points.end(), tag.corners.begin(), tag.corners.end());
  }
  return points;
}

std::vector<PlacedMarker> PlaceMarkers(const Board& board, int first_marker_id) {
  if (board.kind == BoardKind::kCharuco) return PlaceCharucoMarkers(board, first_marker_id);
  if (board.kind == BoardKind::kAprilTagGrid) return PlaceTags(board, first_marker_id);
  return {};
}

CalibrationTarget MakeTarget(const Board& board) {
  CalibrationTarget target;
  target.name = board.name;
  const std::vector<Eigen::Vector2d> places = PlacePoints(board);
  for (const Eigen::Vector2d& place : places) {
    target.points.emplace_back(place.x(), place.y(), 0.0);
  }
  if (!board.back) return target;
  const double reach = ReachOfPoints(board);
  for (const Eigen::Vector2d& place : places) {
    target.points.emplace_back(reach - place.x(), place.y(), board.back->thickness);
  }
  return target;
}

int PointsOfSide(const Board& board) {
  switch (board.kind) {
    case BoardKind::kChessboard:
    case BoardKind::kCharuco:
      return (board.columns - 1) * (board.rows - 1);
    case BoardKind::kAprilTagGrid:
      return 4 * board.columns * board.rows;
    case BoardKind::kAsymmetricCircles:
      break;
  }
  return board.columns * board.rows;
}

int MarkersOfSide(const Board& board) {
  if (board.kind == BoardKind::kAprilTagGrid) return board.columns * board.rows;
  if (board.kind != BoardKind::kCharuco) return 0;
  const int squares = board.columns * board.rows;
  const bool starts_white = board.legacy_layout && board.rows % 2 == 0;
  return starts_white ? (squares + 1) / 2 : squares / 2;
}

bool HasHalfTurnAmbiguity(const Board& board) {
  if (board.kind == BoardKind::kChessboard) return (board.columns + board.rows) % 2 == 0;
  return board.kind == BoardKind::kAsymmetricCircles && board.rows % 2 == 0;
}

std::string Describe(const Board& board) {
  std::string text =
      fmt::format("{} of {} x {} {}", PrintedName(board.kind), board.columns, board.rows,
                  board.kind == BoardKind::kAprilTagGrid        ? "tags"
                  : board.kind == BoardKind::kAsymmetricCircles ? "circles"
                                                                : "squares");
  if (!HasMarkers(board)) return text;
  return fmt::format("{} ({}, markers {} to {})", text, board.dictionary, board.first_marker_id,
                     board.first_marker_id + MarkersOfSide(board) - 1);
}

const std::vector<MarkerDictionary>& MarkerDictionaries() {
  static const std::vector<MarkerDictionary> kAll{{"DICT_4X4_50", 0, 50},
                                                  {"DICT_4X4_100", 1, 100},
                                                  {"DICT_4X4_250", 2, 250},
                                                  {"DICT_4X4_1000", 3, 1000},
                                                  {"DICT_5X5_50", 4, 50},
                                                  {"DICT_5X5_100", 5, 100},
                                                  {"DICT_5X5_250", 6, 250},
                                                  {"DICT_5X5_1000", 7, 1000},
                                                  {"DICT_6X6_50", 8, 50},
                                                  {"DICT_6X6_100", 9, 100},
                                                  {"DICT_6X6_250", 10, 250},
                                                  {"DICT_6X6_1000", 11, 1000},
                                                  {"DICT_7X7_50", 12, 50},
                                                  {"DICT_7X7_100", 13, 100},
                                                  {"DICT_7X7_250", 14, 250},
                                                  {"DICT_7X7_1000", 15, 1000},
                                                  {"DICT_ARUCO_ORIGINAL", 16, 1024},
                                                  {"DICT_APRILTAG_16h5", 17, 30},
                                                  {"DICT_APRILTAG_25h9", 18, 35},
                                                  {"DICT_APRILTAG_36h10", 19, 2320},
                                                  {"DICT_APRILTAG_36h11", 20, 587}};
  return kAll;
}

const MarkerDictionary* FindMarkerDictionary(std::string_view name) {
  for (const MarkerDictionary& dictionary : MarkerDictionaries()) {
    if (dictionary.name == name) return &dictionary;
  }
  return nullptr;
}

}  // namespace medius::capture
