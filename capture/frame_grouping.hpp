#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/time_stamp_table.hpp"

namespace medius::capture {

/// The instant to which an image of a camera belongs.
struct GroupedImage {
  std::size_t frame = 0;  ///< index of the instant, common to the cameras
  double time = 0.0;      ///< seconds at which this camera exposed, as it says
};

/// Which images of several cameras were taken at one instant: by a table, or by their number.
struct FrameGrouping {
  /// [camera][image]; nullopt for an image that stands alone. Empty where rate_hz counts.
  std::vector<std::vector<std::optional<GroupedImage>>> images;
  std::size_t frames = 0;  ///< number of instants; 0 where rate_hz counts
  /// Above 0, image i of every camera belongs to instant i, at i / rate_hz seconds.
  double rate_hz = 0.0;
  std::vector<std::string> warnings;  ///< one sentence each

  /// The instant of an image, nullopt where it has none or the table does not know the image.
  [[nodiscard]] std::optional<GroupedImage> Find(std::size_t camera, std::size_t image) const;
};

/// Image i of each camera belongs to instant i.
/// @throws InputError where the rate is not positive.
[[nodiscard]] FrameGrouping GroupByNumber(double rate_hz);

/// Images whose times lie within a tolerance belong to one instant, at most one of each camera.
/// @param times      [camera][image] seconds, ascending.
/// @param tolerance  seconds; 0 takes half the median interval of the fastest camera.
/// @throws InputError where times do not ascend.
[[nodiscard]] FrameGrouping GroupByTime(const std::vector<std::string>& cameras,
                                        const std::vector<std::vector<double>>& times,
                                        double tolerance);

/// Groups by a table: rows of one camera, by sync_index (else by time), are its images in order. A
/// table without sync_index is grouped by time.
/// @param cameras  a camera is that of the table if the names are equal or, for a table of numbers,
///                 the camera's name ends in that number ("cam_3").
/// @throws InputError that names a camera which the table does not have.
[[nodiscard]] FrameGrouping GroupByTimeStamps(const std::vector<std::string>& cameras,
                                              const std::vector<TimeStamp>& stamps,
                                              double tolerance, std::string_view where);

}  // namespace medius::capture
