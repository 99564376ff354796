#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "core/camera_rig.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trajectory_import.hpp"

namespace medius::apps {
namespace {

using storage::RigFormat;

struct ConvertArguments {
  std::string input;
  std::string output;
  std::string to;
  std::string unit = "m";
};

const char* ToString(RigFormat format) {
  return format == RigFormat::kMedius ? "medius" : "anipose";
}

// What was asked for, else the other one.
RigFormat TargetOf(const ConvertArguments& arguments, RigFormat source) {
  if (arguments.to == "medius") return RigFormat::kMedius;
  if (arguments.to == "anipose") return RigFormat::kAnipose;
  return source == RigFormat::kMedius ? RigFormat::kAnipose : RigFormat::kMedius;
}

void RunConvert(const ConvertArguments& arguments, CommandContext& context) {
  const double metres_per_unit = storage::MetresPerUnit(arguments.unit).value_or(1.0);
  storage::ImportedRig imported = storage::ImportRig(arguments.input, metres_per_unit);
  const RigFormat target = TargetOf(arguments, imported.format);
  const std::string text =
      target == RigFormat::kMedius
          ? storage::FormatRig(imported.rig)
          : storage::FormatAniposeRig(imported.rig, metres_per_unit, imported.warnings);
  for (const std::string& warning : imported.warnings) {
    context.Warn(arguments.input + ": " + warning);
  }
  storage::WriteTextFile(arguments.output, text);

  std::string summary =
      fmt::format("{}: {} cameras, {} to {}\n", arguments.output, imported.rig.cameras.size(),
                  ToString(imported.format), ToString(target));
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
                          {"from", ToString(imported.format)},
                          {"to", ToString(target)},
                          {"cameras", cameras},
                          {"warnings", context.warnings()}});
}

}  // namespace

void AddRigCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App& command = commands.AddToGroup(
      "rig", "Camera rigs: convert calibrations of other programs", "convert",
      "Convert a rig between Medius' TOML and that of Anipose, which Pose2Sim and caliscope read "
      "and write too.\nWhat kind IN is, its content says. The world frame stays as it is in the "
      "file: it becomes the lab frame (X the direction of running, Y left, Z up) only where it was "
      "calibrated as that.\nExample: medius rig convert Calib.toml -o rig.toml",
      [arguments](CommandContext& context) { RunConvert(*arguments, context); });
  command.add_option("IN", arguments->input, "The rig to convert")->required();
  command.add_option("-o,--output", arguments->output, "The file to write")
      ->required()
      ->type_name("OUT.toml");
  command
      .add_option("--to", arguments->to,
                  "Format to write: medius or anipose; default: the one that IN is not in")
      ->check(CLI::IsMember({"medius", "anipose"}));
  command
      .add_option(
          "--unit", arguments->unit,
          "Unit of the translations on Anipose's side: m (Pose2Sim, caliscope) or mm (Anipose "
          "with a board in mm). Medius' rigs are in metres")
      ->check(CLI::IsMember({"mm", "cm", "m"}))
      ->capture_default_str();
}

}  // namespace medius::apps
