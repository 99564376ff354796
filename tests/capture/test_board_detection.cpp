// What comes in the way of a board: hands, the image's border, mirrors, wrong descriptions.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/board_detector.hpp"
#include "core/error.hpp"
#include "tests/capture/rendered_board.hpp"

namespace medius::capture::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Errors of the accuracy test are 0.02 px; ten of them are another corner or a fold.
constexpr double kNoMistake = 0.25;

Board Charuco() {
  Board board;
  board.name = "charuco";
  board.kind = BoardKind::kCharuco;
  board.columns = 5;
  board.rows = 4;
  board.pitch = 0.05;
  board.dictionary = "DICT_4X4_50";
  return board;
}

Board AprilGrid() {
  Board board;
  board.name = "grid";
  board.kind = BoardKind::kAprilTagGrid;
  board.columns = 4;
  board.rows = 3;
  board.pitch = 0.05;
  board.border_bits = 2;
  board.dictionary = "DICT_APRILTAG_36h11";
  return board;
}

BoardScene SceneOf(const Board& board, double about_y = 0.3) {
  BoardScene scene;
  scene.board = board;
  scene.width = 640;
  scene.height = 480;
  scene.camera = CameraModel(CameraModelKind::kBrownConrady5,
                             {700.0, 700.0, 319.0, 241.0, -0.1, 0.02, 0.0, 0.0, 0.0});
  scene.camera_from_board = Facing(board, 0.55, 0.2, about_y, 0.1);
  return scene;
}

// Images from memory.
class MemoryImages : public ImageSource {
 public:
  explicit MemoryImages(std::vector<GreyImage> images, std::size_t lost = 0)
      : images_(std::move(images)), lost_(lost) {}
  std::optional<SourceImage> Next() override {
    if (next_ == images_.size()) return std::nullopt;
    SourceImage image{next_, images_[next_]};
    ++next_;
    return image;
  }
  void Rewind() override { next_ = 0; }
  [[nodiscard]] std::size_t StatedCount() const override { return images_.size() + lost_; }
  [[nodiscard]] double rate_hz() const override { return 30.0; }
  [[nodiscard]] std::string name() const override { return "memory"; }

 private:
  std::vector<GreyImage> images_;
  std::size_t lost_;
  std::size_t next_ = 0;
};

CameraImages Camera(const std::string& name, std::vector<GreyImage> images) {
  return {name, std::make_shared<MemoryImages>(std::move(images))};
}

std::vector<GreyImage> SomeImages(const Board& board, int count = 3) {
  std::vector<GreyImage> images;
  for (int i = 0; i < count; ++i) images.push_back(Render(SceneOf(board, 0.15 * i - 0.2)));
  return images;
}

BoardDetection DetectAt30Hz(const std::vector<Board>& boards,
                            const std::vector<CameraImages>& cameras, int threads = 1) {
  return DetectBoards(boards, cameras, GroupByNumber(30.0), {}, Parallelism(threads));
}

TEST(DetectBoard, FindsTheRestOfACharucoBoardBehindAHand) {
  const BoardScene scene = SceneOf(Charuco());
  GreyImage image = Render(scene);
  const auto truth = TruePoints(scene);
  const auto at = [&](std::size_t i) { return truth[i]->cast<int>(); };
  Cover(image, at(5).x() - 25, at(5).y() - 25, 50, 50, 120);
  const BoardSighting sighting = DetectBoard(image, scene.board, false);
  EXPECT_GE(sighting.points.size(), 10U);
  EXPECT_LT(Compare(sighting, truth).largest, kNoMistake);
  for (const SightedPoint& point : sighting.points) EXPECT_NE(point.point, 5U);
}

TEST(DetectBoard, FindsWhatTheImageHoldsOfABoardThatReachesOutOfIt) {
  for (const Board& board : {Charuco(), AprilGrid()}) {
    BoardScene scene = SceneOf(board);
    scene.camera_from_board.translation.x() += 0.17;
    const auto truth = TruePoints(scene);
    const auto inside = std::count_if(truth.begin(), truth.end(), [](auto& xy) { return !!xy; });
    ASSERT_LT(inside, PointsOfSide(board));
    const PointErrors errors = Compare(DetectBoard(Render(scene), board, false), truth);
    EXPECT_GE(errors.count, static_cast<std::size_t>(inside) / 2) << board.name;
    EXPECT_LT(errors.largest, kNoMistake) << board.name;
  }
}

TEST(DetectBoard, ReadsAnInvertedPrint) {
  for (Board board : {Charuco(), AprilGrid()}) {
    board.inverted = true;
    const BoardScene scene = SceneOf(board);
    const PointErrors errors = Compare(DetectBoard(Render(scene), board, false), TruePoints(scene));
    EXPECT_EQ(errors.count, static_cast<std::size_t>(PointsOfSide(board))) << board.name;
    EXPECT_LT(errors.largest, kNoMistake) << board.name;
  }
}

