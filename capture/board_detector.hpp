#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/board.hpp"
#include "capture/board_sighting.hpp"
#include "capture/frame_grouping.hpp"
#include "capture/grey_image.hpp"
#include "capture/image_source.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/target.hpp"

namespace medius::capture {

/// Finds one board in one image, to a fraction of a pixel.
/// @param mirrored  the image is mirrored: points come out in the pixels of the image that is not,
///                  x counted from the right (width - 1 - x).
/// @return no points where the board is not seen, or fewer than four of its points are.
[[nodiscard]] BoardSighting DetectBoard(const GreyImage& image, const Board& board, bool mirrored);

/// The images of one camera, in order.
struct CameraImages {
  std::string name;
  std::shared_ptr<ImageSource> source;
};

struct BoardDetectionOptions {
  /// Views with fewer points are dropped: they say little and are where mistakes hide.
  int min_points = 6;
  /// Of a camera that sees no board, this many images spread over it are looked at again for what
  /// else they show: a mirrored image, another dictionary, another board.
  int probe_images = 24;
  /// Names of cameras that are known to give mirrored images. A mirrored camera that is not named
  /// is found out by boards with markers alone: a chessboard looks the same in a mirror.
  std::vector<std::string> mirrored_cameras;
};

/// What was found in the images of one camera.
struct CameraBoards {
  std::string name;
  int width = 0;   ///< pixels
  int height = 0;  ///< pixels
  std::size_t images = 0;
  std::size_t views = 0;          ///< of any board
  std::size_t points = 0;         ///< in all views
  std::size_t dropped_views = 0;  ///< fewer than min_points
  double median_sigma = 0.0;      ///< pixels; NaN without points
  /// The images are mirrored; the points are in the pixels of the mirror image of what is stored.
  bool mirrored = false;
  /// What is wrong, one sentence each: nothing seen, and what was seen in its place.
  std::vector<std::string> warnings;
};

struct BoardDetection {
  TargetObservations observations;    ///< views by camera, then frame, then target
  std::vector<CameraBoards> cameras;  ///< in the order of the observations' cameras
  std::size_t frames = 0;             ///< instants of the grouping
};

/// Finds boards in the images of several cameras.
///
/// Images are read one after the other and looked at in parallel; memory holds a few at a time. The
/// result is the same for any number of threads.
///
/// @param grouping  one row a camera: which instant each image belongs to; images without one are
///                  skipped.
/// @throws InputError where a camera's images differ in size, where there are more or fewer than
/// the
///         grouping has, or where an image cannot be read.
[[nodiscard]] BoardDetection DetectBoards(const std::vector<Board>& boards,
                                          const std::vector<CameraImages>& cameras,
                                          const FrameGrouping& grouping,
                                          const BoardDetectionOptions& options,
                                          Parallelism parallelism, const WorkControl& control = {});

}  // namespace medius::capture
