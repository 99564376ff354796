#include "capture/image_source.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "core/error.hpp"

namespace medius::capture {
namespace {

GreyImage Copy(const cv::Mat& grey) {
  GreyImage image;
  image.width = grey.cols;
  image.height = grey.rows;
  image.pixels.resize(grey.total());
  for (int y = 0; y < grey.rows; ++y) {
    std::memcpy(image.Row(y), grey.ptr(y), static_cast<std::size_t>(grey.cols));
  }
  return image;
}

GreyImage ToGrey(const cv::Mat& picture) {
  if (picture.channels() == 1) return Copy(picture);
  cv::Mat grey;
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  return Copy(grey);
}

class VideoSource : public ImageSource {
 public:
  explicit VideoSource(std::filesystem::path path) : path_(std::move(path)) { Rewind(); }

  std::optional<SourceImage> Next() override {
    cv::Mat picture;
    if (!video_.read(picture) || picture.empty()) return std::nullopt;
    return SourceImage{next_++, ToGrey(picture)};
  }

  void Rewind() override {
    next_ = 0;
    if (!video_.open(path_.string(), cv::CAP_FFMPEG) || !video_.isOpened()) {
      throw InputError(
          fmt::format("{}: is no video that can be decoded (not a video file, or cut short before "
                      "its index was "
                      "written); a video file or a folder of images is expected",
                      path_.string()));
    }
  }

  std::size_t StatedCount() const override {
    const double count = video_.get(cv::CAP_PROP_FRAME_COUNT);
    return count >= 1.0 && count < 1e12 ? static_cast<std::size_t>(count) : 0;
  }

  double rate_hz() const override {
    const double rate = video_.get(cv::CAP_PROP_FPS);
    return rate > 0.0 && rate < 1e6 ? rate : 0.0;
  }

  std::string name() const override { return path_.string(); }

 private:
  std::filesystem::path path_;
  cv::VideoCapture video_;
  std::size_t next_ = 0;
};

bool IsImageName(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* known : {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".pgm"}) {
    if (extension == known) return true;
  }
  return false;
}

// Digits by value, everything else by character: img_2 before img_10.
bool NaturalLess(const std::string& a, const std::string& b) {
  std::size_t i = 0;
  std::size_t j = 0;
  const auto digits = [](const std::string& text, std::size_t& at) {
    const std::size_t begin = at;
    while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
    const std::size_t nonzero = text.find_first_not_of('0', begin);
    return text.substr(std::min(nonzero, at), at - std::min(nonzero, at));
  };
  while (i < a.size() && j < b.size()) {
    const bool both = std::isdigit(static_cast<unsigned char>(a[i])) != 0 &&
                      std::isdigit(static_cast<unsigned char>(b[j])) != 0;
    if (both) {
      const std::string x = digits(a, i);
      const std::string y = digits(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
    }
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;  // 007 and 7
}

std::vector<std::filesystem::path> ListImages(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.is_regular_file() && IsImageName(entry.path())) files.push_back(entry.path());
  }
  if (error) {
    throw InputError(fmt::format("{}: cannot be listed: {}", folder.string(), error.message()));
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return NaturalLess(a.filename().string(), b.filename().string());
  });
  return files;
}

class FolderSource : public ImageSource {
 public:
  explicit FolderSource(const std::filesystem::path& folder)
      : folder_(folder), files_(ListImages(folder)) {
    if (files_.empty()) {
      throw InputError(fmt::format(
          "{}: the folder holds no image; PNG, JPEG, TIFF, BMP or PGM files are expected",
          folder.string()));
    }
  }

  std::optional<SourceImage> Next() override {
    if (next_ == files_.size()) return std::nullopt;
    const std::string file = files_[next_].string();
    const cv::Mat grey = cv::imread(file, cv::IMREAD_GRAYSCALE);
    if (grey.empty()) {
      throw InputError(fmt::format("{}: is no image that can be read; mend or remove it", file));
    }
    return SourceImage{next_++, Copy(grey)};
  }

  void Rewind() override { next_ = 0; }
  std::size_t StatedCount() const override { return files_.size(); }
  double rate_hz() const override { return 0.0; }
  std::string name() const override { return folder_.string(); }

 private:
  std::filesystem::path folder_;
  std::vector<std::filesystem::path> files_;
  std::size_t next_ = 0;
};

// A stage prints nothing, and neither do the libraries below it; what matters comes as an error.
void SilenceDecoders() {
  static const bool kDone = [] {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    // FFmpeg's AV_LOG_QUIET (the first time a source is opened, before the decoder starts), which
    // OpenCV takes only from here; what the user has set stays.
    return setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0) == 0;  // NOLINT(concurrency-mt-unsafe)
  }();
  static_cast<void>(kDone);
}

}  // namespace

std::unique_ptr<ImageSource> OpenImages(const std::filesystem::path& path) {
  SilenceDecoders();
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    throw InputError(fmt::format("{}: there is no such file or folder", path.string()));
  }
  if (std::filesystem::is_directory(status)) return std::make_unique<FolderSource>(path);
  if (std::filesystem::is_regular_file(status) && std::filesystem::file_size(path, error) == 0) {
    throw InputError(fmt::format("{}: is empty; a video file is expected", path.string()));
  }
  return std::make_unique<VideoSource>(path);
}

std::size_t CountImages(ImageSource& source) {
  std::size_t count = 0;
  while (source.Next()) ++count;
  source.Rewind();
  return count;
}

}  // namespace medius::capture
