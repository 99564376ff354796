#include "apps/keypoint_import.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/provenance.hpp"
#include "core/error.hpp"
#include "storage/keypoint_blocks.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

namespace fs = std::filesystem;
using storage::CameraKeypoints;
using storage::KeypointBlocks;
using storage::KeypointFormat;

const std::map<std::string, KeypointFormat>& Formats() {
  static const std::map<std::string, KeypointFormat> kFormats = {
      {"openpose", KeypointFormat::kOpenPose}, {"coco", KeypointFormat::kCoco},
      {"rtmpose", KeypointFormat::kMmpose},    {"mmpose", KeypointFormat::kMmpose},
      {"dlc", KeypointFormat::kDeepLabCut},    {"deeplabcut", KeypointFormat::kDeepLabCut}};
  return kFormats;
}

std::vector<CameraKeypoints> CamerasOf(const KeypointArguments& arguments) {
  std::vector<CameraKeypoints> cameras;
  std::set<std::string> names;
  for (const std::string& entry : arguments.keypoints) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size()) {
      throw CLI::ValidationError("--keypoints", "\"" + entry + "\" is not CAMERA=PATH");
    }
    const std::string name = entry.substr(0, equals);
    if (!names.insert(name).second) {
      throw CLI::ValidationError("--keypoints", "camera " + name + " is given twice");
    }
    cameras.push_back({name, entry.substr(equals + 1), std::nullopt});
  }
  return cameras;
}

void TakeImageSizes(const std::string& rig_file, std::vector<CameraKeypoints>* cameras) {
  const CameraRig rig = storage::ReadRig(rig_file);
  std::vector<std::string> known;
  for (const Camera& camera : rig.cameras) known.push_back(camera.name);
  for (CameraKeypoints& camera : *cameras) {
    const auto id = rig.Find(camera.camera);
    if (!id) {
      throw InputError(fmt::format("{}: has no camera {}; it has {}", rig_file, camera.camera,
                                   fmt::join(known, ", ")));
    }
    camera.image = ImageSize{rig[*id].width, rig[*id].height};
  }
}

// A file as it is; a folder by its files, in the order of their names.
void AddInput(const fs::path& path, ProvenanceRecorder* provenance) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return provenance->AddInput(path);
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  // The first and the last stand for a folder of as many files as frames.
  provenance->AddInput(files.front());
  if (files.size() > 1) provenance->AddInput(files.back());
}

void WriteSightings(KeypointBlocks* blocks, storage::TrialWriter* writer, CommandContext& context) {
  const WorkControl control = context.Work("importing", "frames");
  while (const std::optional<ObservationBlock> block = blocks->Next()) {
    writer->AppendObservations(*block);
    // How many are still to come nobody knows before the files end.
    control.Report(block->frames.end(), block->frames.end());
  }
  blocks->RequirePixels();
}

nlohmann::json CameraJson(const std::vector<CameraKeypoints>& cameras,
                          const KeypointBlocks& blocks) {
  nlohmann::json all = nlohmann::json::array();
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    const storage::KeypointCounts& counts = blocks.counts()[c];
    all.push_back({{"camera", cameras[c].camera},
                   {"format", counts.format},
                   {"first_frame", counts.first_frame},
                   {"last_frame", counts.last_frame},
                   {"frames_with_anyone", counts.frames_with_anyone},
                   {"most_persons", counts.most_instances},
                   {"sightings", counts.sightings},
                   {"below_smallest_score", counts.below_threshold},
                   {"scores_above_one", counts.above_one},
                   {"outside_image", counts.outside_image}});
  }
  return all;
}

void PrintResult(const std::string& output, double rate_hz,
                 const std::vector<CameraKeypoints>& cameras, const KeypointBlocks& blocks,
                 CommandContext& context) {
  std::string text =
      fmt::format("{}: {} frames at {:g} Hz, {} keypoints of {} cameras\n", output,
                  blocks.frame_count(), rate_hz, blocks.labels().size(), cameras.size());
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    const storage::KeypointCounts& counts = blocks.counts()[c];
    text += fmt::format("  {:<12} {}: {} sightings in {} frames, up to {} persons at once\n",
                        cameras[c].camera, counts.format, counts.sightings,
                        counts.frames_with_anyone, counts.most_instances);
  }
  context.Print(text, {{"output", output},
                       {"frames", blocks.frame_count()},
                       {"rate_hz", rate_hz},
                       {"labels", blocks.labels()},
                       {"cameras", CameraJson(cameras, blocks)},
                       {"warnings", context.warnings()}});
}

}  // namespace

