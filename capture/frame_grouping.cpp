#include "capture/frame_grouping.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

struct StampedImage {
  double time = 0.0;
  std::size_t camera = 0;
  std::size_t image = 0;
};

void RequireAscending(const std::string& camera, const std::vector<double>& times) {
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (std::isfinite(times[i]) && (i == 0 || times[i] > times[i - 1])) continue;
    throw InputError(fmt::format(
        "camera {}: the time of image {} is {} s{}; times that ascend are expected", camera, i,
        times[i], i == 0 ? std::string() : fmt::format(" after {} s", times[i - 1])));
  }
}

// Half the median interval of the fastest camera: beyond it an image is nearer to the next instant.
double DefaultTolerance(const std::vector<std::vector<double>>& times) {
  double fastest = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& row : times) {
    if (row.size() < 2) continue;
    std::vector<double> steps;
    for (std::size_t i = 1; i < row.size(); ++i) steps.push_back(row[i] - row[i - 1]);
    std::nth_element(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2),
                     steps.end());
    fastest = std::min(fastest, steps[steps.size() / 2]);
  }
  return std::isfinite(fastest) ? 0.5 * fastest : 0.005;
}

std::vector<StampedImage> InOrderOfTime(const std::vector<std::vector<double>>& times) {
  std::vector<StampedImage> all;
  for (std::size_t camera = 0; camera < times.size(); ++camera) {
    for (std::size_t image = 0; image < times[camera].size(); ++image) {
      all.push_back({times[camera][image], camera, image});
    }
  }
  std::sort(all.begin(), all.end(), [](const StampedImage& a, const StampedImage& b) {
    return std::pair(a.time, a.camera) < std::pair(b.time, b.camera);
  });
  return all;
}

void WarnOfLoners(const std::vector<std::string>& cameras, std::size_t together,
                  FrameGrouping& grouping) {
  if (cameras.size() > 1 && together == 0) {
    grouping.warnings.emplace_back(
        "no two cameras have an image at one instant: the clocks differ or the tolerance is too "
        "small");
  }
}

bool NamesCamera(std::string_view in_table, std::string_view camera) {
  if (in_table == camera) return true;
  const bool number = !in_table.empty() && std::all_of(in_table.begin(), in_table.end(),
                                                       [](char c) { return c >= '0' && c <= '9'; });
  if (!number || camera.size() <= in_table.size() || !camera.ends_with(in_table)) return false;
  const char before = camera[camera.size() - in_table.size() - 1];
  return before < '0' || before > '9';
}

std::vector<TimeStamp> StampsOf(const std::string& camera, const std::vector<TimeStamp>& stamps,
                                std::string_view where) {
  std::vector<TimeStamp> own;
  for (const TimeStamp& stamp : stamps) {
    if (NamesCamera(stamp.camera, camera)) own.push_back(stamp);
  }
  if (own.empty()) {
    std::vector<std::string> known;
    known.reserve(stamps.size());
    for (const TimeStamp& stamp : stamps) known.push_back(stamp.camera);
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    throw InputError(fmt::format("{}: has no row of camera {}; it has {}", where, camera,
                                 fmt::join(known, ", ")));
  }
  std::stable_sort(own.begin(), own.end(), [](const TimeStamp& a, const TimeStamp& b) {
    return std::pair(a.sync_index.value_or(0), a.time) <
           std::pair(b.sync_index.value_or(0), b.time);
  });
  return own;
}

// Instants numbered from 0 in the order of the table's sync_index.
FrameGrouping GroupBySyncIndex(const std::vector<std::vector<TimeStamp>>& by_camera) {
  std::vector<std::size_t> instants;
  for (const auto& row : by_camera) {
    for (const TimeStamp& stamp : row) instants.push_back(*stamp.sync_index);
  }
  std::sort(instants.begin(), instants.end());
  instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
  FrameGrouping grouping;
  grouping.frames = instants.size();
  for (const auto& row : by_camera) {
    auto& images = grouping.images.emplace_back();
    for (const TimeStamp& stamp : row) {
      const auto at = std::lower_bound(instants.begin(), instants.end(), *stamp.sync_index);
      images.push_back(GroupedImage{static_cast<std::size_t>(at - instants.begin()), stamp.time});
    }
  }
  return grouping;
}

}  // namespace

