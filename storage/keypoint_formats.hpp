#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "storage/input_file.hpp"
#include "storage/keypoint_import.hpp"

namespace medius::storage {

/// The readers behind OpenKeypoints. All throw InputError that names the file and the place.

/// Files NAME_<frame>_keypoints.json of one camera, one a frame (OpenPose's --write_json).
[[nodiscard]] std::unique_ptr<KeypointSource> OpenOpenPoseFolder(const std::filesystem::path& path);

/// MMPose: a list of {"frame_id", "instances": [{"keypoints": [[x, y], ...], "keypoint_scores":
/// [...]}, ...]}, as it is or as "instance_info" beside "meta_info". COCO results: a list of
/// {"image_id", "keypoints": [x, y, score, ...]}, one a person.
[[nodiscard]] std::unique_ptr<KeypointSource> OpenKeypointJson(InputFile file);

[[nodiscard]] bool LooksLikeDeepLabCutCsv(std::string_view head);
/// Header rows scorer, [individuals,] bodyparts, coords (x, y, likelihood); then one row a frame.
[[nodiscard]] std::unique_ptr<KeypointSource> OpenDeepLabCutCsv(InputFile file);

/// The same table as pandas keeps it in HDF5, in its formats "table" and "fixed".
[[nodiscard]] std::unique_ptr<KeypointSource> OpenDeepLabCutHdf5(const std::filesystem::path& path);

}  // namespace medius::storage