void AddKeypointOptions(CLI::App& command, KeypointArguments* arguments) {
  command
      .add_option(
          "--keypoints", arguments->keypoints,
          "In place of FILE: what a 2D pose estimator found in one camera; once a camera. A "
          "folder of OpenPose JSON files, a JSON file of MMPose (RTMPose) or COCO results, "
          "or a CSV or HDF5 file of DeepLabCut. Needs --rate")
      ->type_name("CAMERA=PATH")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--format", arguments->format,
                  "Refuse keypoints in any other format: openpose, coco, rtmpose (mmpose), dlc; "
                  "without it their content says")
      ->check(CLI::IsMember({"openpose", "coco", "rtmpose", "mmpose", "dlc", "deeplabcut"}));
  command
      .add_option("--rig", arguments->rig,
                  "Cameras whose names and image sizes the keypoints are checked against")
      ->type_name("RIG.toml");
  command
      .add_option("--sigma-base-px", arguments->rule.sigma_base_px,
                  "Standard deviation, in pixels, of a keypoint of score 1; one of score s has "
                  "that over s")
      ->check(CLI::Range(1e-3, 1e3))
      ->capture_default_str();
  command
      .add_option("--smallest-score", arguments->rule.smallest_score,
                  "Keypoints of a smaller score count as not seen")
      ->check(CLI::Range(1e-3, 1.0))
      ->capture_default_str();
}

void RunKeypointImport(const KeypointArguments& arguments, double rate_hz, TrialHeader header,
                       const std::string& output, CommandContext& context) {
  if (!(rate_hz > 0.0)) {
    throw CLI::ValidationError("--rate", "is needed with --keypoints, whose files do not say it");
  }
  ProvenanceRecorder provenance("import", context);
  std::vector<CameraKeypoints> cameras = CamerasOf(arguments);
  if (!arguments.rig.empty()) TakeImageSizes(arguments.rig, &cameras);
  std::optional<KeypointFormat> expected;
  if (!arguments.format.empty()) expected = Formats().at(arguments.format);
  KeypointBlocks blocks(cameras, arguments.rule, expected);
  for (const CameraKeypoints& camera : cameras) AddInput(camera.path, &provenance);
  if (!arguments.rig.empty()) provenance.AddInput(arguments.rig);
  provenance.SetOptions({{"sigma_base_px", arguments.rule.sigma_base_px},
                         {"smallest_score", arguments.rule.smallest_score},
                         {"rate_hz", rate_hz},
                         {"activity", header.activity}});
  if (header.trial.empty()) header.trial = fs::path(output).filename().stem().stem().string();
  if (header.created.empty()) header.created = FileTimeIso8601(cameras[0].path);
  std::vector<std::string> names;
  std::vector<std::optional<ImageSize>> sizes;
  for (const CameraKeypoints& camera : cameras) {
    names.push_back(camera.camera);
    sizes.push_back(camera.image);
  }
  storage::TrialWriter writer(output, context.parallelism());
  writer.WriteHeader(header);
  storage::TrialWriter::ObservationColumns columns;
  columns.sigma = columns.label = columns.instance = true;
  writer.BeginObservations(names, columns, sizes);
  WriteSightings(&blocks, &writer, context);
  writer.WriteTimeBase(TimeBase::Uniform(rate_hz, blocks.frame_count()));
  writer.WriteLabels(blocks.labels());
  for (const std::string& warning : blocks.Warnings()) context.Warn(warning);
  writer.WriteProvenance(provenance.Finish());
  writer.Commit();
  PrintResult(output, rate_hz, cameras, blocks, context);
}

}  // namespace medius::apps
