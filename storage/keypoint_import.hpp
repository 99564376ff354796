#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medius::storage {

/// One keypoint of one detection, as the estimator wrote it.
struct Keypoint {
  double x = std::numeric_limits<double>::quiet_NaN();  ///< pixels; NaN where not seen
  double y = std::numeric_limits<double>::quiet_NaN();  ///< pixels
  double score = 0.0;                                   ///< of the estimator; NaN where it has none
};

/// One person (or animal) found in an image.
struct KeypointInstance {
  std::int16_t number = 0;       ///< of the detection in its image
  std::vector<Keypoint> points;  ///< by index of the skeleton
};

/// Everything found in one image of one camera.
struct KeypointFrame {
  std::int64_t number = 0;  ///< as the file counts
  std::vector<KeypointInstance> instances;
};

/// What a 2D pose estimator wrote of one camera, frame by frame in rising order; frames in which it
/// found nobody may be absent. Bounded memory, whatever the length.
class KeypointSource {
 public:
  virtual ~KeypointSource();
  KeypointSource(const KeypointSource&) = delete;
  KeypointSource& operator=(const KeypointSource&) = delete;

  /// "OpenPose JSON", "MMPose JSON", "COCO results JSON", "DeepLabCut CSV", "DeepLabCut HDF5".
  [[nodiscard]] std::string_view format() const { return format_; }
  /// True where every frame of the camera is listed, also those in which nobody was found.
  [[nodiscard]] bool lists_every_frame() const { return lists_every_frame_; }

  /// The next frame. @return false after the last.
  /// @throws InputError that names the file, the place and what is wrong there.
  [[nodiscard]] virtual bool Next(KeypointFrame* frame) = 0;

  /// Names of the keypoints, unique; empty as long as none was read from a file that does not name
  /// them itself.
  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }

 protected:
  KeypointSource(std::string_view format, bool lists_every_frame)
      : format_(format), lists_every_frame_(lists_every_frame) {}
  /// Keypoint count of an instance whose file does not name them: the first fixes the skeleton, any
  /// other must have as many.
  /// @throws InputError where no known skeleton has that many, or other instances have another
  ///         count.
  void RequireCount(std::size_t count, const std::string& where);
  [[nodiscard]] std::vector<std::string>& mutable_labels() { return labels_; }
  /// As RequireCount, where the file offers names for a skeleton that Medius does not know.
  std::vector<std::string> offered_names_;

 private:
  std::string_view format_;
  bool lists_every_frame_;
  std::size_t count_ = 0;  // keypoints of each instance in the file
  std::vector<std::string> labels_;
};

enum class KeypointFormat { kOpenPose, kCoco, kMmpose, kDeepLabCut };

/// Opens the keypoints of one camera: a folder of OpenPose JSON files, one a frame; a JSON file of
/// MMPose (RTMPose) or in the form of COCO results (also AlphaPose); a CSV or HDF5 file of
/// DeepLabCut. Which it is, the content says.
/// @param expected  refuses any other format where given.
/// @throws InputError where it is none of them.
[[nodiscard]] std::unique_ptr<KeypointSource> OpenKeypoints(
    const std::filesystem::path& path, std::optional<KeypointFormat> expected = std::nullopt);

/// How a score becomes a standard deviation in pixels. Estimators are not calibrated: a score only
/// ranks, and this rule states an assumption. A keypoint of score 1 is off by sigma_base_px, 1 sd
/// of each coordinate; one of score s by sigma_base_px / s; one of less than smallest_score is not
/// seen. Information (1 / sigma^2) then goes with the square of the score.
struct ScoreRule {
  /// Pixels. 20 to 30 mm are usual distances of markerless from marker-based joint centres, 5 to 8
  /// px at 4 m with a focal length of 1300 px; part of that is bias that all cameras share.
  double sigma_base_px = 5.0;
  double smallest_score = 0.3;  ///< 0 < score <= 1

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
  /// Pixels; nullopt where the keypoint counts as not seen. Scores above 1 count as 1.
  [[nodiscard]] std::optional<double> Sigma(double score) const;
};

/// Names of the keypoints of a skeleton by their count in a file (15, 17, 18, 23, 25, 26, 133,
/// 136); empty for another count. Of 133 and 136 the body and the feet alone.
[[nodiscard]] const std::vector<std::string>& SkeletonOfCount(std::size_t count);

}  // namespace medius::storage
