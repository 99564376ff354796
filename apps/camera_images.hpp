#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apps/provenance.hpp"
#include "capture/board_detector.hpp"
#include "capture/frame_grouping.hpp"

namespace medius::apps {

/// Which images of several cameras are of one instant, as the user typed it.
struct ImageTiming {
  std::string timestamps;  ///< CSV; empty: images are grouped by their number
  double rate_hz = 0.0;    ///< of images grouped by number; 0: that of the videos
  double tolerance = 0.0;  ///< seconds, of grouping by time; 0: half an interval

  /// @throws CLI::ValidationError (exit 2) where the options do not go together.
  void Validate() const;
};

/// "cam=path" taken apart. @throws CLI::ValidationError where it is not of this form.
[[nodiscard]] std::pair<std::string, std::string> SplitAssignment(const std::string& option,
                                                                  const std::string& text);

/// Opens the videos, or folders of images, and names them in the provenance.
/// @param videos  "CAM=PATH" each, as --video has them.
/// @throws CLI::ValidationError (exit 2) where a camera is named twice, InputError where a video
///         cannot be read.
[[nodiscard]] std::vector<capture::CameraImages> OpenCameraImages(
    const std::vector<std::string>& videos, ProvenanceRecorder* provenance);

/// Groups images by the time stamps, or by their number where there are none. A table of time
/// stamps goes into the provenance.
/// @throws InputError where videos that are grouped by number have several rates, or as
///         ParseTimeStamps and GroupByTimeStamps.
[[nodiscard]] capture::FrameGrouping GroupImages(const ImageTiming& timing,
                                                 const std::vector<capture::CameraImages>& cameras,
                                                 ProvenanceRecorder* provenance);

}  // namespace medius::apps
