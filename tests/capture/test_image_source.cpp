#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/image_source.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ImageSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("medius-" + std::string(test->name()) + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A grey image of one value.
  void WritePgm(const std::string& name, char value) const {
    std::ofstream(folder_ / name, std::ios::binary) << "P5\n4 3\n255\n" << std::string(12, value);
  }

  // Raw video that FFmpeg reads: image i has grey value i.
  [[nodiscard]] std::string Y4m(int images) const {
    std::string text = "YUV4MPEG2 W64 H48 F25:1 Ip A1:1 Cmono\n";
    for (int i = 0; i < images; ++i) {
      text += "FRAME\n" + std::string(64 * 48, static_cast<char>(16 + 10 * i));
    }
    return text;
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  [[nodiscard]] std::string ErrorOf(const std::filesystem::path& path) const {
    try {
      const auto source = OpenImages(path);
      while (source->Next()) continue;
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

TEST_F(ImageSourceTest, ReadsAFolderInTheOrderOfItsNumbers) {
  WritePgm("img_10.pgm", 'c');
  WritePgm("img_2.pgm", 'b');
  WritePgm("img_001.pgm", 'a');
  Write("notes.txt", "no image");
  const auto source = OpenImages(folder_);
  EXPECT_EQ(source->StatedCount(), 3U);
  std::string seen;
  while (auto image = source->Next()) {
    EXPECT_EQ(image->index, seen.size());
    EXPECT_EQ(image->image.width, 4);
    EXPECT_EQ(image->image.height, 3);
    seen += static_cast<char>(image->image.pixels[5]);
  }
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(CountImages(*source), 0U);  // at its end, and rewound by counting
  EXPECT_EQ(CountImages(*source), 3U);
}

TEST_F(ImageSourceTest, ReadsAVideoTwiceAlike) {
  Write("a.y4m", Y4m(5));
  const auto source = OpenImages(folder_ / "a.y4m");
  EXPECT_DOUBLE_EQ(source->rate_hz(), 25.0);
  std::vector<int> first;
  while (auto image = source->Next()) first.push_back(image->image.pixels[100]);
  ASSERT_EQ(first.size(), 5U);
  EXPECT_LT(first[0], first[4]);
  source->Rewind();
  for (const int value : first) EXPECT_EQ(source->Next()->image.pixels[100], value);
}

TEST_F(ImageSourceTest, EndsBeforeTheImageAtWhichAVideoWasCut) {
  const std::string text = Y4m(5);
  Write("cut.y4m", text.substr(0, text.size() - 1500));
  const auto source = OpenImages(folder_ / "cut.y4m");
  EXPECT_EQ(CountImages(*source), 4U);
}

TEST_F(ImageSourceTest, NamesAnEmptyFolder) {
  EXPECT_THAT(ErrorOf(folder_), AllOf(HasSubstr(folder_.string()), HasSubstr("holds no image")));
}

TEST_F(ImageSourceTest, NamesAFileThatIsNoVideo) {
  Write("a.mp4", "this is text, and no video at all");
  EXPECT_THAT(ErrorOf(folder_ / "a.mp4"), AllOf(HasSubstr("a.mp4"), HasSubstr("no video")));
}

TEST_F(ImageSourceTest, NamesAnEmptyFileAndAMissingOne) {
  Write("a.mp4", "");
  EXPECT_THAT(ErrorOf(folder_ / "a.mp4"), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf(folder_ / "b.mp4"), HasSubstr("no such file"));
}

TEST_F(ImageSourceTest, NamesAnImageThatCannotBeRead) {
  WritePgm("1.pgm", 'a');
  Write("2.png", "no picture");
  EXPECT_THAT(ErrorOf(folder_), HasSubstr("2.png: is no image"));
}

TEST_F(ImageSourceTest, PrintsNothingAboutAVideoThatLostItsIndex) {
  const std::filesystem::path real =
      std::filesystem::path(MEDIUS_REAL_DATA_DIR) / "charuco-4cam" / "cam_0.mp4";
  if (!std::filesystem::exists(real)) GTEST_SKIP() << "the recordings are not here";
  std::ifstream file(real, std::ios::binary);
  std::string head(700000, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  Write("cut.mp4", head);
  ::testing::internal::CaptureStderr();
  const std::string error = ErrorOf(folder_ / "cut.mp4");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(error, HasSubstr("cut short before its index was written"));
}

}  // namespace
}  // namespace medius::capture
