#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "core/target.hpp"

namespace medius::capture {

enum class BoardKind { kChessboard, kCharuco, kAprilTagGrid, kAsymmetricCircles };

/// "chessboard", "charuco", "apriltag_grid", "asymmetric_circles".
[[nodiscard]] std::string_view ToString(BoardKind kind);
[[nodiscard]] std::optional<BoardKind> BoardKindFromString(std::string_view text);

/// The second printed side of a board: the same pattern with marker numbers of its own, its outline
/// right behind that of the front.
struct BoardBack {
  int first_marker_id = 0;
  double thickness = 0.0;  ///< metres, from print to print
};

/// What is printed on a calibration board.
///
/// A board lies in its plane z = 0: x to the right and y down as one looks at the upright front, z
/// away from the viewer, into the board. The origin is the first point (top left).
struct Board {
  std::string name = "board";
  BoardKind kind = BoardKind::kCharuco;
  int columns = 0;  ///< squares (chessboard, ChArUco), tags, or circles in a row
  int rows = 0;     ///< squares, tags, or rows of circles (odd rows are shifted by one pitch)
  /// Metres: the side of a square; the side of an AprilTag's black border; half the distance of
  /// neighbours in a row of circles, which is also the distance of rows.
  double pitch = 0.0;
  double marker_ratio = 0.75;    ///< ChArUco: side of a marker / side of a square
  double gap_ratio = 0.3;        ///< AprilTag grid: white gap between tags / side of a tag
  double circle_diameter = 0.0;  ///< metres; 0 where unknown: then no correction of perspective
  std::string dictionary;        ///< ChArUco, AprilTag grid: as OpenCV names it, "DICT_4X4_50"
  int first_marker_id = 0;       ///< ChArUco, AprilTag grid: number of the first marker
  int border_bits = 1;         ///< width of a marker's black border in its cells (Kalibr's tags: 2)
  bool inverted = false;       ///< printed with black and white exchanged
  bool legacy_layout = false;  ///< ChArUco of OpenCV before 4.6: even rows start with a marker
  bool rows_upward = true;     ///< AprilTag grid: numbers grow from the bottom row (Kalibr)
  std::optional<BoardBack> back;
};

/// @param where  the file, for the message.
/// @throws InputError that names the field, also where the board looks the same after a quarter
///         turn, or a back has no marker numbers to be told by.
void ValidateBoard(const Board& board, std::string_view where);

/// Corners of a chessboard or ChArUco board (rows first), four corners of each tag (top left, top
/// right, bottom right, bottom left, by tag number), or circles; those of the back after those of
/// the front, at z = thickness.
[[nodiscard]] CalibrationTarget MakeTarget(const Board& board);

/// Points on one side of the board.
[[nodiscard]] int PointsOfSide(const Board& board);

/// Number of markers on one side; 0 for a kind without markers.
[[nodiscard]] int MarkersOfSide(const Board& board);

/// A marker on its board: corners top left, top right, bottom right, bottom left, metres.
struct PlacedMarker {
  int id = 0;
  std::array<Eigen::Vector2d, 4> corners;
};

/// The markers of one side, by number from first_marker_id, in the plane of that side as one looks
/// at it.
[[nodiscard]] std::vector<PlacedMarker> PlaceMarkers(const Board& board, int first_marker_id);

/// The points of one side, metres, in the plane of that side as one looks at it.
[[nodiscard]] std::vector<Eigen::Vector2d> PlacePoints(const Board& board);

/// True where the board looks the same after a half turn: its point i may then be reported as
/// PointsOfSide - 1 - i, and cameras or frames may disagree. Chessboards whose columns and rows are
/// both even or both odd; circles with an even number of rows.
[[nodiscard]] bool HasHalfTurnAmbiguity(const Board& board);

/// True where a mirrored image of the board cannot be mistaken for a true one.
[[nodiscard]] inline bool HasMarkers(const Board& board) {
  return board.kind == BoardKind::kCharuco || board.kind == BoardKind::kAprilTagGrid;
}

/// One phrase for messages: "a ChArUco board of 4 x 5 squares (DICT_4X4_1000, markers 0 to 9)".
[[nodiscard]] std::string Describe(const Board& board);

/// A dictionary of square markers.
struct MarkerDictionary {
  std::string_view name;  ///< "DICT_4X4_50"
  int code = 0;           ///< OpenCV's number of it
  int size = 0;           ///< markers in it
};

/// All that are known, in OpenCV's order.
[[nodiscard]] const std::vector<MarkerDictionary>& MarkerDictionaries();
[[nodiscard]] const MarkerDictionary* FindMarkerDictionary(std::string_view name);

}  // namespace medius::capture
