#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/observations.hpp"
#include "storage/keypoint_import.hpp"

namespace medius::storage {

/// Where one camera's keypoints stand.
struct CameraKeypoints {
  std::string camera;
  std::filesystem::path path;
  std::optional<ImageSize> image;  ///< pixels, where it is known
};

/// What was read of one camera.
struct KeypointCounts {
  std::string format;
  std::int64_t first_frame = -1;  ///< as its file counts; -1 where it has none
  std::int64_t last_frame = -1;   ///< likewise
  std::size_t frames_with_anyone = 0;
  std::size_t most_instances = 0;   ///< in one frame
  std::size_t sightings = 0;        ///< kept
  std::size_t below_threshold = 0;  ///< scores too small
  std::size_t above_one = 0;        ///< scores above 1, which count as 1
  std::size_t outside_image = 0;    ///< of the sightings kept
  double largest_coordinate = 0.0;  ///< pixels
};

/// Keypoints of several cameras as blocks of labelled sightings: label, sigma and the detection
/// that each belongs to. Frames are counted from the smallest number that any camera has; where a
/// camera has no frame of a number, it saw nobody. A stream of bounded memory.
class KeypointBlocks {
 public:
  /// @throws InputError as OpenKeypoints, and where the rule is out of range.
  KeypointBlocks(const std::vector<CameraKeypoints>& cameras, const ScoreRule& rule,
                 std::optional<KeypointFormat> expected);

  /// The next frames, all columns but radius, intensity and time_stamp; nullopt after the last.
  /// @throws InputError where a file is not as its format says, a score is below 0, or a number of
  ///         frames is missing that no recording has (a million).
  [[nodiscard]] std::optional<ObservationBlock> Next();

  [[nodiscard]] std::size_t frame_count() const { return next_; }  ///< so far
  /// Keypoints by label, so far: those of the first camera with anyone in it first.
  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }
  [[nodiscard]] const std::vector<KeypointCounts>& counts() const { return counts_; }
  /// What is odd about what was read so far, one line each, cameras by name.
  [[nodiscard]] std::vector<std::string> Warnings() const;
  /// @throws InputError where nothing was seen, or all coordinates are so small that they are no
  ///         pixels. After the last block.
  void RequirePixels() const;

 private:
  struct Input {
    CameraKeypoints camera;
    std::unique_ptr<KeypointSource> source;
    KeypointFrame frame;
    bool has_frame = false;
    std::vector<std::int16_t> label_of_point;
  };
  void Advance(std::size_t camera);
  void Add(std::size_t camera, CameraObservations* seen);
  void AddPoint(std::size_t camera, const KeypointInstance& instance, std::size_t point,
                CameraObservations* seen);
  [[nodiscard]] std::int16_t LabelOf(Input* input, std::size_t point);
  [[nodiscard]] bool AnyLeft() const;

  ScoreRule rule_;
  std::vector<Input> inputs_;
  std::vector<KeypointCounts> counts_;
  std::vector<std::string> labels_;
  std::map<std::string, std::int16_t> label_index_;
  std::int64_t first_ = 0;  // number of frame 0
  std::size_t next_ = 0;
};

}  // namespace medius::storage
