#include "calibration/calibrate_wand.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/calibration_output.hpp"
#include "apps/calibration_settings.hpp"
#include "apps/command.hpp"
#include "apps/json_number.hpp"
#include "apps/output_guard.hpp"
#include "apps/preset_path.hpp"
#include "apps/provenance.hpp"
#include "apps/wand_sightings.hpp"
#include "apps/wand_toml.hpp"
#include "storage/rig_toml.hpp"

namespace medius::apps {
namespace {

using calibration::CalibrationOptions;
using calibration::CalibrationStatus;
using calibration::CameraNumbers;
using calibration::WandCalibration;
using calibration::WandDistance;
using calibration::WandOptions;

struct WandArguments {
  WandInput input;
  CalibrationSettings settings;
  std::string wand;
  CalibrationOutput output;
  std::size_t most_frames = WandOptions().most_frames;
  bool k3 = false;
};

// Index of k3 in a Brown-Conrady lens of five terms.
constexpr int kThirdRadialTerm = 8;

CameraModelKind ModelOf(const CalibrationOptions& options, std::size_t camera) {
  return options.model_of_camera.empty() ? options.model : options.model_of_camera[camera];
}

WandOptions OptionsFrom(const WandArguments& arguments, const calibration::DotObservations& dots,
                        const Wand& wand, Parallelism parallelism) {
  if (arguments.settings.AdvisesModel()) {
    throw CLI::ValidationError("--model",
                               "auto needs boards: a wand does not carry the difference "
                               "of lens models; name one");
  }
  WandOptions options;
  options.most_frames = arguments.most_frames;
  options.calibration =
      OptionsOf(arguments.settings, {dots.cameras, {wand.target}, {}}, parallelism);
  bool all_brown = true;
  for (std::size_t c = 0; c < dots.cameras.size(); ++c) {
    const CameraModelKind kind = ModelOf(options.calibration, c);
    all_brown = all_brown && kind == CameraModelKind::kBrownConrady5;
    if (kind != CameraModelKind::kKannalaBrandt4 || options.calibration.initial) continue;
    throw CLI::ValidationError("--model",
                               "a fisheye lens cannot be started from a wand alone; "
                               "give its intrinsics with --initial");
  }
  if (all_brown && !arguments.k3) options.calibration.held_intrinsics = {kThirdRadialTerm};
  return options;
}

void RequireCalibrated(const WandCalibration& calibration, const std::string& trial) {
  const auto& result = calibration.result;
  if (result.status == CalibrationStatus::kConverged) return;
  if (result.status == CalibrationStatus::kDegenerate) {
    throw NotComputed(fmt::format("{}: {}", trial, result.degeneracy.sentence));
  }
  throw NotComputed(fmt::format(
      "{}: the adjustment of the cameras did not converge in {} steps; check that frames of one "
      "number are of one instant, or start from a known rig with --initial",
      trial, result.iterations));
}

std::string SummaryText(const WandArguments& arguments, const WandCalibration& calibration) {
  const auto& result = calibration.result;
  std::string text = fmt::format(
      "{} frames with the wand, {} sightings: {} are markers, {} used, {} outliers\n"
      "noise of a sighting: {:.3f} {}\n",
      calibration.frames, calibration.dots, calibration.usable, calibration.used,
      result.outliers.size(), result.sigma,
      calibration.observations.views.front().sigma.empty() ? "px" : "of its stated sigma");
  for (const WandDistance& distance : calibration.distances) {
    text += fmt::format(
        "wand, marker {} to {}: {:.2f} mm (stated {:.2f}), sd {:.2f} mm in {} "
        "frames\n",
        distance.marker_a + 1, distance.marker_b + 1, 1e3 * distance.mean, 1e3 * distance.stated,
        1e3 * distance.sd, distance.frames);
  }
  std::size_t width = 6;
  for (const Camera& camera : result.rig.cameras) width = std::max(width, camera.name.size());
  text += fmt::format("{:<{}} {:>9} {:>8} {:>7} {:>9} {:>6}  {}\n", "camera", width, "sightings",
                      "outliers", "rms_px", "focal_px", "sd_px", "place_m");
  for (std::size_t c = 0; c < result.rig.cameras.size(); ++c) {
    const Camera& camera = result.rig.cameras[c];
    const CameraNumbers& numbers = result.cameras[c];
    const Eigen::Vector3d centre = camera.CentreInLab();
    text += fmt::format("{:<{}} {:>9} {:>8} {:>7.3f} {:>9.2f} {:>6.2f}  ({:.3f}, {:.3f}, {:.3f})\n",
                        camera.name, width, numbers.sightings, numbers.outliers, numbers.rms,
                        camera.model.intrinsics()[0], numbers.focal_sd, centre.x(), centre.y(),
                        centre.z());
  }
  if (arguments.settings.initial.empty()) {
    text += fmt::format(
        "note: the lab frame is that of camera {}; medius calibrate floor puts it "
        "on the floor\n",
        result.rig.cameras[0].name);
  }
  return text;
}

nlohmann::json SummaryJson(const WandCalibration& calibration) {
  const auto& result = calibration.result;
  nlohmann::json cameras = nlohmann::json::array();
  for (std::size_t c = 0; c < result.rig.cameras.size(); ++c) {
    const Camera& camera = result.rig.cameras[c];
    const CameraNumbers& numbers = result.cameras[c];
    const Eigen::Vector3d centre = camera.CentreInLab();
    cameras.push_back({{"name", camera.name},
                       {"width", camera.width},
                       {"height", camera.height},
                       {"model", medius::ToString(camera.model.kind())},
                       {"views", numbers.views},
                       {"sightings", numbers.sightings},
                       {"outliers", numbers.outliers},
                       {"rms_px", NumberOrNull(numbers.rms)},
                       {"focal_px", camera.model.intrinsics()[0]},
                       {"focal_sd_px", NumberOrNull(numbers.focal_sd)},
                       {"centre_m", {centre.x(), centre.y(), centre.z()}}});
  }
  nlohmann::json distances = nlohmann::json::array();
  for (const WandDistance& distance : calibration.distances) {
    distances.push_back({{"markers", {distance.marker_a + 1, distance.marker_b + 1}},
                         {"stated_mm", 1e3 * distance.stated},
                         {"mean_mm", NumberOrNull(1e3 * distance.mean)},
                         {"sd_mm", NumberOrNull(1e3 * distance.sd)},
                         {"frames", distance.frames}});
  }
  return {{"frames", calibration.frames},
          {"left_out_frames", calibration.left_out_frames},
          {"sightings", calibration.dots},
          {"standing_sightings", calibration.standing},
          {"usable_sightings", calibration.usable},
          {"used_sightings", calibration.used},
          {"outliers", result.outliers.size()},
          {"sigma", NumberOrNull(result.sigma)},
          {"sigma_is_of_stated", !calibration.observations.views.front().sigma.empty()},
          {"iterations", result.iterations},
          {"wand", distances},
          {"cameras", cameras},
          {"notes", calibration.remarks}};
}

nlohmann::json OptionsJson(const WandArguments& arguments, const WandOptions& options,
                           const TargetObservations& observations) {
  nlohmann::json json = CalibrationOptionsJson(options.calibration, observations);
  json.update({{"most_frames", options.most_frames}, {"labels", arguments.input.labels}});
  return json;
}

calibration::QualityInputs InputsOf(const WandCalibration& calibration, const std::string& name) {
  calibration::QualityInputs inputs;
  if (!calibration.distances.empty()) {
    const WandDistance& longest = calibration.distances.front();
    calibration::WandNumbers wand;
    wand.name = name;
    wand.nominal_length = longest.stated;
    wand.mean_length = longest.mean;
    wand.sd_length = longest.sd;
    wand.instants = longest.frames;
    inputs.wands.push_back(wand);
  }
  for (const std::string& remark : calibration.remarks) {
    inputs.findings.push_back({calibration::Severity::kNote, "wand", {}, remark, ""});
  }
  return inputs;
}

CalibrationReport ReportOf(const WandCalibration& calibration, const Wand& wand, double cpu_seconds,
                           const ProvenanceRecorder& provenance, const CommandContext& context) {
  CalibrationReport report;
  report.target = fmt::format("wand {} of {} markers", wand.target.name, wand.target.points.size());
  report.made = NowIso8601();
  report.cpu_seconds = cpu_seconds;
  report.observations = calibration.observations;
  report.result = calibration.result;
  calibration::QualityOptions options;
  options.parallelism = context.parallelism();
  report.quality = calibration::AssessQuality(report.observations, report.result,
                                              InputsOf(calibration, wand.target.name), options);
  report.provenance = provenance.Finish();
  return report;
}

void RunWand(const WandArguments& arguments, CommandContext& context) {
  ProvenanceRecorder provenance("calibrate wand", context);
  RequireFreeOutputs({arguments.output.rig, arguments.output.report},
                     {arguments.input.trial, arguments.wand});
  const std::filesystem::path wand_path = FindPreset(Preset::kWand, arguments.wand);
  const Wand wand = ReadWand(wand_path);
  provenance.AddInput(wand_path);
  CalibrationOutput output = arguments.output;
  std::optional<CameraRig> initial;
  if (!arguments.settings.initial.empty()) {
    initial = storage::ReadRig(arguments.settings.initial);
    provenance.AddInput(arguments.settings.initial);
    output.earlier = storage::ReadRigProvenance(arguments.settings.initial);
  }
  const calibration::DotObservations dots = ReadDots(arguments.input, wand, initial, context);
  provenance.AddInput(arguments.input.trial);
  const WandOptions options = OptionsFrom(arguments, dots, wand, context.parallelism());
  provenance.SetOptions(OptionsJson(arguments, options, {dots.cameras, {wand.target}, {}}));
  const std::clock_t begin = std::clock();
  const WandCalibration calibration =
      calibration::CalibrateWand(dots, wand.target, options, context.Work("calibrating", "steps"));
  const double cpu_seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  RequireCalibrated(calibration, arguments.input.trial);
  CalibrationReport report = ReportOf(calibration, wand, cpu_seconds, provenance, context);
  std::string text = SummaryText(arguments, calibration);
  nlohmann::json json = {{"wand_wave", SummaryJson(calibration)}};
  WriteCalibration(std::move(report), output, &text, &json, context);
  context.Print(text, json);
}

}  // namespace

void AddCalibrateWandCommand(CommandLine& commands) {
  auto arguments = std::make_shared<WandArguments>();
  CLI::App& command = commands.AddToGroup(
      "calibrate",
      "Calibration: from a board, a wand or both to a rig with covariance; the floor; has a camera "
      "moved",
      "wand",
      "A wand wave -> a rig with covariance. The sightings need no labels and the cameras no\n"
      "initial guess: which dot is which marker, lenses, places and the wand's poses are found\n"
      "together. The wand's stated length is the scale.\n"
      "Example: medius calibrate wand --wand wand.toml wand.trial.h5 -o rig.toml",
      [arguments](CommandContext& context) { RunWand(*arguments, context); });
  command.add_option("TRIAL", arguments->input.trial, "The trial with the cameras' sightings")
      ->required()
      ->option_text("TRIAL.h5");
  command
      .add_option("--wand", arguments->wand,
                  "The wand: a file with the markers' positions, or a preset "
                  "(virtual_lab_500, ...)")
      ->required()
      ->option_text("WAND.toml");
  command
      .add_option("--size", arguments->input.sizes,
                  "Size of all images, or of one camera's, in pixels; default: as the trial or the "
                  "initial rig says")
      ->option_text("WxH|CAM=WxH ...");
  command.add_option("--cameras", arguments->input.cameras, "Use only these cameras; default: all")
      ->option_text("CAM ...");
  command.add_flag(
      "--labels", arguments->input.labels,
      "Trust the trial's labels, under the names that the wand file gives its markers; "
      "default: labels are not looked at");
  command
      .add_option("--max-frames", arguments->most_frames,
                  "Frames to use; of a longer recording those that spread best over the images")
      ->check(CLI::Range(12, 100000))
      ->capture_default_str();
  command.add_flag("--k3", arguments->k3,
                   "Estimate the third radial term of the lenses too; default: it stays 0, or as "
                   "the initial rig has it, since a wand rarely carries it");
  AddCalibrationOptions(command, &arguments->settings);
  AddCalibrationOutputOptions(command, &arguments->output);
}

}  // namespace medius::apps
