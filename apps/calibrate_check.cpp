#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "apps/json_number.hpp"
#include "apps/output_guard.hpp"
#include "apps/provenance.hpp"
#include "apps/rig_frame.hpp"
#include "calibration/frame_sample.hpp"
#include "calibration/rig_check.hpp"
#include "core/error.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using calibration::CameraCheck;
using calibration::CameraVerdict;
using calibration::RigCheck;
using calibration::RigCheckOptions;

constexpr double kDegree = 3.14159265358979323846 / 180.0;
constexpr double kMillimetre = 1e-3;
// Sampled frames that lie this near are read in one go.
constexpr std::size_t kFramesAtOnce = 64;
// Larger moves are no longer small: the volume and the floor may no longer be what they were.
constexpr double kMostMendedTurn = 2.0 * kDegree;
constexpr double kMostMendedShift = 0.1;  // metres
constexpr std::size_t kFewestPoints = 100;

struct CheckArguments {
  std::string rig;
  std::string trial;
  bool refine = false;
  std::string output;
  std::size_t frames = 2000;
  double default_sigma_px = RigCheckOptions().default_sigma_px;
};

struct SampledTrial {
  ObservationBlock seen;
  std::vector<double> time;
};

std::vector<std::string> Names(const CameraRig& rig) {
  std::vector<std::string> names;
  for (const Camera& camera : rig.cameras) names.push_back(camera.name);
  return names;
}

// Names of some cameras.
std::vector<std::string> NamesOf(const CameraRig& rig, const std::vector<std::size_t>& which) {
  std::vector<std::string> names;
  names.reserve(which.size());
  for (const std::size_t c : which) names.push_back(rig.cameras[c].name);
  return names;
}

void RequireSameCameras(const CheckArguments& arguments, const CameraRig& rig,
                        const storage::TrialReader& trial) {
  if (!trial.Has(storage::TrialPart::kObservations)) {
    throw InputError(
        fmt::format("{}: has no /observations; a check needs what cameras saw", arguments.trial));
  }
  std::vector<std::string> known = Names(rig);
  std::vector<std::string> seen = trial.observation_cameras();
  std::sort(known.begin(), known.end());
  std::sort(seen.begin(), seen.end());
  if (known == seen) return;
  throw InputError(fmt::format("{}: saw cameras {}, but {} has {}; use the rig of this recording",
                               arguments.trial, fmt::join(seen, ", "), arguments.rig,
                               fmt::join(known, ", ")));
}

// Frame i of a block alone.
ObservationBlock FrameOf(const ObservationBlock& block, std::size_t frame) {
  ObservationBlock one;
  one.frames = {block.frames.first + frame, 1};
  for (const CameraObservations& camera : block.cameras) {
    const auto first = static_cast<std::ptrdiff_t>(camera.frame_start[frame]);
    const auto last = static_cast<std::ptrdiff_t>(camera.frame_start[frame + 1]);
    CameraObservations cut;
    cut.frame_start = {0, static_cast<std::uint64_t>(last - first)};
    cut.xy.assign(camera.xy.begin() + first, camera.xy.begin() + last);
    if (!camera.sigma.empty()) {
      cut.sigma.assign(camera.sigma.begin() + first, camera.sigma.begin() + last);
    }
    if (!camera.label.empty()) {
      cut.label.assign(camera.label.begin() + first, camera.label.begin() + last);
    }
    one.cameras.push_back(std::move(cut));
  }
  return one;
}

// The frames to look at. Those that lie near each other come from one block.
SampledTrial ReadSample(const CheckArguments& arguments, const CameraRig& rig,
                        const storage::TrialReader& trial, const WorkControl& control) {
  const std::vector<std::string> cameras = Names(rig);
  const std::vector<std::size_t> wanted =
      calibration::FramesToCheck(trial.time_base().frame_count(), arguments.frames);
  SampledTrial sample;
  for (std::size_t i = 0; i < wanted.size();) {
    std::size_t end = i + 1;
    while (end < wanted.size() && wanted[end] < wanted[i] + kFramesAtOnce) ++end;
    const FrameRange range{wanted[i], wanted[end - 1] - wanted[i] + 1};
    const ObservationBlock block = trial.ReadObservations(range, cameras);
    for (; i < end; ++i) {
      calibration::AppendFrames(FrameOf(block, wanted[i] - range.first), &sample.seen);
      sample.time.push_back(trial.time_base().time[wanted[i]]);
    }
    control.Report(i, wanted.size());
  }
  if (sample.seen.cameras.empty()) sample.seen.cameras.resize(cameras.size());
  return sample;
}

