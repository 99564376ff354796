#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "apps/output_guard.hpp"
#include "apps/provenance.hpp"
#include "core/camera_rig.hpp"
#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/rig_exchange.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::apps {
namespace {

using storage::RigFormat;

struct ConvertArguments {
  const CLI::App* app = nullptr;  // to ask which options were typed
  std::vector<std::string> inputs;
  std::string output;
  std::string to;
  std::string unit = "m";
  std::string origin = "centre";
  std::vector<int> image_size;
};

// What was asked for, else Medius' own, and Anipose's of that.
RigFormat TargetOf(const ConvertArguments& arguments, RigFormat source) {
  if (const auto asked = storage::RigFormatFromString(arguments.to)) return *asked;
  return source == RigFormat::kMedius ? RigFormat::kAnipose : RigFormat::kMedius;
}

storage::RigUnits UnitsOf(const ConvertArguments& arguments) {
  storage::RigUnits units;
  units.metres_per_unit = storage::MetresPerUnit(arguments.unit).value_or(1.0);
  if (arguments.origin == "corner") units.origin = storage::PixelOrigin::kCorner;
  if (!arguments.image_size.empty()) {
    units.image_size = ImageSize{arguments.image_size[0], arguments.image_size[1]};
  }
  return units;
}

// Whoever reads the folder takes all of its cameras for one rig.
void RequireNoOtherCameras(const std::filesystem::path& folder,
                           const std::vector<storage::RigText>& files) {
  std::vector<std::string> others;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const auto is_it = [&](const storage::RigText& file) { return file.name == name; };
    if (entry.path().extension() != ".cameramodel") continue;
    if (std::none_of(files.begin(), files.end(), is_it)) others.push_back(name);
  }
  if (others.empty()) return;
  std::sort(others.begin(), others.end());
  throw InputError(fmt::format(
      "{}: holds cameras of another rig ({}), which would become one with this; name an empty "
      "folder or remove them",
      folder.string(), fmt::join(others, ", ")));
}

// One file, or a folder of them where each camera is its own (and not just one was asked for).
void WriteFiles(const std::string& output, const std::vector<storage::RigText>& files) {
  constexpr std::string_view kModel = ".cameramodel";
  const bool names_one = output.size() > kModel.size() &&
                         output.compare(output.size() - kModel.size(), kModel.size(), kModel) == 0;
  if (files.front().name.empty() || (files.size() == 1 && names_one)) {
    storage::WriteTextFile(output, files.front().text);
    return;
  }
  if (names_one) {
    throw InputError(
        fmt::format("{}: mrcal has a file a camera and the rig has {}; name a folder for them",
                    output, files.size()));
  }
  std::error_code error;
  std::filesystem::create_directories(output, error);
  if (!std::filesystem::is_directory(output)) {
    throw InputError(fmt::format("{}: is no folder and cannot be made one ({})", output,
                                 error ? error.message() : "a file is there"));
  }
  RequireNoOtherCameras(output, files);
  for (const storage::RigText& file : files) {
    storage::WriteTextFile(std::filesystem::path(output) / file.name, file.text);
  }
}

// Formats whose translations have no unit of their own.
bool HasOpenUnit(RigFormat format) {
  return format == RigFormat::kAnipose || format == RigFormat::kOpenCv ||
         format == RigFormat::kMrcal;
}

// An option that would change nothing was typed with something else in mind.
void RefuseIdleOptions(const ConvertArguments& arguments, RigFormat source, RigFormat target) {
  const auto refuse = [&](const char* option, const char* why) {
    if (arguments.app->count(option) == 0) return;
    throw CLI::ValidationError(
        option, fmt::format("{} (this is {} to {}); leave it out", why, storage::ToString(source),
                            storage::ToString(target)));
  };
  if (!HasOpenUnit(source) && !HasOpenUnit(target)) {
    refuse("--unit", "is for files of Anipose, OpenCV and mrcal, the others say their own");
  }
  if (source == RigFormat::kMedius && target == RigFormat::kMedius) {
    refuse("--pixel-origin", "is that of another program's files");
  }
  if (source != RigFormat::kOpenCv) {
    refuse("--image-size", "is for OpenCV's files that do not say it");
  }
}

ProvenanceRecorder ProvenanceOf(const ConvertArguments& arguments, RigFormat source,
                                const CommandContext& context) {
  ProvenanceRecorder provenance("rig convert", context);
  for (const std::string& input : arguments.inputs) provenance.AddInput(input);
  provenance.SetOptions({{"from", storage::ToString(source)},
                         {"unit", arguments.unit},
                         {"pixel_origin", arguments.origin},
                         {"image_size", arguments.image_size}});
  return provenance;
}