std::optional<GroupedImage> FrameGrouping::Find(std::size_t camera, std::size_t image) const {
  if (rate_hz > 0.0) return GroupedImage{image, static_cast<double>(image) / rate_hz};
  MEDIUS_CHECK(camera < images.size(), "a grouping has a row for each camera");
  if (image >= images[camera].size()) return std::nullopt;
  return images[camera][image];
}

FrameGrouping GroupByNumber(double rate_hz) {
  if (!(std::isfinite(rate_hz) && rate_hz > 0.0)) {
    throw InputError(fmt::format(
        "images are grouped by number, but their rate is {} Hz; give a positive rate", rate_hz));
  }
  FrameGrouping grouping;
  grouping.rate_hz = rate_hz;
  return grouping;
}

FrameGrouping GroupByTime(const std::vector<std::string>& cameras,
                          const std::vector<std::vector<double>>& times, double tolerance) {
  MEDIUS_CHECK(cameras.size() == times.size(), "one row of times a camera");
  if (!(std::isfinite(tolerance) && tolerance >= 0.0)) {
    throw InputError(
        fmt::format("the tolerance of grouping is {} s; 0 or more is expected", tolerance));
  }
  FrameGrouping grouping;
  for (std::size_t camera = 0; camera < times.size(); ++camera) {
    RequireAscending(cameras[camera], times[camera]);
    grouping.images.emplace_back(times[camera].size());
  }
  const double limit = tolerance > 0.0 ? tolerance : DefaultTolerance(times);
  const std::vector<StampedImage> all = InOrderOfTime(times);
  std::size_t together = 0;
  for (std::size_t i = 0; i < all.size();) {
    // An instant opens with the earliest image left and closes at the tolerance or where a camera
    // comes a second time.
    std::vector<bool> has(times.size(), false);
    std::size_t end = i;
    while (end < all.size() && all[end].time - all[i].time <= limit && !has[all[end].camera]) {
      has[all[end].camera] = true;
      const StampedImage& image = all[end++];
      grouping.images[image.camera][image.image] = GroupedImage{grouping.frames, image.time};
    }
    if (end - i > 1) ++together;
    ++grouping.frames;
    i = end;
  }
  WarnOfLoners(cameras, together, grouping);
  return grouping;
}

FrameGrouping GroupByTimeStamps(const std::vector<std::string>& cameras,
                                const std::vector<TimeStamp>& stamps, double tolerance,
                                std::string_view where) {
  std::vector<std::vector<TimeStamp>> by_camera;
  bool indexed = true;
  for (const std::string& camera : cameras) {
    by_camera.push_back(StampsOf(camera, stamps, where));
    for (const TimeStamp& stamp : by_camera.back()) indexed = indexed && stamp.sync_index;
  }
  if (!indexed) {
    std::vector<std::vector<double>> times;
    for (const auto& row : by_camera) {
      auto& own = times.emplace_back();
      own.reserve(row.size());
      for (const TimeStamp& stamp : row) own.push_back(stamp.time);
    }
    return GroupByTime(cameras, times, tolerance);
  }
  for (std::size_t camera = 0; camera < cameras.size(); ++camera) {
    const auto& row = by_camera[camera];
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (*row[i].sync_index != *row[i - 1].sync_index) continue;
      throw InputError(fmt::format("{}: camera {} has sync_index {} twice", where, cameras[camera],
                                   *row[i].sync_index));
    }
  }
  return GroupBySyncIndex(by_camera);
}

}  // namespace medius::capture