const char* ToString(CameraVerdict verdict) {
  switch (verdict) {
    case CameraVerdict::kStill:
      return "still";
    case CameraVerdict::kMoved:
      return "moved";
    case CameraVerdict::kZoomed:
      return "zoomed";
    case CameraVerdict::kAmbiguous:
      return "ambiguous";
    case CameraVerdict::kNotJudged:
      break;
  }
  return "not_judged";
}

std::string MoveText(const CameraCheck& camera) {
  std::string text = fmt::format("turned {:.3f} +- {:.3f} deg", camera.rotation.norm() / kDegree,
                                 camera.rotation_sd / kDegree);
  if (camera.turned_only) {
    return text + fmt::format(" about its centre (no shift seen: {:.1f} +- {:.1f} mm)",
                              camera.translation.norm() / kMillimetre,
                              camera.translation_sd / kMillimetre);
  }
  return text + fmt::format(" and shifted {:.1f} +- {:.1f} mm",
                            camera.translation.norm() / kMillimetre,
                            camera.translation_sd / kMillimetre);
}

std::string WhyNotJudged(const CameraCheck& camera) {
  if (camera.used < RigCheckOptions().judged_sightings) {
    return fmt::format("cannot be judged: {} of its {} sightings fit those of the others",
                       camera.used, camera.sightings);
  }
  return fmt::format(
      "cannot be judged: with {} sightings a turn below {:.2f} deg would pass unseen", camera.used,
      camera.seen_rotation / kDegree);
}

// A camera that sees as much as others, of which hardly anything fits: moved too far to be found.
bool SeesWhatDoesNotFit(const CameraCheck& camera) {
  return camera.verdict == CameraVerdict::kNotJudged &&
         camera.sightings > 10 * RigCheckOptions().judged_sightings &&
         camera.used < camera.sightings / 10;
}

// What is wrong with one camera; empty where nothing is.
std::string SentenceOn(const CameraRig& rig, const CameraCheck& camera, const std::string& name) {
  switch (camera.verdict) {
    case CameraVerdict::kMoved:
      return fmt::format("{} has moved: {}", name, MoveText(camera));
    case CameraVerdict::kZoomed:
      return fmt::format(
          "{} has changed its focal length by {:+.2f} +- {:.2f} % (zoom or focus), which is no "
          "rigid move: calibrate it anew",
          name, 100.0 * camera.zoom, 100.0 * camera.zoom_sd);
    case CameraVerdict::kAmbiguous:
      if (camera.instead.empty()) return "";  // told with the other one
      return fmt::format("{} or {} has moved ({} if it is {}), this trial cannot tell which", name,
                         fmt::join(NamesOf(rig, camera.instead), " or "), MoveText(camera), name);
    case CameraVerdict::kNotJudged:
      if (!SeesWhatDoesNotFit(camera)) return "";
      return fmt::format(
          "{} has probably moved far: {} of its {} sightings fit those of the others; calibrate it "
          "anew",
          name, camera.used, camera.sightings);
    case CameraVerdict::kStill:
      break;
  }
  return "";
}

std::vector<std::string> Sentences(const CameraRig& rig, const RigCheck& check) {
  std::vector<std::string> sentences;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const CameraCheck& camera = check.cameras[c];
    const std::string& name = rig.cameras[c].name;
    const std::string sentence = SentenceOn(rig, camera, name);
    if (!sentence.empty()) sentences.push_back(sentence);
    if (camera.change) {
      sentences.push_back(
          fmt::format("{} moved during the trial, at about {:.1f} s, by {:.3f} deg and {:.1f} mm",
                      name, camera.change->time, camera.change->rotation / kDegree,
                      camera.change->translation / kMillimetre));
    }
  }
  return sentences;
}

