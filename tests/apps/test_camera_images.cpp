#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/camera_images.hpp"
#include "core/error.hpp"

namespace medius::apps {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A video of which only the rate is known.
class VideoOfRate : public capture::ImageSource {
 public:
  explicit VideoOfRate(double rate_hz) : rate_hz_(rate_hz) {}
  [[nodiscard]] std::optional<capture::SourceImage> Next() override { return std::nullopt; }
  void Rewind() override {}
  [[nodiscard]] std::size_t StatedCount() const override { return 10; }
  [[nodiscard]] double rate_hz() const override { return rate_hz_; }
  [[nodiscard]] std::string name() const override { return "video.mp4"; }

 private:
  double rate_hz_;
};

std::vector<capture::CameraImages> VideosOf(const std::vector<double>& rates) {
  std::vector<capture::CameraImages> cameras;
  for (const double rate : rates) {
    cameras.push_back(
        {"cam" + std::to_string(cameras.size() + 1), std::make_unique<VideoOfRate>(rate)});
  }
  return cameras;
}

TEST(GroupImages, RefusesVideosOfSeveralRatesWithoutTimeStamps) {
  EXPECT_DOUBLE_EQ(GroupImages({}, VideosOf({0.0, 30.0, 30.1}), nullptr).rate_hz, 30.0);
  try {
    (void)GroupImages({}, VideosOf({30.0, 25.0}), nullptr);
    FAIL() << "not refused";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("25 images/s, camera cam1 has 30"),
                                    HasSubstr("--timestamps"), HasSubstr("--rate-hz")));
  }
  ImageTiming stated;
  stated.rate_hz = 50.0;
  EXPECT_DOUBLE_EQ(GroupImages(stated, VideosOf({30.0, 25.0}), nullptr).rate_hz, 50.0);
}

}  // namespace
}  // namespace medius::apps