TEST(DetectBoard, TellsTheBackFromTheFront) {
  Board board = Charuco();
  board.back = BoardBack{20, 0.006};
  BoardScene scene = SceneOf(board);
  scene.shows_back = true;
  // Turned to show its back, about the middle.
  RigidTransform turned;
  turned.rotation = Eigen::Vector3d(-1.0, 1.0, -1.0).asDiagonal();
  turned.translation = Eigen::Vector3d(3.0 * board.pitch, 0.0, 0.0);
  scene.camera_from_board = scene.camera_from_board * turned;
  const BoardSighting sighting = DetectBoard(Render(scene), board, false);
  const PointErrors errors = Compare(sighting, TruePoints(scene));
  EXPECT_EQ(errors.count, 12U);
  EXPECT_LT(errors.largest, kNoMistake);
  for (const SightedPoint& point : sighting.points) EXPECT_GE(point.point, 12U);
}

TEST(DetectBoard, KnowsWhichEndOfAChessboardWithAnEvenAndAnOddSideIsUp) {
  Board board;
  board.kind = BoardKind::kChessboard;
  board.columns = 8;
  board.rows = 5;
  board.pitch = 0.04;
  for (const double about_z : {0.1, 1.6, 3.1, -1.5}) {
    BoardScene scene = SceneOf(board);
    scene.camera_from_board = Facing(board, 0.7, 0.2, 0.3, about_z);
    const PointErrors errors = Compare(DetectBoard(Render(scene), board, false), TruePoints(scene));
    EXPECT_EQ(errors.count, 28U) << about_z;
    EXPECT_LT(errors.largest, kNoMistake) << about_z;
  }
}

TEST(DetectBoard, KnowsWhichEndOfAsymmetricCirclesIsUp) {
  Board board;
  board.kind = BoardKind::kAsymmetricCircles;
  board.columns = 4;
  board.rows = 7;
  board.pitch = 0.035;
  board.circle_diameter = 0.028;
  for (const double about_z : {0.1, 1.6, 3.1, -1.5}) {
    BoardScene scene = SceneOf(board);
    scene.camera_from_board = Facing(board, 0.6, 0.2, 0.3, about_z);
    const PointErrors errors = Compare(DetectBoard(Render(scene), board, false), TruePoints(scene));
    EXPECT_EQ(errors.count, 28U) << about_z;
    EXPECT_LT(errors.largest, kNoMistake) << about_z;
  }
}

TEST(DetectBoard, SeesNothingInAnImageWithoutABoard) {
  const GreyImage image{320, 240, std::vector<std::uint8_t>(320 * 240, 128)};
  Board chess;
  chess.kind = BoardKind::kChessboard;
  chess.columns = 8;
  chess.rows = 5;
  chess.pitch = 0.04;
  Board circles = chess;
  circles.kind = BoardKind::kAsymmetricCircles;
  for (const Board& board : {Charuco(), AprilGrid(), chess, circles}) {
    EXPECT_THAT(DetectBoard(image, board, false).points, IsEmpty());
  }
}

TEST(DetectBoards, GivesViewsWithFramesTimesAndSigmas) {
  const BoardDetection detection = DetectAt30Hz({Charuco()}, {Camera("c1", SomeImages(Charuco()))});
  EXPECT_EQ(detection.frames, 3U);
  ASSERT_EQ(detection.observations.views.size(), 3U);
  const TargetView& view = detection.observations.views[2];
  EXPECT_EQ(view.frame, 2U);
  EXPECT_DOUBLE_EQ(view.time, 2.0 / 30.0);
  EXPECT_EQ(view.point.size(), view.xy.size());
  EXPECT_EQ(view.point.size(), view.sigma.size());
  EXPECT_EQ(detection.observations.cameras[0].width, 640);
  EXPECT_THAT(detection.cameras[0].warnings, IsEmpty());
}

TEST(DetectBoards, IsTheSameForAnyNumberOfThreads) {
  const std::vector<GreyImage> images = SomeImages(Charuco(), 4);
  const BoardDetection one = DetectAt30Hz({Charuco()}, {Camera("c1", images)}, 1);
  for (const int threads : {2, 7}) {
    const BoardDetection more = DetectAt30Hz({Charuco()}, {Camera("c1", images)}, threads);
    ASSERT_EQ(more.observations.views.size(), one.observations.views.size());
    for (std::size_t i = 0; i < one.observations.views.size(); ++i) {
      EXPECT_EQ(more.observations.views[i].point, one.observations.views[i].point);
      EXPECT_EQ(more.observations.views[i].xy, one.observations.views[i].xy);
      EXPECT_EQ(more.observations.views[i].sigma, one.observations.views[i].sigma);
    }
  }
}

TEST(DetectBoards, NamesAMirroredCameraAndGivesThePointsOfTheTrueImage) {
  const BoardScene scene = SceneOf(Charuco(), -0.2);
  std::vector<GreyImage> images = SomeImages(Charuco());
  for (GreyImage& image : images) Mirror(image);
  const BoardDetection detection = DetectAt30Hz({Charuco()}, {Camera("c2", images)});
  EXPECT_TRUE(detection.cameras[0].mirrored);
  EXPECT_THAT(detection.cameras[0].warnings, ElementsAre(HasSubstr("mirrored")));
  ASSERT_EQ(detection.observations.views.size(), 3U);
  const TargetView& view = detection.observations.views[0];
  const auto truth = TruePoints(scene);
  for (std::size_t k = 0; k < view.xy.size(); ++k) {
    EXPECT_LT((view.xy[k] - *truth[view.point[k]]).norm(), kNoMistake);
  }
}

