// A recording that another program's users made: webcams, compressed video, a board in the hand.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/board_detector.hpp"

namespace medius::capture {
namespace {

TEST(DetectBoards, FindsTheBoardOfARealSessionInNearlyEveryImage) {
  const std::filesystem::path folder = std::filesystem::path(MEDIUS_REAL_DATA_DIR) / "charuco-4cam";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the recordings are not here";
  Board board;
  board.kind = BoardKind::kCharuco;
  board.columns = 4;
  board.rows = 5;
  board.pitch = 0.054;
  board.dictionary = "DICT_4X4_1000";
  board.inverted = true;
  std::vector<std::string> names;
  std::vector<CameraImages> cameras;
  for (const char* name : {"cam_0", "cam_1", "cam_2", "cam_3"}) {
    names.emplace_back(name);
    cameras.push_back({name, OpenImages(folder / (std::string(name) + ".mp4"))});
  }
  std::ifstream file(folder / "timestamps.csv");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const FrameGrouping grouping =
      GroupByTimeStamps(names, ParseTimeStamps(text, "timestamps.csv"), 0.0, "timestamps.csv");
  const BoardDetection detection = DetectBoards({board}, cameras, grouping, {}, Parallelism(2));
  EXPECT_EQ(detection.frames, 57U);
  // The rest shows the board edge-on or from behind.
  const std::vector<std::size_t> least_views{56, 46, 56, 40};
  for (std::size_t i = 0; i < 4; ++i) {
    const CameraBoards& camera = detection.cameras[i];
    EXPECT_EQ(camera.images, 57U);
    EXPECT_EQ(camera.width, 1280);
    EXPECT_GE(camera.views, least_views[i]) << camera.name;
    EXPECT_GE(camera.points, 11 * camera.views) << camera.name;
    EXPECT_FALSE(camera.mirrored);
    EXPECT_THAT(camera.warnings, ::testing::IsEmpty()) << camera.name;
  }
}

}  // namespace
}  // namespace medius::capture
