#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/board.hpp"
#include "capture/board_drawing.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

using ::testing::HasSubstr;

Board Charuco(int columns, int rows) {
  Board board;
  board.kind = BoardKind::kCharuco;
  board.columns = columns;
  board.rows = rows;
  board.pitch = 0.04;
  board.dictionary = "DICT_4X4_50";
  return board;
}

std::string ErrorOf(const Board& board) {
  try {
    ValidateBoard(board, "board.toml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(MakeTarget, PlacesCornersOfACharucoBoardByRowsFromTheFirst) {
  const CalibrationTarget target = MakeTarget(Charuco(4, 5));
  ASSERT_EQ(target.points.size(), 12U);
  EXPECT_EQ(target.points[0], Eigen::Vector3d(0.0, 0.0, 0.0));
  EXPECT_TRUE(target.points[5].isApprox(Eigen::Vector3d(0.08, 0.04, 0.0)));
}

TEST(MakeTarget, PlacesTheBackBehindTheFrontAndTurnedAboutItsMiddle) {
  Board board = Charuco(4, 5);
  board.back = BoardBack{10, 0.006};
  const CalibrationTarget target = MakeTarget(board);
  ASSERT_EQ(target.points.size(), 24U);
  // The first corner of the back is behind the last corner of the front's first row.
  EXPECT_TRUE(target.points[12].isApprox(target.points[2] + Eigen::Vector3d(0.0, 0.0, 0.006)));
}

TEST(MakeTarget, CountsTagsOfAKalibrGridFromTheBottomRow) {
  Board board;
  board.kind = BoardKind::kAprilTagGrid;
  board.columns = 3;
  board.rows = 2;
  board.pitch = 0.1;
  board.gap_ratio = 0.5;
  board.dictionary = "DICT_APRILTAG_36h11";
  const CalibrationTarget target = MakeTarget(board);
  ASSERT_EQ(target.points.size(), 24U);
  EXPECT_TRUE(target.points[0].isApprox(Eigen::Vector3d(0.0, 0.15, 0.0)));        // tag 0, top left
  EXPECT_TRUE(target.points[3 * 4].isApprox(Eigen::Vector3d(0.0, 0.0, 0.0)));     // tag 3
  EXPECT_TRUE(target.points[4 * 4 + 2].isApprox(Eigen::Vector3d(0.25, 0.1, 0)));  // tag 4, opposite
}

TEST(MakeTarget, ShiftsOddRowsOfCirclesByOnePitch) {
  Board board;
  board.kind = BoardKind::kAsymmetricCircles;
  board.columns = 4;
  board.rows = 11;
  board.pitch = 0.02;
  const CalibrationTarget target = MakeTarget(board);
  ASSERT_EQ(target.points.size(), 44U);
  EXPECT_TRUE(target.points[1].isApprox(Eigen::Vector3d(0.04, 0.0, 0.0)));
  EXPECT_TRUE(target.points[4].isApprox(Eigen::Vector3d(0.02, 0.02, 0.0)));
}

TEST(PlaceMarkers, PutsTheFirstMarkerBesideTheBlackTopLeftSquare) {
  const auto markers = PlaceMarkers(Charuco(4, 5), 0);
  ASSERT_EQ(markers.size(), 10U);
  // Square (row 0, column 1), whose own corner is the first point; margin (1 - 0.75) / 2 square.
  EXPECT_TRUE(markers[0].corners[0].isApprox(Eigen::Vector2d(0.005, -0.035)));
}

TEST(PlaceMarkers, PutsTheFirstMarkerInTheTopLeftSquareOfALegacyBoardWithEvenRows) {
  Board board = Charuco(5, 4);
  board.legacy_layout = true;
  EXPECT_TRUE(PlaceMarkers(board, 0)[0].corners[0].isApprox(Eigen::Vector2d(-0.035, -0.035)));
  board.rows = 5;  // with odd rows both layouts are one
  EXPECT_TRUE(PlaceMarkers(board, 0)[0].corners[0].isApprox(Eigen::Vector2d(0.005, -0.035)));
}

TEST(BoardPattern, DrawsBlackSquaresAndBlackMarkerBordersInWhiteOnes) {
  const BoardPattern pattern(Charuco(4, 5), 0);
  EXPECT_TRUE(pattern.IsBlack({-0.02, -0.02}));    // top left square
  EXPECT_FALSE(pattern.IsBlack({0.002, -0.002}));  // margin of the next one
  EXPECT_TRUE(pattern.IsBlack({0.006, -0.006}));   // its marker's border
  EXPECT_FALSE(pattern.IsBlack({-0.05, 0.0}));     // outside
}

TEST(HasHalfTurnAmbiguity, KnowsWhichBoardsLookTheSameUpsideDown) {
  Board board;
  board.kind = BoardKind::kChessboard;
  board.columns = 9;
  board.rows = 6;
  EXPECT_FALSE(HasHalfTurnAmbiguity(board));
  board.rows = 7;
  EXPECT_TRUE(HasHalfTurnAmbiguity(board));
  board.kind = BoardKind::kAsymmetricCircles;
  EXPECT_FALSE(HasHalfTurnAmbiguity(board));
  board.rows = 6;
  EXPECT_TRUE(HasHalfTurnAmbiguity(board));
  board.kind = BoardKind::kCharuco;
  EXPECT_FALSE(HasHalfTurnAmbiguity(board));
}

TEST(ValidateBoard, NamesWhatIsWrong) {
  EXPECT_EQ(ErrorOf(Charuco(4, 5)), "");
  Board board = Charuco(2, 5);
  EXPECT_THAT(ErrorOf(board), HasSubstr("columns is 2"));
  board = Charuco(4, 5);
  board.pitch = 0.0;
  EXPECT_THAT(ErrorOf(board), HasSubstr("positive"));
  board = Charuco(4, 5);
  board.dictionary = "DICT_9X9";
  EXPECT_THAT(ErrorOf(board), HasSubstr("no dictionary \"DICT_9X9\""));
  board = Charuco(11, 10);
  EXPECT_THAT(ErrorOf(board), HasSubstr("markers 0 to 54 are needed, but DICT_4X4_50 has 0 to 49"));
  board = Charuco(4, 5);
  board.back = BoardBack{5, 0.0};
  EXPECT_THAT(ErrorOf(board), HasSubstr("share marker numbers"));
  board.kind = BoardKind::kChessboard;
  EXPECT_THAT(ErrorOf(board), HasSubstr("a back cannot be told"));
  board.back.reset();
  board.columns = 5;
  EXPECT_THAT(ErrorOf(board), HasSubstr("quarter turn"));
}

}  // namespace
}  // namespace medius::capture