std::string OnlyWarning(const Board& described, const Board& shown) {
  const BoardDetection detection = DetectAt30Hz({described}, {Camera("c1", SomeImages(shown))});
  EXPECT_EQ(detection.observations.views.size(), 0U);
  return detection.cameras[0].warnings.size() == 1 ? detection.cameras[0].warnings[0] : "";
}

TEST(DetectBoards, SaysThatABoardIsInverted) {
  Board inverted = Charuco();
  inverted.inverted = true;
  EXPECT_THAT(OnlyWarning(Charuco(), inverted), HasSubstr("set inverted = true"));
  EXPECT_THAT(OnlyWarning(inverted, Charuco()), HasSubstr("set inverted = false"));
}

TEST(DetectBoards, SaysWhichMarkersAreSeenInPlaceOfTheBoards) {
  Board other = Charuco();
  other.dictionary = "DICT_5X5_50";
  EXPECT_THAT(
      OnlyWarning(Charuco(), other),
      HasSubstr("markers 0 to 9 of DICT_5X5 are seen, the board has 0 to 9 of DICT_4X4_50"));
  other = Charuco();
  other.first_marker_id = 30;
  EXPECT_THAT(OnlyWarning(Charuco(), other), HasSubstr("markers 30 to 39 of DICT_4X4 are seen"));
}

TEST(DetectBoards, SaysThatTheLayoutIsThatOfOlderBoards) {
  Board legacy = Charuco();
  legacy.legacy_layout = true;
  EXPECT_THAT(OnlyWarning(Charuco(), legacy), HasSubstr("legacy_layout = true"));
}

TEST(DetectBoards, SaysThatTagsAreNumberedDownward) {
  Board downward = AprilGrid();
  downward.rows_upward = false;
  EXPECT_THAT(OnlyWarning(AprilGrid(), downward), HasSubstr("rows_upward = false"));
}

TEST(DetectBoards, SaysThatAChessboardHasOtherCounts) {
  Board board;
  board.kind = BoardKind::kChessboard;
  board.columns = 8;
  board.rows = 5;
  board.pitch = 0.04;
  Board corners_for_squares = board;
  corners_for_squares.columns = 7;
  corners_for_squares.rows = 4;
  EXPECT_THAT(OnlyWarning(corners_for_squares, board), HasSubstr("the board has 8 x 5 squares"));
}

TEST(DetectBoards, WarnsOfMarkersBesideThoseOfTheBoard) {
  Board larger = Charuco();
  larger.rows = 6;
  const BoardDetection detection = DetectAt30Hz({Charuco()}, {Camera("c1", SomeImages(larger))});
  EXPECT_THAT(detection.cameras[0].warnings,
              ElementsAre(HasSubstr("markers 10 to 14 of DICT_4X4_50 are seen beside those")));
}

TEST(DetectBoards, RefusesImagesOfOneCameraThatDifferInSize) {
  std::vector<GreyImage> images = SomeImages(Charuco(), 1);
  images.push_back(GreyImage{320, 240, std::vector<std::uint8_t>(320 * 240, 9)});
  try {
    static_cast<void>(DetectAt30Hz({Charuco()}, {Camera("left", images)}));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("camera left: image 1 is 320 x 240 pixels"));
  }
}

TEST(DetectBoards, RefusesTimeStampsThatDoNotFitTheImages) {
  const FrameGrouping grouping = GroupByTime({"c1"}, {{0.0, 0.1}}, 0.01);
  try {
    static_cast<void>(DetectBoards({Charuco()}, {Camera("c1", SomeImages(Charuco()))}, grouping, {},
                                   Parallelism(1)));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("has 3 images, but the time stamps have 2 rows"));
  }
}

TEST(DetectBoards, WarnsOfAVideoThatEndsBeforeItsStatedEnd) {
  const CameraImages cut{"c1", std::make_shared<MemoryImages>(SomeImages(Charuco()), 40)};
  const BoardDetection detection = DetectAt30Hz({Charuco()}, {cut});
  EXPECT_EQ(detection.observations.views.size(), 3U);
  EXPECT_THAT(detection.cameras[0].warnings,
              ElementsAre(HasSubstr("memory ends after 3 images but states 43: it was cut short")));
}

TEST(DetectBoards, WarnsWhereCamerasHaveUnequalNumbersOfImages) {
  const BoardDetection detection = DetectAt30Hz(
      {Charuco()},
      {Camera("c1", SomeImages(Charuco(), 3)), Camera("c2", SomeImages(Charuco(), 2))});
  EXPECT_THAT(detection.cameras[0].warnings, IsEmpty());
  EXPECT_THAT(detection.cameras[1].warnings, ElementsAre(HasSubstr("has 2 images where another")));
}

}  // namespace
}  // namespace medius::capture::testing
