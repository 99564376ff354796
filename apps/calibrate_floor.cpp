#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "apps/floor_input.hpp"
#include "apps/floor_report.hpp"
#include "apps/l_frame_toml.hpp"
#include "apps/output_guard.hpp"
#include "apps/preset_path.hpp"
#include "apps/provenance.hpp"
#include "calibration/belt_floor.hpp"
#include "calibration/board_floor.hpp"
#include "calibration/l_frame.hpp"
#include "core/error.hpp"
#include "storage/rig_toml.hpp"

namespace medius::apps {
namespace {

using calibration::FloorResult;
using calibration::FloorStatus;

constexpr double kDegree = std::numbers::pi / 180.0;
constexpr double kMillimetre = 1e-3;
constexpr const char* kSources[] = {"--l-frame", "--board", "--points", "--coordinates", "--belt"};
constexpr double kBeltSlope = 12.0 * kDegree;
// An L-frame stands still: some minutes are plenty. A belt repeats itself.
constexpr std::size_t kMostStillFrames = 20'000;
constexpr std::size_t kMostBeltFrames = 3'000;

std::vector<std::string> Words(const std::string& option, const std::string& text,
                               std::size_t count) {
  std::vector<std::string> words = CLI::detail::split(text, ',');
  const bool empty =
      std::any_of(words.begin(), words.end(), [](const std::string& word) { return word.empty(); });
  if (words.size() == count && !empty) return words;
  throw CLI::ValidationError(
      option, fmt::format("\"{}\": {} values with commas between are expected", text, count));
}

std::vector<double> Numbers(const std::string& option, const std::string& text, std::size_t count) {
  std::vector<double> numbers;
  for (const std::string& word : Words(option, text, count)) {
    double number = 0.0;
    if (!CLI::detail::lexical_cast(word, number) || !std::isfinite(number)) {
      throw CLI::ValidationError(option, fmt::format("\"{}\" is not a number", word));
    }
    numbers.push_back(number);
  }
  return numbers;
}

struct FloorArguments {
  const CLI::App* app = nullptr;  // to ask which options were typed
  std::string trial;
  std::string rig;
  std::string output;
  std::string l_frame;
  std::string board;
  std::vector<std::string> videos;
  ImageTiming timing;
  std::string points;
  std::string coordinates;
  bool belt = false;
  std::optional<double> speed;
  std::string frames;
  std::string x_axis = "right";
  double thickness_mm = 0.0;
  double height_mm = 0.0;
  double turn_deg = 0.0;
  std::string origin_mm = "0,0,0";
  std::vector<std::string> below;
  double scale_limit_percent = 100.0 * calibration::PlausibilityOptions().scale_limit;
  double point_sd_mm = calibration::FloorOptions().point_sd / kMillimetre;
  double gate_px = calibration::RayMatchOptions().gate_px;
  int min_rays = calibration::RayMatchOptions().min_rays;