void WarnOf(const CameraRig& rig, const RigCheck& check, CommandContext& context) {
  for (const std::size_t c : check.With(CameraVerdict::kNotJudged)) {
    if (SeesWhatDoesNotFit(check.cameras[c])) continue;  // a sentence of its own
    context.Warn(fmt::format("{} {}; let the runner cross its view, or check with a longer trial",
                             rig.cameras[c].name, WhyNotJudged(check.cameras[c])));
  }
  if (check.no_majority) {
    context.Warn(
        "half of the cameras or more seem to have moved: which of them stand still is a guess; "
        "calibrate anew");
  }
}

nlohmann::json VectorJson(const Eigen::Vector3d& v, double unit) {
  return {v.x() / unit, v.y() / unit, v.z() / unit};
}

nlohmann::json CameraJson(const CameraRig& rig, const CameraCheck& camera,
                          const std::string& name) {
  nlohmann::json json = {
      {"name", name},
      {"verdict", ToString(camera.verdict)},
      {"sightings", camera.sightings},
      {"matched", camera.matched},
      {"used", camera.used},
      {"miss_px", NumberOrNull(camera.miss_px)},
      {"mended_miss_px", NumberOrNull(camera.mended_miss_px)},
      {"rotation_deg", camera.rotation.norm() / kDegree},
      {"rotation_sd_deg", NumberOrNull(camera.rotation_sd / kDegree)},
      {"rotation_camera_deg", VectorJson(camera.rotation, kDegree)},
      {"translation_mm", camera.translation.norm() / kMillimetre},
      {"translation_sd_mm", NumberOrNull(camera.translation_sd / kMillimetre)},
      {"translation_lab_mm", VectorJson(camera.translation, kMillimetre)},
      {"turned_only", camera.turned_only},
      {"zoom_percent", 100.0 * camera.zoom},
      {"zoom_sd_percent", NumberOrNull(100.0 * camera.zoom_sd)},
      {"chi_square_reduction", camera.reduction},
      {"probability", camera.probability},
      {"smallest_seen_rotation_deg", NumberOrNull(camera.seen_rotation / kDegree)},
      {"noise_factor", camera.noise_factor},
      {"instead", NamesOf(rig, camera.instead)}};
  if (camera.change) {
    json["change"] = {{"time_s", camera.change->time},
                      {"rotation_deg", camera.change->rotation / kDegree},
                      {"translation_mm", camera.change->translation / kMillimetre}};
  }
  return json;
}

constexpr const char* kWholeRig =
    "a move of all cameras together, such as a shifted floor, cannot be seen this way";

nlohmann::json SummaryJson(const CheckArguments& arguments, const CameraRig& rig,
                           const RigCheck& check, const std::vector<std::string>& sentences) {
  nlohmann::json cameras = nlohmann::json::array();
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    cameras.push_back(CameraJson(rig, check.cameras[c], rig.cameras[c].name));
  }
  return {{"rig", arguments.rig},
          {"trial", arguments.trial},
          {"moved", NamesOf(rig, check.With(CameraVerdict::kMoved))},
          {"zoomed", NamesOf(rig, check.With(CameraVerdict::kZoomed))},
          {"ambiguous", NamesOf(rig, check.With(CameraVerdict::kAmbiguous))},
          {"not_judged", NamesOf(rig, check.With(CameraVerdict::kNotJudged))},
          {"no_majority", check.no_majority},
          {"sentences", sentences},
          {"note", kWholeRig},
          {"frames", check.frames},
          {"points", check.points},
          {"matched_by", check.labelled ? "label" : "geometry"},
          {"residual_before_px", NumberOrNull(check.residual_before_px)},
          {"residual_after_px", NumberOrNull(check.residual_after_px)},
          {"residual_over_sigma", NumberOrNull(check.residual_scale)},
          {"output", arguments.refine ? nlohmann::json(arguments.output) : nlohmann::json(nullptr)},
          {"cameras", cameras}};
}

