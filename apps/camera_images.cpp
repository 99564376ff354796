#include "apps/camera_images.hpp"

#include <cmath>
#include <filesystem>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "capture/image_source.hpp"
#include "capture/time_stamp_table.hpp"
#include "core/error.hpp"
#include "storage/input_file.hpp"

namespace medius::apps {
namespace {

constexpr std::uint64_t kMostStampBytes = 1ULL << 30;
// Rates of two videos that differ by more than this share are two rates.
constexpr double kSameRate = 0.01;

// The common rate of the videos.
double RateOf(const ImageTiming& timing, const std::vector<capture::CameraImages>& cameras) {
  if (timing.rate_hz > 0.0) return timing.rate_hz;
  double rate = 0.0;
  std::string first;
  for (const capture::CameraImages& camera : cameras) {
    const double own = camera.source->rate_hz();
    if (own <= 0.0) continue;
    if (rate == 0.0) {
      rate = own;
      first = camera.name;
    } else if (std::abs(own - rate) > kSameRate * rate) {
      throw InputError(fmt::format(
          "{}: {:.4g} images/s, camera {} has {:.4g}; images of one number are not of one instant "
          "then: give --timestamps, or --rate-hz where the videos' own rates are wrong",
          camera.source->name(), own, first, rate));
    }
  }
  // Folders do not say; without a clock only the order of the images counts.
  return rate > 0.0 ? rate : 1.0;
}

}  // namespace

std::pair<std::string, std::string> SplitAssignment(const std::string& option,
                                                    const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw CLI::ValidationError(option, fmt::format("\"{}\" is not of the form CAM=VALUE", text));
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::vector<capture::CameraImages> OpenCameraImages(const std::vector<std::string>& videos,
                                                    ProvenanceRecorder* provenance) {
  std::vector<capture::CameraImages> cameras;
  std::set<std::string> names;
  for (const std::string& video : videos) {
    const auto [name, path] = SplitAssignment("--video", video);
    if (!names.insert(name).second) {
      throw CLI::ValidationError("--video", fmt::format("camera {} is named twice", name));
    }
    cameras.push_back({name, capture::OpenImages(path)});
    const bool is_kept = std::filesystem::is_regular_file(path) ||
                         std::filesystem::is_directory(path);  // not a device or a stream
    if (is_kept) provenance->AddInput(path);
  }
  return cameras;
}

void ImageTiming::Validate() const {
  if (rate_hz > 0.0 && !timestamps.empty()) {
    throw CLI::ValidationError("--rate-hz", "is for images without --timestamps");
  }
  if (tolerance > 0.0 && timestamps.empty()) {
    throw CLI::ValidationError("--sync-tolerance-s", "needs --timestamps");
  }
}

capture::FrameGrouping GroupImages(const ImageTiming& timing,
                                   const std::vector<capture::CameraImages>& cameras,
                                   ProvenanceRecorder* provenance) {
  if (timing.timestamps.empty()) return capture::GroupByNumber(RateOf(timing, cameras));
  const storage::InputFile file{std::filesystem::path(timing.timestamps)};
  const auto stamps = capture::ParseTimeStamps(file.ReadAll(kMostStampBytes), timing.timestamps);
  provenance->AddInput(timing.timestamps);
  std::vector<std::string> names;
  for (const capture::CameraImages& camera : cameras) names.push_back(camera.name);
  return capture::GroupByTimeStamps(names, stamps, timing.tolerance, timing.timestamps);
}

}  // namespace medius::apps