  [[nodiscard]] calibration::FloorOptions Options() const {
    calibration::FloorOptions options;
    options.plausibility.may_be_below = below;
    options.plausibility.scale_limit = 0.01 * scale_limit_percent;
    options.turn = turn_deg * kDegree;
    const std::vector<double> mm = Numbers("--origin-mm", origin_mm, 3);
    options.origin = kMillimetre * Eigen::Vector3d(mm[0], mm[1], mm[2]);
    options.point_sd = point_sd_mm * kMillimetre;
    return options;
  }
  [[nodiscard]] calibration::RayMatchOptions Matching() const {
    calibration::RayMatchOptions options;
    options.gate_px = gate_px;
    options.min_rays = min_rays;
    return options;
  }
  [[nodiscard]] calibration::StaticPointOptions StillPoints() const {
    calibration::StaticPointOptions options;
    options.matching = Matching();
    return options;
  }
};

// What each option is for; those that are not here are for any source.
struct OptionOfSources {
  const char* option;
  std::vector<const char*> sources;
};
const std::vector<OptionOfSources>& OptionsOfSources() {
  static const std::vector<OptionOfSources> options = {
      {"--video", {"--board"}},
      {"--timestamps", {"--board"}},
      {"--rate-hz", {"--board"}},
      {"--sync-tolerance-s", {"--board"}},
      {"--x-axis", {"--board"}},
      {"--thickness-mm", {"--board"}},
      {"--height-mm", {"--points"}},
      {"--speed", {"--belt"}},
      {"--frames", {"--l-frame", "--board", "--points", "--belt"}},
      {"--gate-px", {"--l-frame", "--belt"}},
      {"--min-rays", {"--l-frame", "--belt"}},
      {"--scale-limit-percent", {"--l-frame", "--board", "--belt"}}};
  return options;
}

// An option that would change nothing was typed with something else in mind.
void RefuseForeignOptions(const FloorArguments& arguments) {
  const CLI::App& app = *arguments.app;
  const auto is_typed = [&](const char* option) { return app.count(option) > 0; };
  const char* source = "";
  for (const char* known : kSources) {
    if (is_typed(known)) source = known;
  }
  for (const auto& [option, sources] : OptionsOfSources()) {
    if (!is_typed(option) || std::any_of(sources.begin(), sources.end(), is_typed)) continue;
    throw CLI::ValidationError(option, fmt::format("goes with {}, not with {}; leave it out",
                                                   fmt::join(sources, ", "), source));
  }
  if (is_typed("--scale-limit-percent") && arguments.belt && !arguments.speed) {
    throw CLI::ValidationError("--scale-limit-percent", "needs --speed where the floor is a belt");
  }
}

// Exactly one kind of floor, with what it needs.
void RequireOneSource(const FloorArguments& arguments) {
  const int sources = (arguments.l_frame.empty() ? 0 : 1) + (arguments.board.empty() ? 0 : 1) +
                      (arguments.points.empty() ? 0 : 1) + (arguments.coordinates.empty() ? 0 : 1) +
                      (arguments.belt ? 1 : 0);
  if (sources != 1) {
    throw CLI::ValidationError(
        "calibrate floor",
        "one of --l-frame, --board, --points, --coordinates and --belt is expected");
  }
  const bool of_trial = arguments.board.empty() && arguments.coordinates.empty();
  if (of_trial && arguments.trial.empty()) {
    throw CLI::ValidationError("calibrate floor", "the trial that shows it is missing: TRIAL.h5");
  }
  if (!of_trial && !arguments.trial.empty()) {
    throw CLI::ValidationError("calibrate floor",
                               "a trial is of no use here; leave " + arguments.trial + " out");
  }
  if (!arguments.board.empty() && arguments.videos.empty()) {
    throw CLI::ValidationError("--board", "needs --video CAMERA=FILE of the cameras that see it");
  }
  RefuseForeignOptions(arguments);
  arguments.timing.Validate();
}

void RefuseOverwriting(const FloorArguments& arguments) {
  std::vector<std::string> inputs = arguments.videos;
  for (const std::string& read :
       {arguments.trial, arguments.l_frame, arguments.board, arguments.timing.timestamps}) {
    inputs.push_back(read);
  }
  RequireFreeOutputs({arguments.output}, inputs);
}

// Labels of the L's markers that the trial has; by distances where fewer than three are known.
FloorResult LFrameFloor(const FloorArguments& arguments, const CameraRig& rig,
                        CommandContext& context, ProvenanceRecorder* provenance) {
  const std::filesystem::path l_frame = FindPreset(Preset::kLFrame, arguments.l_frame);
  const calibration::LFrame frame = ReadLFrame(l_frame);
  provenance->AddInput(l_frame);
  const FloorTrial trial = ReadFloorTrial(arguments.trial, rig, ParseFrames(arguments.frames),
                                          kMostStillFrames, context);
  std::vector<calibration::StaticPoint> points;
  std::vector<std::string> labels;
  for (const std::string& marker : frame.markers) {
    const auto label = std::find(trial.labels.begin(), trial.labels.end(), marker);
    if (label == trial.labels.end()) continue;
    const auto index = static_cast<std::int16_t>(label - trial.labels.begin());
    points.push_back(
        calibration::FindStaticPoint(rig, trial.block, index, arguments.StillPoints()));
    if (points.back().frames == 0) {
      points.pop_back();
      continue;
    }
    labels.push_back(marker);
  }
  if (labels.size() < 3) {
    labels.clear();
    points = calibration::FindStaticPoints(rig, trial.block, arguments.StillPoints());
  }
  return FloorFromLFrame(rig, frame, points, labels, arguments.Options());
}

calibration::BoardAxis AxisOf(const std::string& word) {
  if (word == "left") return calibration::BoardAxis::kMinusX;
  if (word == "down") return calibration::BoardAxis::kPlusY;
  if (word == "up") return calibration::BoardAxis::kMinusY;
  return calibration::BoardAxis::kPlusX;
}

FloorResult BoardFloor(const FloorArguments& arguments, const CameraRig& rig,
                       CommandContext& context, ProvenanceRecorder* provenance) {
  const TargetObservations observations = DetectFloorBoard(
      arguments.board, arguments.videos, arguments.timing, rig, context, provenance);
  calibration::BoardFloorOptions options;
  options.floor = arguments.Options();
  options.x_axis = AxisOf(arguments.x_axis);
  options.thickness = arguments.thickness_mm * kMillimetre;
  options.parallelism = context.parallelism();
  const ChosenFrames chosen = ParseFrames(arguments.frames);
  FrameRange frames;
  if (!arguments.frames.empty()) {
    std::size_t count = 0;
    for (const TargetView& view : observations.views) count = std::max(count, view.frame + 1);
    frames = chosen.In(count, "--video");
  }
  return FloorFromBoard(rig, observations, 0, frames, options);
}

FloorResult PointsFloor(const FloorArguments& arguments, const CameraRig& rig,
                        CommandContext& context) {
  const std::vector<std::string> labels = Words("--points", arguments.points, 3);
  const auto points =
      ReadLabelledPoints(arguments.trial, rig, labels, ParseFrames(arguments.frames),
                         arguments.StillPoints(), context);
  return FloorFromThreePoints(rig, points, labels, arguments.height_mm * kMillimetre,
                              arguments.Options());
}

FloorResult CoordinatesFloor(const FloorArguments& arguments, const CameraRig& rig) {
  const std::vector<double> x = Numbers("--coordinates", arguments.coordinates, 9);
  std::vector<Eigen::Vector3d> places;
  for (std::size_t i = 0; i < 9; i += 3) places.emplace_back(x[i], x[i + 1], x[i + 2]);
  return FloorFromCoordinates(rig, places, arguments.Options());
}

FloorResult BeltFloor(const FloorArguments& arguments, const CameraRig& rig,
                      CommandContext& context) {
  const FloorTrial trial =
      ReadFloorTrial(arguments.trial, rig, ParseFrames(arguments.frames), kMostBeltFrames, context);
  calibration::BeltTrackOptions tracking;
  tracking.matching = arguments.Matching();
  calibration::BeltFloorOptions options;
  options.floor = arguments.Options();
  options.stated_speed = arguments.speed;
  options.floor.plausibility.slope_limit = kBeltSlope;  // treadmills are inclined on purpose
  return FloorFromBelt(rig, FindBeltTracks(rig, trial.block, trial.time, tracking), options);
}

FloorResult FindFloor(const FloorArguments& arguments, const CameraRig& rig,
                      CommandContext& context, ProvenanceRecorder* provenance) {
  if (!arguments.board.empty()) return BoardFloor(arguments, rig, context, provenance);
  if (!arguments.coordinates.empty()) return CoordinatesFloor(arguments, rig);
  const FloorResult floor = !arguments.l_frame.empty()
                                ? LFrameFloor(arguments, rig, context, provenance)
                            : !arguments.points.empty() ? PointsFloor(arguments, rig, context)
                                                        : BeltFloor(arguments, rig, context);
  provenance->AddInput(arguments.trial);
  return floor;
}

nlohmann::json OptionsJson(const FloorArguments& arguments) {
  return {{"l_frame", std::filesystem::path(arguments.l_frame).filename().string()},
          {"board", std::filesystem::path(arguments.board).filename().string()},
          {"points", arguments.points},
          {"coordinates", arguments.coordinates},
          {"belt", arguments.belt},
          {"speed", arguments.speed ? nlohmann::json(*arguments.speed) : nlohmann::json()},
          {"frames", arguments.frames},
          {"rate_hz", arguments.timing.rate_hz},
          {"sync_tolerance_s", arguments.timing.tolerance},
          {"x_axis", arguments.x_axis},
          {"thickness_mm", arguments.thickness_mm},
          {"height_mm", arguments.height_mm},
          {"turn_deg", arguments.turn_deg},
          {"origin_mm", arguments.origin_mm},
          {"below", arguments.below},
          {"scale_limit_percent", arguments.scale_limit_percent},
          {"point_sd_mm", arguments.point_sd_mm},
          {"gate_px", arguments.gate_px},
          {"min_rays", arguments.min_rays}};
}

// A name that the rig does not have is a slip of the pen, like a misspelt option.
void RequireKnownBelow(const FloorArguments& arguments, const CameraRig& rig) {
  std::vector<std::string> names;
  for (const Camera& camera : rig.cameras) names.push_back(camera.name);
  for (const std::string& name : arguments.below) {
    if (rig.Find(name)) continue;
    throw CLI::ValidationError("--below", fmt::format("{} has no camera \"{}\" (there are {})",
                                                      arguments.rig, name, fmt::join(names, ", ")));
  }
}

void RunFloor(const FloorArguments& arguments, CommandContext& context) {
  RequireOneSource(arguments);
  RefuseOverwriting(arguments);
  ProvenanceRecorder provenance("calibrate floor", context);
  const CameraRig rig = storage::ReadRig(arguments.rig);
  provenance.AddInput(arguments.rig);
  provenance.SetOptions(OptionsJson(arguments));
  RequireKnownBelow(arguments, rig);
  const calibration::FloorOptions options = arguments.Options();
  options.Validate(rig);
  const FloorResult floor = FindFloor(arguments, rig, context, &provenance);
  const std::string& where = arguments.trial.empty() ? arguments.rig : arguments.trial;
  for (const std::string& warning : floor.warnings) context.Warn(warning);
  for (const calibration::RigDoubt& finding : floor.findings) {
    if (!finding.refuses) context.Warn(finding.sentence);
  }
  if (floor.status != FloorStatus::kFound) {
    throw NotComputed(fmt::format("{}: {}", where, floor.sentence));
  }
  const CameraRig on_floor = calibration::OnFloor(rig, floor);
  std::vector<StageProvenance> stages = storage::ReadRigProvenance(arguments.rig);
  stages.push_back(provenance.Finish());
  storage::WriteRig(arguments.output, on_floor, stages);
  nlohmann::json json = FloorJson(on_floor, floor);
  json["output"] = arguments.output;
  json["warnings"] = context.warnings();
  context.Print(fmt::format("{}: {} cameras on the floor of the {}\n", arguments.output,
                            on_floor.cameras.size(), floor.source) +
                    FloorText(on_floor, floor),
                json);
}

void AddSources(CLI::App& command, FloorArguments& arguments) {
  command.add_option("trial", arguments.trial, "Trial that shows the L-frame, points or belt")
      ->option_text("TRIAL.h5");
  command
      .add_option("--l-frame", arguments.l_frame,
                  "L-frame at rest in the trial: its markers' places in mm, the marker at the "
                  "origin, the arm along X")
      ->option_text("L.toml");
  command
      .add_option("--board", arguments.board,
                  "Board that lies on the floor, print up, in the videos; its first point is the "
                  "origin")
      ->option_text("BOARD.toml");
  command
      .add_option("--video", arguments.videos, "Video or folder of images of a camera; repeat it")
      ->allow_extra_args(false)
      ->option_text("CAMERA=FILE");
  command
      .add_option("--timestamps", arguments.timing.timestamps,
                  "Table of the videos' time stamps; without it image i belongs to frame i")
      ->option_text("CSV");
  command
      .add_option("--rate-hz", arguments.timing.rate_hz,
                  "Images a second where they are grouped by number; default: as the videos say")
      ->check(CLI::PositiveNumber)
      ->option_text("HZ");
  command
      .add_option("--sync-tolerance-s", arguments.timing.tolerance,
                  "Most seconds between images of one instant where the time stamps have no "
                  "sync_index; default: half an interval of the fastest camera")
      ->check(CLI::PositiveNumber)
      ->option_text("S");
  command
      .add_option("--points", arguments.points,
                  "Labels of three markers at rest on the floor: origin, one ahead of it (X), one "
                  "to its left (Y)")
      ->option_text("ORIGIN,X,Y");
  command
      .add_option(
          "--coordinates", arguments.coordinates,
          "Three such places in the frame of the rig, metres; with = where the first is negative")
      ->option_text("=x,y,z,x,y,z,x,y,z");
  command.add_flag("--belt", arguments.belt,
                   "Marks on a running treadmill in the trial: its plane is the floor, X points "
                   "against their motion");
}

void AddPlace(CLI::App& command, FloorArguments& arguments) {
  command
      .add_option("--frames", arguments.frames,
                  "Frames to use, the first and the last, counted from 0; default: all")
      ->option_text("FIRST:LAST");
  command
      .add_option("--speed", arguments.speed,
                  "Speed that the treadmill shows, m/s: checks the size of the rig")
      ->check(CLI::PositiveNumber);
  command
      .add_option(
          "--x-axis", arguments.x_axis,
          "Direction on the board, as one reads it, that X points to: right, left, up or down")
      ->check(CLI::IsMember({"right", "left", "up", "down"}))
      ->capture_default_str();
  command
      .add_option("--thickness-mm", arguments.thickness_mm,
                  "Height of the board's print above the floor, mm")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--height-mm", arguments.height_mm,
                  "Height of the centres of the three markers above the floor, mm")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--turn-deg", arguments.turn_deg,
                  "Turn the lab's axes by this about Z, counter-clockwise from above, degrees")
      ->capture_default_str();
  command
      .add_option("--origin-mm", arguments.origin_mm,
                  "Place of the lab's origin in the frame that is found, mm; with = where negative")
      ->option_text("=x,y,z");
}