std::string CameraLine(const CameraCheck& camera, const std::string& name, std::size_t width) {
  std::string verdict = ToString(camera.verdict);
  std::replace(verdict.begin(), verdict.end(), '_', ' ');
  return fmt::format(
      "{:<{}} {:<10} {:>9} {:>9.2f} {:>9.2f} {:>8.3f} +-{:>6.3f} {:>8.2f} +-{:>5.2f} {:>10.1e}\n",
      name, width, verdict, camera.used, camera.miss_px, camera.mended_miss_px,
      camera.rotation.norm() / kDegree, camera.rotation_sd / kDegree,
      camera.translation.norm() / kMillimetre, camera.translation_sd / kMillimetre,
      camera.probability);
}

std::string SummaryText(const CameraRig& rig, const RigCheck& check,
                        const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + '\n';
  if (sentences.empty()) {
    const std::size_t judged = rig.cameras.size() - check.With(CameraVerdict::kNotJudged).size();
    text +=
        fmt::format("no camera has moved: {} of {} cameras judged\n", judged, rig.cameras.size());
  }
  text += fmt::format(
      "{} points in {} frames, matched by {}; residual {:.2f} px rms, {:.2f} with the moved "
      "cameras "
      "mended\n",
      check.points, check.frames, check.labelled ? "label" : "geometry", check.residual_before_px,
      check.residual_after_px);
  std::size_t width = 6;
  for (const Camera& camera : rig.cameras) width = std::max(width, camera.name.size());
  text += fmt::format("{:<{}} {:<10} {:>9} {:>9} {:>9} {:>17} {:>16} {:>10}\n", "camera", width,
                      "verdict", "sightings", "off_px", "mended_px", "turn_deg", "shift_mm",
                      "by_chance");
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    text += CameraLine(check.cameras[c], rig.cameras[c].name, width);
  }
  return text + "note: " + kWholeRig + '\n';
}

// Throws NotComputed where nothing can be said.
void RequirePoints(const CheckArguments& arguments, const RigCheck& check) {
  if (check.points >= kFewestPoints) return;
  const bool labelled = check.labelled;
  throw NotComputed(fmt::format(
      "{}: only {} points are seen by {} cameras or more in {} frames; {}", arguments.trial,
      check.points, labelled ? 2 : 3, check.frames,
      labelled ? "check with a trial that crosses the views of several cameras"
               : "check with a trial that crosses more views, or calibrate anew: most cameras may "
                 "have moved"));
}

// Why the rig cannot be mended; empty where it can.
std::string WhyNotMended(const CameraRig& rig, const RigCheck& check) {
  if (check.no_majority) return "half of the cameras or more have moved; calibrate anew";
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const CameraCheck& camera = check.cameras[c];
    const std::string& name = rig.cameras[c].name;
    if (camera.verdict == CameraVerdict::kZoomed) return SentenceOn(rig, camera, name);
    if (!camera.instead.empty()) return SentenceOn(rig, camera, name) + "; calibrate anew";
    if (camera.change) {
      return name + " moved during this trial; check with a trial recorded afterwards";
    }
    if (camera.verdict == CameraVerdict::kMoved && (camera.rotation.norm() > kMostMendedTurn ||
                                                    camera.translation.norm() > kMostMendedShift)) {
      return fmt::format(
          "{} {}: too far to be mended (at most {:.0f} deg, {:.0f} mm); calibrate it "
          "anew",
          name, MoveText(camera), kMostMendedTurn / kDegree, kMostMendedShift / kMillimetre);
    }
    if (SeesWhatDoesNotFit(camera)) return SentenceOn(rig, camera, name);
  }
  return "";
}

void Refine(const CheckArguments& arguments, const CameraRig& rig, const RigCheck& check,
            const CommandContext& context) {
  const std::string why_not = WhyNotMended(rig, check);
  if (!why_not.empty()) {
    throw NotComputed(fmt::format("{}: not mended: {}", arguments.rig, why_not));
  }
  ProvenanceRecorder provenance("calibrate check --refine", context);
  provenance.AddInput(arguments.rig);
  provenance.AddInput(arguments.trial);
  provenance.SetOptions(
      {{"frames", arguments.frames}, {"default_sigma_px", arguments.default_sigma_px}});
  std::vector<StageProvenance> stages = storage::ReadRigProvenance(arguments.rig);
  stages.push_back(provenance.Finish());
  storage::WriteRig(arguments.output, check.mended, stages);
}