void RunConvert(const ConvertArguments& arguments, CommandContext& context) {
  const storage::RigUnits units = UnitsOf(arguments);
  storage::ImportedRig imported =
      storage::ImportRig({arguments.inputs.begin(), arguments.inputs.end()}, units);
  const RigFormat target = TargetOf(arguments, imported.format);
  RefuseIdleOptions(arguments, imported.format, target);
  if (target != imported.format) RequireFreeOutputs({arguments.output}, arguments.inputs);
  const ProvenanceRecorder provenance = ProvenanceOf(arguments, imported.format, context);
  std::vector<std::string> losses;
  const auto warn = [&](const std::vector<std::string>& warnings) {
    for (const std::string& warning : warnings) {
      context.Warn(arguments.inputs.front() + ": " + warning);
    }
  };
  warn(imported.warnings);
  std::vector<storage::RigText> files = storage::FormatRigAs(target, imported.rig, units, losses);
  warn(losses);
  if (target == RigFormat::kMedius) {
    std::vector<StageProvenance> stages;
    if (imported.format == target) stages = storage::ReadRigProvenance(arguments.inputs.front());
    stages.push_back(provenance.Finish());
    files.front().text = storage::FormatRig(imported.rig, stages);
  }
  WriteFiles(arguments.output, files);

  std::string summary =
      fmt::format("{}: {} cameras, {} to {}\n", arguments.output, imported.rig.cameras.size(),
                  storage::ToString(imported.format), storage::ToString(target));
  nlohmann::json cameras = nlohmann::json::array();
  for (const Camera& camera : imported.rig.cameras) {
    const Eigen::Vector3d centre = camera.CentreInLab();
    summary += fmt::format("  {}  {} x {} px, f {:.1f} px, at ({:.3f}, {:.3f}, {:.3f}) m\n",
                           camera.name, camera.width, camera.height, camera.model.intrinsics()[0],
                           centre.x(), centre.y(), centre.z());
    cameras.push_back({{"name", camera.name},
                       {"width", camera.width},
                       {"height", camera.height},
                       {"model", medius::ToString(camera.model.kind())},
                       {"centre_m", {centre.x(), centre.y(), centre.z()}}});
  }
  context.Print(summary, {{"output", arguments.output},
                          {"from", storage::ToString(imported.format)},
                          {"to", storage::ToString(target)},
                          {"cameras", cameras},
                          {"warnings", context.warnings()}});
}

void AddUnitOptions(const std::shared_ptr<ConvertArguments>& arguments, CLI::App& command) {
  command
      .add_option("--unit", arguments->unit,
                  "Unit of the translations in Anipose's, OpenCV's and mrcal's files: m (Pose2Sim, "
                  "caliscope, mrcal) or that of the board (often mm). The others say their own")
      ->check(CLI::IsMember({"mm", "cm", "m"}))
      ->capture_default_str();
  command
      .add_option("--pixel-origin", arguments->origin,
                  "Where the other program's pixel (0, 0) lies: centre of the top-left pixel, as "
                  "OpenCV and Medius have it, or its corner (half a pixel off)")
      ->check(CLI::IsMember({"centre", "corner"}))
      ->capture_default_str();
  command
      .add_option("--image-size", arguments->image_size,
                  "Width and height in pixels, for OpenCV's files that do not say them (stereo "
                  "pairs, EasyMocap)")
      ->expected(2)
      ->delimiter('x')
      ->type_name("WxH")
      ->check(CLI::Range(1, 1000000));
}

}  // namespace

void AddRigCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App& command = commands.AddToGroup(
      "rig", "Camera rigs: convert calibrations of other programs", "convert",
      "Convert a rig between Medius' TOML and the files of other programs:\n"
      "  anipose    TOML of Anipose, Pose2Sim and caliscope\n"
      "  qualisys   .qca.txt of Qualisys Track Manager\n"
      "  opencv     YAML of cv::FileStorage (also EasyMocap's and ROS')\n"
      "  mrcal      .cameramodel, one file a camera: several files or a folder\n"
      "  kalibr     camchain YAML\n"
      "  vicon      .xcp, read only\n"
      "What kind IN is, its content says. The world frame stays as it is in the file: it becomes "
      "the lab frame (X the direction of running, Y left, Z up) only where it was calibrated as "
      "that. What a format cannot hold is named in a warning; a camera that it cannot express is "
      "refused. docs/import-export.md has the conventions of each.\n"
      "Examples: medius rig convert camera_array.toml -o rig.toml\n"
      "          medius rig convert rig.toml --to qualisys -o lab.qca.txt\n"
      "          medius rig convert cameras/*.cameramodel -o rig.toml",
      [arguments](CommandContext& context) { RunConvert(*arguments, context); });
  arguments->app = &command;
  command.add_option("IN", arguments->inputs, "The rig to convert: a file, files or a folder")
      ->required()
      ->expected(1, -1);
  command
      .add_option("-o,--output", arguments->output,
                  "The file to write; for mrcal the folder of its files")
      ->required()
      ->type_name("OUT");
  command
      .add_option("--to", arguments->to,
                  "Format to write; default: medius, and anipose where IN is Medius' own")
      ->check(CLI::IsMember({"medius", "anipose", "qualisys", "opencv", "mrcal", "kalibr"}));
  AddUnitOptions(arguments, command);
}

}  // namespace medius::apps