void AddJudgement(CLI::App& command, FloorArguments& arguments) {
  command
      .add_option("--below", arguments.below,
                  "Cameras that truly stand below the floor (a pit); others must be above it")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("CAMERA,...");
  command
      .add_option("--scale-limit-percent", arguments.scale_limit_percent,
                  "Refuse where lengths found differ from those stated by more than this, percent")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option(
          "--point-sd-mm", arguments.point_sd_mm,
          "How well the places of the markers (or the floor's evenness) are known, 1 sd, mm")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--gate-px", arguments.gate_px,
                  "Sightings without labels are of one point where they agree to this, pixels")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--min-rays", arguments.min_rays,
                  "Cameras that must see a point without a label; two agree by chance easily")
      ->check(CLI::Range(2, 64))
      ->capture_default_str();
}

}  // namespace

void AddCalibrateFloorCommand(CommandLine& commands) {
  auto arguments = std::make_shared<FloorArguments>();
  CLI::App& command = commands.AddToGroup(
      "calibrate",
      "Calibration: from a board, a wand or both to a rig with covariance; the floor; has a camera "
      "moved",
      "floor",
      "Put the lab frame on the floor: X the direction of running, Y to the left, Z up.\n"
      "From an L-frame, a board on the floor, three points, or marks on a running belt. A floor "
      "that\n"
      "cannot be (cameras below it, a mirrored or wrongly sized world) is refused with the "
      "reason.\n"
      "Examples: medius calibrate floor --rig rig.toml --l-frame l.toml static.trial.h5 -o "
      "lab.toml\n"
      "          medius calibrate floor --rig rig.toml --board board.toml --video cam1=1.mp4 "
      "--video "
      "cam2=2.mp4 --frames 100:200 -o lab.toml\n"
      "          medius calibrate floor --rig rig.toml --belt belt.trial.h5 -o lab.toml",
      [arguments](CommandContext& context) { RunFloor(*arguments, context); });
  arguments->app = &command;
  AddSources(command, *arguments);
  command.add_option("--rig", arguments->rig, "Calibrated cameras, in any frame")
      ->required()
      ->option_text("RIG.toml");
  command
      .add_option("-o,--output", arguments->output,
                  "The rig in the lab frame; may be that of --rig")
      ->required()
      ->option_text("RIG.toml");
  AddPlace(command, *arguments);
  AddJudgement(command, *arguments);
}

}  // namespace medius::apps
