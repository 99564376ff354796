#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/frame_number.hpp"
#include "storage/keypoint_formats.hpp"
#include "storage/keypoint_json.hpp"

namespace medius::storage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kEnding = "_keypoints.json";
constexpr std::uint64_t kMostFileBytes = std::uint64_t{1} << 26U;
constexpr std::size_t kMostInstances = 32767;

struct FrameFile {
  std::int64_t number;
  fs::path path;
};

std::vector<FrameFile> FilesOf(const fs::path& folder) {
  std::vector<FrameFile> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(".json")) continue;
    const std::string_view base = std::string_view(name).substr(
        0, name.size() - (name.ends_with(kEnding) ? kEnding.size() : 5));
    const auto number = LastNumberIn(base);
    if (!number) {
      throw InputError(fmt::format("{}: names no frame; NAME_<number>{} is expected",
                                   entry->path().string(), kEnding));
    }
    files.push_back({*number, entry->path()});
  }
  if (error) throw InputError(fmt::format("{}: {}", folder.string(), error.message()));
  if (files.empty()) {
    throw InputError(
        fmt::format("{}: has no files NAME_<number>{}, which OpenPose's --write_json "
                    "makes",
                    folder.string(), kEnding));
  }
  std::sort(files.begin(), files.end(), [](const FrameFile& a, const FrameFile& b) {
    return a.number != b.number ? a.number < b.number : a.path < b.path;
  });
  for (std::size_t i = 1; i < files.size(); ++i) {
    if (files[i].number != files[i - 1].number) continue;
    throw InputError(
        fmt::format("{}: {} and {} are both frame {}; the files of one camera are "
                    "expected",
                    folder.string(), files[i - 1].path.filename().string(),
                    files[i].path.filename().string(), files[i].number));
  }
  return files;
}

class OpenPoseFolder : public KeypointSource {
 public:
  explicit OpenPoseFolder(const fs::path& folder)
      : KeypointSource("OpenPose JSON", true), files_(FilesOf(folder)) {}

  bool Next(KeypointFrame* frame) override {
    if (next_ == files_.size()) return false;
    const FrameFile& file = files_[next_++];
    const std::string where = file.path.string();
    const json document = ParseJson(InputFile(file.path).ReadAll(kMostFileBytes), where);
    if (!document.is_object() || !document.contains("people") || !document["people"].is_array() ||
        document["people"].size() > kMostInstances) {
      throw InputError(
          fmt::format("{}: has no list \"people\"; a file of OpenPose is expected", where));
    }
    frame->number = file.number;
    frame->instances.clear();
    for (const json& person : document["people"]) Add(person, where, frame);
    return true;
  }

 private:
  void Add(const json& person, const std::string& where, KeypointFrame* frame) {
    // Named pose_keypoints before version 1.0.
    const char* key = "pose_keypoints_2d";
    if (person.is_object() && !person.contains(key)) key = "pose_keypoints";
    if (!person.is_object() || !person.contains(key)) {
      throw InputError(fmt::format("{}: a person has no \"pose_keypoints_2d\"", where));
    }
    std::vector<Keypoint> points = KeypointsOfTriples(person[key], where);
    if (points.empty()) return;  // a face or hand without a body
    RequireCount(points.size(), where);
    points.resize(labels().size());
    frame->instances.push_back(
        {static_cast<std::int16_t>(frame->instances.size()), std::move(points)});
  }

  std::vector<FrameFile> files_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<KeypointSource> OpenOpenPoseFolder(const std::filesystem::path& path) {
  return std::make_unique<OpenPoseFolder>(path);
}

}  // namespace medius::storage
