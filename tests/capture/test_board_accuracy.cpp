// How far detected points lie from where a rendered board truly has them.
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "capture/board.hpp"
#include "capture/board_detector.hpp"
#include "tests/capture/rendered_board.hpp"

namespace medius::capture::testing {
namespace {

// A corner whose two edges are seen over the window's 2 r pixels each, with contrast c, blur b and
// noise n is bounded by about n / c * sqrt(b / r): below 0.02 px here. Rounding to grey levels, the
// first-order refinement and windows of few pixels may cost as much again, twice.
constexpr double kPointRms = 0.06;
// A systematic shift would not average out over a calibration.
constexpr double kPointBias = 0.02;

Board Charuco() {
  Board board;
  board.name = "charuco";
  board.kind = BoardKind::kCharuco;
  board.columns = 7;
  board.rows = 5;
  board.pitch = 0.04;
  board.dictionary = "DICT_4X4_50";
  return board;
}

Board AprilGrid() {
  Board board;
  board.name = "aprilgrid";
  board.kind = BoardKind::kAprilTagGrid;
  board.columns = 4;
  board.rows = 3;
  board.pitch = 0.05;
  board.border_bits = 2;
  board.dictionary = "DICT_APRILTAG_36h11";
  return board;
}

Board Chess() {
  Board board;
  board.name = "chess";
  board.kind = BoardKind::kChessboard;
  board.columns = 8;
  board.rows = 5;
  board.pitch = 0.04;
  return board;
}

Board Circles() {
  Board board;
  board.name = "circles";
  board.kind = BoardKind::kAsymmetricCircles;
  board.columns = 4;
  board.rows = 7;
  board.pitch = 0.035;
  board.circle_diameter = 0.028;
  return board;
}

const CameraModel& BentLens() {
  static const CameraModel kCamera(CameraModelKind::kBrownConrady5,
                                   {700.0, 702.0, 396.0, 303.0, -0.25, 0.08, 0.001, -0.001, 0.0});
  return kCamera;
}

struct Case {
  std::string name;
  Board board;
};

class BoardAccuracy : public ::testing::TestWithParam<Case> {};

std::vector<BoardScene> Views(const Board& board) {
  std::vector<BoardScene> scenes;
  for (const auto& [distance, x, y, z] :
       {std::array{0.45, 0.0, 0.0, 0.0}, std::array{0.5, 0.5, 0.2, 0.3},
        std::array{0.55, -0.4, 0.5, -1.2}, std::array{0.5, 0.2, -0.6, 2.8}}) {
    BoardScene scene;
    scene.board = board;
    scene.camera = BentLens();
    scene.camera_from_board = Facing(board, distance, x, y, z);
    scene.seed = scenes.size() + 11;
    scenes.push_back(scene);
  }
  return scenes;
}

TEST_P(BoardAccuracy, FindsEveryPointToAFewHundredthsOfAPixel) {
  double square_sum = 0.0;
  Eigen::Vector2d sum = Eigen::Vector2d::Zero();
  std::size_t count = 0;
  for (const BoardScene& scene : Views(GetParam().board)) {
    const PointErrors errors =
        Compare(DetectBoard(Render(scene), scene.board, false), TruePoints(scene));
    EXPECT_EQ(errors.count, static_cast<std::size_t>(PointsOfSide(scene.board))) << scene.seed;
    EXPECT_LT(errors.largest, 6.0 * kPointRms) << scene.seed;
    const auto n = static_cast<double>(errors.count);
    square_sum += errors.rms * errors.rms * n;
    sum += errors.mean * n;
    count += errors.count;
    RecordProperty(fmt::format("view_{}_rms_px", scene.seed), fmt::format("{:.4f}", errors.rms));
  }
  ASSERT_GT(count, 0U);
  EXPECT_LT(std::sqrt(square_sum / static_cast<double>(count)), kPointRms);
  EXPECT_LT((sum / static_cast<double>(count)).norm(), kPointBias);
}

TEST_P(BoardAccuracy, GrowsItsSigmaWithBlurAndNoiseAsTheErrorsGrow) {
  BoardScene scene = Views(GetParam().board)[1];
  scene.blur = 2.5;
  scene.noise = 6.0;
  const PointErrors errors =
      Compare(DetectBoard(Render(scene), scene.board, false), TruePoints(scene));
  RecordProperty("rms_px", fmt::format("{:.4f}", errors.rms));
  ASSERT_GE(errors.count, static_cast<std::size_t>(PointsOfSide(scene.board) * 2 / 3));
  // 24 to 48 points: the rms of a view scatters by 10 to 15 %.
  EXPECT_GT(errors.stated_over_true, 0.6);
  EXPECT_LT(errors.stated_over_true, 1.7);
}

INSTANTIATE_TEST_SUITE_P(Kinds, BoardAccuracy,
                         ::testing::Values(Case{"charuco", Charuco()}, Case{"tags", AprilGrid()},
                                           Case{"chess", Chess()}, Case{"circles", Circles()}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace medius::capture::testing