void RunCheck(const CheckArguments& arguments, CommandContext& context) {
  if (arguments.refine == arguments.output.empty()) {
    throw CLI::ValidationError(
        "--refine and -o RIG2.toml go together: where to write the mended rig");
  }
  RequireFreeOutputs({arguments.output}, {arguments.trial});
  const CameraRig rig = storage::ReadRig(arguments.rig);
  const storage::TrialReader trial(arguments.trial, context.parallelism());
  RequireSameCameras(arguments, rig, trial);
  if (!IsInCameraFrame(rig)) RequireSensibleFloor(rig, arguments.rig, context);
  if (rig.cameras.size() < 2) {
    throw NotComputed(fmt::format("{}: one camera alone cannot be checked", arguments.rig));
  }
  RigCheckOptions options;
  options.default_sigma_px = arguments.default_sigma_px;
  options.parallelism = context.parallelism();
  const SampledTrial sample = ReadSample(arguments, rig, trial, context.Work("reading", "frames"));
  const RigCheck check = calibration::CheckRig(rig, sample.seen, sample.time, options,
                                               context.Work("checking", "steps"));
  RequirePoints(arguments, check);
  WarnOf(rig, check, context);
  const std::vector<std::string> sentences = Sentences(rig, check);
  if (arguments.refine) Refine(arguments, rig, check, context);
  std::string text = SummaryText(rig, check, sentences);
  if (arguments.refine) text += fmt::format("written: {}\n", arguments.output);
  context.Print(text, SummaryJson(arguments, rig, check, sentences));
  if (!sentences.empty() && !arguments.refine) {
    const bool mendable = WhyNotMended(rig, check).empty();
    throw NotComputed(fmt::format("{} is no longer true: {}{}", arguments.rig,
                                  fmt::join(sentences, "; "),
                                  mendable ? "; mend it with --refine -o, or calibrate anew" : ""));
  }
}

}  // namespace

void AddCalibrateCheckCommand(CommandLine& commands) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App& command = commands.AddToGroup(
      "calibrate",
      "Calibration: from a board, a wand or both to a rig with covariance; the floor; has a camera "
      "moved",
      "check",
      "Tell from an ordinary trial whether a camera has moved since the rig was calibrated, which "
      "one and by how much.\nSightings may bear labels or not. Ends with exit code 0 where no "
      "camera has moved, or where --refine mended it; with 4 where one has, or where it cannot be "
      "told.\nA move of all cameras together cannot be seen this way.\n"
      "Example: medius calibrate check rig.toml run.trial.h5 --refine -o mended.toml",
      [arguments](CommandContext& context) { RunCheck(*arguments, context); });
  command.add_option("rig", arguments->rig, "The calibrated rig")
      ->required()
      ->option_text("RIG.toml");
  command.add_option("trial", arguments->trial, "A trial seen by these cameras, e.g. a run")
      ->required()
      ->option_text("TRIAL.h5");
  command.add_flag("--refine", arguments->refine,
                   "Mend small moves from the trial itself, the other cameras as calibrated");
  command
      .add_option("-o,--output", arguments->output,
                  "Rig to write with --refine; may be the input, which is then replaced")
      ->option_text("RIG.toml");
  command
      .add_option("--frames", arguments->frames,
                  "Frames to look at, spread over the trial; more find smaller moves")
      ->check(CLI::Range(std::size_t{20}, std::size_t{20000}))
      ->capture_default_str();
  command
      .add_option("--default-sigma-px", arguments->default_sigma_px,
                  "Standard deviation, in pixels, of sightings that do not state their own")
      ->check(CLI::Range(0.001, 100.0))
      ->capture_default_str();
}

}  // namespace medius::apps
