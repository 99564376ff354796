#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/board_toml.hpp"
#include "core/error.hpp"

namespace medius::apps {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ReadBoardsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() /
            ("medius-board-" + std::to_string(::getpid()) + ".toml");
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::vector<capture::Board> Read(const std::string& text) const {
    std::ofstream(path_) << text;
    return ReadBoards(path_);
  }

  std::string ErrorOf(const std::string& text) const {
    try {
      static_cast<void>(Read(text));
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path path_;
};

TEST_F(ReadBoardsTest, ReadsACharucoBoardInMillimetres) {
  const auto boards = Read(
      "kind = \"charuco\"\nname = \"big\"\ncolumns = 7\nrows = 5\nsquare_mm = 40\nmarker_mm = 30\n"
      "dictionary = \"DICT_4X4_50\"\ninverted = true\n[back]\nfirst_marker_id = 17\n"
      "thickness_mm = 6\n");
  ASSERT_EQ(boards.size(), 1U);
  const capture::Board& board = boards[0];
  EXPECT_EQ(board.name, "big");
  EXPECT_DOUBLE_EQ(board.pitch, 0.04);
  EXPECT_DOUBLE_EQ(board.marker_ratio, 0.75);
  EXPECT_TRUE(board.inverted);
  ASSERT_TRUE(board.back.has_value());
  EXPECT_EQ(board.back->first_marker_id, 17);
  EXPECT_DOUBLE_EQ(board.back->thickness, 0.006);
}

TEST_F(ReadBoardsTest, TakesInnerCornersOfAChessboard) {
  const auto boards =
      Read("kind = \"chessboard\"\ninner_columns = 9\ninner_rows = 6\nsquare_m = 0.03\n");
  EXPECT_EQ(boards[0].columns, 10);
  EXPECT_EQ(boards[0].rows, 7);
}

TEST_F(ReadBoardsTest, TakesWhatKalibrPrintsForATagGrid) {
  const auto boards =
      Read("kind = \"apriltag_grid\"\ncolumns = 6\nrows = 6\ntag_cm = 8.8\ngap_ratio = 0.3\n");
  EXPECT_EQ(boards[0].dictionary, "DICT_APRILTAG_36h11");
  EXPECT_EQ(boards[0].border_bits, 2);
  EXPECT_TRUE(boards[0].rows_upward);
  EXPECT_DOUBLE_EQ(boards[0].pitch, 0.088);
}

TEST_F(ReadBoardsTest, ReadsSeveralBoards) {
  const auto boards = Read(
      "[[boards]]\nkind = \"asymmetric_circles\"\ncolumns = 4\nrows = 11\nspacing_mm = 20\n"
      "[[boards]]\nkind = \"chessboard\"\ncolumns = 8\nrows = 5\nsquare_mm = 30\n");
  ASSERT_EQ(boards.size(), 2U);
  EXPECT_NE(boards[0].name, boards[1].name);
  EXPECT_EQ(boards[1].columns, 8);
}

TEST_F(ReadBoardsTest, ReadsTheBoardOfCaliscope) {
  const std::string head =
      "columns = 4\nrows = 5\nboard_height = 11.0\nboard_width = 8.5\n"
      "dictionary = \"DICT_4X4_1000\"\nunits = \"inch\"\naruco_scale = 0.75\ninverted = true\n";
  const capture::Board stated = Read(head + "square_size_override_cm = 5.4\n")[0];
  EXPECT_EQ(stated.kind, capture::BoardKind::kCharuco);
  EXPECT_DOUBLE_EQ(stated.pitch, 0.054);
  EXPECT_DOUBLE_EQ(stated.marker_ratio, 0.75);
  EXPECT_TRUE(stated.inverted);
  // Without a stated size, what the paper has room for: 8.5 inches over 4 squares.
  EXPECT_DOUBLE_EQ(Read(head)[0].pitch, 0.0254 * 8.5 / 4.0);
}

TEST_F(ReadBoardsTest, ReadsTheBoardOfTheRealSession) {
  const std::filesystem::path real =
      std::filesystem::path(MEDIUS_REAL_DATA_DIR) / "charuco-4cam" / "charuco.toml";
  if (!std::filesystem::exists(real)) GTEST_SKIP() << "the recordings are not here";
  EXPECT_DOUBLE_EQ(ReadBoards(real)[0].pitch, 0.054);
}

TEST_F(ReadBoardsTest, NamesUnknownKeysMissingOnesAndWrongValues) {
  EXPECT_THAT(ErrorOf("kind = \"charuko\"\n"),
              AllOf(HasSubstr("line 1"), HasSubstr("\"charuco\"")));
  const std::string chess = "kind = \"chessboard\"\ncolumns = 8\nrows = 5\n";
  EXPECT_THAT(ErrorOf(chess), HasSubstr("square_mm is missing; square_mm, square_cm or square_m"));
  EXPECT_THAT(ErrorOf(chess + "square_mm = 30\nsquare_m = 0.03\n"), HasSubstr("in two units"));
  EXPECT_THAT(ErrorOf(chess + "square_mm = 30\ndictionary = \"DICT_4X4_50\"\n"),
              AllOf(HasSubstr("line 5"), HasSubstr("dictionary")));
  EXPECT_THAT(ErrorOf(chess + "square_mm = 30\ninner_rows = 4\n"), HasSubstr("say the same"));
  EXPECT_THAT(ErrorOf(chess + "square_mm = -30\n"), HasSubstr("positive"));
  EXPECT_THAT(ErrorOf("columns = 8\n"), HasSubstr("kind"));
}

}  // namespace
}  // namespace medius::apps
