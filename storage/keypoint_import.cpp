#include "storage/keypoint_import.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/input_file.hpp"
#include "storage/keypoint_formats.hpp"

namespace medius::storage {
namespace {

using Names = std::vector<std::string>;

// COCO's person keypoints (cocodataset.org, keypoint evaluation).
const Names kCoco17 = {"nose",          "left_eye",       "right_eye",  "left_ear",    "right_ear",
                       "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
                       "right_wrist",   "left_hip",       "right_hip",  "left_knee",   "right_knee",
                       "left_ankle",    "right_ankle"};

// OpenPose's order without and with the middle of the hips (its doc/02_output.md).
const Names kUpperOpenPose = {"nose",        "neck",          "right_shoulder", "right_elbow",
                              "right_wrist", "left_shoulder", "left_elbow",     "left_wrist"};
const Names kLegsOpenPose = {"right_hip", "right_knee", "right_ankle",
                             "left_hip",  "left_knee",  "left_ankle"};
const Names kFaceOpenPose = {"right_eye", "left_eye", "right_ear", "left_ear"};

Names Joined(std::initializer_list<Names> parts) {
  Names all;
  for (const Names& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::map<std::size_t, Names> MakeSkeletons() {
  const Names feet_coco = {"left_big_toe",  "left_small_toe",  "left_heel",
                           "right_big_toe", "right_small_toe", "right_heel"};
  const Names halpe26 = Joined({kCoco17,
                                {"head", "neck", "hip", "left_big_toe", "right_big_toe",
                                 "left_small_toe", "right_small_toe", "left_heel", "right_heel"}});
  const Names mpi_head = {"head",        "neck",          "right_shoulder", "right_elbow",
                          "right_wrist", "left_shoulder", "left_elbow",     "left_wrist"};
  std::map<std::size_t, Names> skeletons;
  skeletons[15] = Joined({mpi_head, kLegsOpenPose, {"chest"}});
  skeletons[17] = kCoco17;
  skeletons[18] = Joined({kUpperOpenPose, kLegsOpenPose, kFaceOpenPose});
  skeletons[23] = Joined({kCoco17, feet_coco});
  skeletons[25] = Joined({kUpperOpenPose, {"hip"}, kLegsOpenPose, kFaceOpenPose, feet_coco});
  skeletons[26] = halpe26;
  skeletons[133] = skeletons[23];  // COCO-WholeBody without face and hands
  skeletons[136] = halpe26;        // Halpe full body likewise
  return skeletons;
}

std::string_view Word(KeypointFormat format) {
  switch (format) {
    case KeypointFormat::kOpenPose:
      return "OpenPose";
    case KeypointFormat::kCoco:
      return "COCO results";
    case KeypointFormat::kMmpose:
      return "MMPose";
    case KeypointFormat::kDeepLabCut:
      return "DeepLabCut";
  }
  return "";
}

std::unique_ptr<KeypointSource> OpenFile(const std::filesystem::path& path) {
  InputFile file(path);
  const std::string head = file.ReadHead(4096);
  const std::size_t first = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (head.starts_with("\x89HDF")) return OpenDeepLabCutHdf5(path);
  if (first != std::string::npos && (head[first] == '[' || head[first] == '{')) {
    return OpenKeypointJson(std::move(file));
  }
  if (LooksLikeDeepLabCutCsv(head)) return OpenDeepLabCutCsv(std::move(file));
  throw InputError(
      fmt::format("{}: holds no keypoints that Medius reads: a folder of OpenPose JSON files, a "
                  "JSON file of MMPose or COCO results, or a CSV or HDF5 file of DeepLabCut (first "
                  "line: scorer,...) is expected",
                  path.string()));
}

}  // namespace

KeypointSource::~KeypointSource() = default;

void KeypointSource::RequireCount(std::size_t count, const std::string& where) {
  if (count_ == 0) {
    labels_ = SkeletonOfCount(count);
    if (labels_.empty() && offered_names_.size() == count) labels_ = offered_names_;
    if (labels_.empty()) {
      throw InputError(fmt::format(
          "{}: a person has {} keypoints; 15 (MPI), 17 (COCO), 18 (OpenPose COCO), 23 (COCO with "
          "feet), 25 (BODY_25), 26 (Halpe), 133 (COCO-WholeBody) or 136 (Halpe) are expected",
          where, count));
    }
    count_ = count;
  }
  if (count != count_) {
    throw InputError(fmt::format("{}: a person has {} keypoints where those before have {}", where,
                                 count, count_));
  }
}

const std::vector<std::string>& SkeletonOfCount(std::size_t count) {
  static const std::map<std::size_t, Names> kSkeletons = MakeSkeletons();
  static const Names kNone;
  const auto found = kSkeletons.find(count);
  return found == kSkeletons.end() ? kNone : found->second;
}

std::unique_ptr<KeypointSource> OpenKeypoints(const std::filesystem::path& path,
                                              std::optional<KeypointFormat> expected) {
  std::error_code error;
  auto source =
      std::filesystem::is_directory(path, error) ? OpenOpenPoseFolder(path) : OpenFile(path);
  if (expected && !source->format().starts_with(Word(*expected))) {
    throw InputError(fmt::format("{}: is {}, not {} as --format says", path.string(),
                                 source->format(), Word(*expected)));
  }
  return source;
}

void ScoreRule::Validate() const {
  if (!(std::isfinite(sigma_base_px) && sigma_base_px > 0.0)) {
    throw InputError(
        fmt::format("sigma_base_px is {}; a number > 0 px is expected", sigma_base_px));
  }
  if (!(smallest_score > 0.0 && smallest_score <= 1.0)) {
    throw InputError(
        fmt::format("smallest_score is {}; a number > 0 and <= 1 is expected", smallest_score));
  }
}

std::optional<double> ScoreRule::Sigma(double score) const {
  if (!(score >= smallest_score)) return std::nullopt;
  return sigma_base_px / std::min(score, 1.0);
}

}  // namespace medius::storage
