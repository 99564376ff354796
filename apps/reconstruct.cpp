#include "reconstruct/reconstruct.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "apps/json_number.hpp"
#include "apps/provenance.hpp"
#include "apps/rig_frame.hpp"
#include "core/error.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using reconstruct::CameraStatistics;
using reconstruct::PointStatus;
using reconstruct::ReconstructOptions;
using reconstruct::Reconstructor;
using reconstruct::ReconstructStatistics;

constexpr double kDegree = 3.14159265358979323846 / 180.0;
// Marker views held at once: a few tens of megabytes, and a second or so between two looks at
// Ctrl-C.
constexpr std::size_t kViewsInMemory = 600'000;
// Of the positions whose views can be compared: where more than this are missing because they
// contradict each other something is wrong; where most are, what is left is chance.
constexpr double kSuspectDisagreeingPercent = 5.0;
constexpr double kHopelessDisagreeingPercent = 50.0;
// Where sightings scatter this much more than they say, so do the results.
constexpr double kSuspectNoiseOverSigma = 1.5;

struct ReconstructArguments {
  std::string trial;
  std::string rig;
  std::string output;
  std::vector<std::string> cameras;
  double default_sigma_px = ReconstructOptions().triangulation.default_sigma_px;
  double sigma_factor = ReconstructOptions().triangulation.sigma_factor;
  double min_angle_deg = ReconstructOptions().triangulation.min_angle / kDegree;
  double reject_sigma = ReconstructOptions().triangulation.reject_sigma;

  [[nodiscard]] ReconstructOptions Options() const {
    ReconstructOptions options;
    options.triangulation.default_sigma_px = default_sigma_px;
    options.triangulation.sigma_factor = sigma_factor;
    options.triangulation.min_angle = min_angle_deg * kDegree;
    options.triangulation.reject_sigma = reject_sigma;
    options.Validate();
    return options;
  }
};

// A rig and where it stands, for messages.
struct NamedRig {
  CameraRig rig;
  std::string name;
};

NamedRig ReadRig(const ReconstructArguments& arguments, const storage::TrialReader& trial) {
  if (!arguments.rig.empty()) return {storage::ReadRig(arguments.rig), arguments.rig};
  if (!trial.Has(storage::TrialPart::kRig)) {
    throw InputError(fmt::format(
        "{}: has no rig of its own; name the calibrated cameras with --rig", arguments.trial));
  }
  return {trial.ReadRig(), arguments.trial + ":/rig"};
}

std::vector<std::string> Names(const CameraRig& rig) {
  std::vector<std::string> names;
  for (const Camera& camera : rig.cameras) names.push_back(camera.name);
  return names;
}

std::vector<std::string> Without(const std::vector<std::string>& names,
                                 const std::vector<std::string>& taken) {
  std::vector<std::string> left;
  for (const std::string& name : names) {
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) left.push_back(name);
  }
  return left;
}

// The cameras to use, in the order of the rig. Without a choice of the user rig and trial must have
// the same ones: a camera that only one of them knows is far more often a mix-up than meant.
CameraRig ChooseCameras(const ReconstructArguments& arguments, const NamedRig& rig,
                        const std::vector<std::string>& seen) {
  const std::vector<std::string> known = Names(rig.rig);
  const bool chosen = !arguments.cameras.empty();
  const std::vector<std::string>& wanted = chosen ? arguments.cameras : seen;
  const auto refuse = [&](const std::string& where, const std::vector<std::string>& lacking) {
    throw InputError(fmt::format("{}: lacks camera {} (the trial saw {}; the rig has {}); {}",
                                 where, fmt::join(lacking, ", "), fmt::join(seen, ", "),
                                 fmt::join(known, ", "),
                                 chosen ? "name cameras that both have"
                                        : "use the rig of this recording, or name the "
                                          "cameras to use with --cameras"));
  };
  const std::vector<std::string> not_in_rig = Without(wanted, known);
  if (!not_in_rig.empty()) refuse(rig.name, not_in_rig);
  const std::vector<std::string> not_seen = Without(chosen ? wanted : known, seen);
  if (!not_seen.empty()) refuse(arguments.trial, not_seen);
  CameraRig used;
  for (const Camera& camera : rig.rig.cameras) {
    if (std::find(wanted.begin(), wanted.end(), camera.name) != wanted.end()) {
      used.cameras.push_back(camera);
    }
  }
  if (used.cameras.size() < 2) {
    throw NotComputed(fmt::format("{}: one camera alone ({}) gives no position; two see depth",
                                  arguments.trial, fmt::join(wanted, ", ")));
  }
  return used;
}

// Checks what can be known before the first frame.
void CheckTrial(const std::string& path, const storage::TrialReader& trial) {
  if (!trial.Has(storage::TrialPart::kObservations)) {
    throw InputError(fmt::format(
        "{}: has no /observations; reconstruct needs what cameras saw (medius simulate or project)",
        path));
  }
  if (trial.labels().empty()) {
    throw NotComputed(fmt::format(
        "{}: its sightings bear no labels, and only labelled ones can be reconstructed so far",
        path));
  }
}

struct Outcome {
  ReconstructStatistics statistics;
  double seconds = 0.0;  // of triangulation alone
};

// Streams the trial through the reconstructor: bounded memory however long it is. Reading,
// triangulating and writing each use all threads in their turn.
Outcome Stream(const storage::TrialReader& trial, Reconstructor reconstructor,
               const std::vector<std::string>& cameras, storage::TrialWriter* writer,
               CommandContext& context) {
  const std::size_t frame_count = trial.time_base().frame_count();
  const std::size_t views = cameras.size() * trial.labels().size();
  const std::size_t frames_per_chunk = std::clamp<std::size_t>(kViewsInMemory / views, 16, 4096);
  const WorkControl control = context.Work("reconstructing", "frames");
  Outcome outcome;
  const auto timed = [&](const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    const TrajectoryBlock block = work();
    outcome.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (block.frames().count > 0) writer->AppendTrajectories(block);
    control.Report(block.frames().end(), frame_count);
  };
  for (const FrameRange& frames : SplitFrames(frame_count, frames_per_chunk)) {
    const ObservationBlock seen = trial.ReadObservations(frames, cameras);
    timed([&] { return reconstructor.Push(seen, context.parallelism(), control); });
  }
  timed([&] { return reconstructor.Finish(context.parallelism()); });
  outcome.statistics = reconstructor.statistics();
  return outcome;
}

double Percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::uint64_t CountOf(const ReconstructStatistics& statistics, PointStatus status) {
  return statistics.points[static_cast<std::size_t>(status)];
}

// In words, with what to do about it.
std::string_view LikelyReason(PointStatus status) {
  switch (status) {
    case PointStatus::kTooFewRays:
      return "fewer than two cameras saw each marker: do the labels of the cameras agree?";
    case PointStatus::kNarrowAngle:
      return "the cameras look along nearly the same line: use others or a smaller --min-angle-deg";
    case PointStatus::kViewsDisagree:
      return "the views contradict each other: is this the rig of this recording?";
    default:
      return "the rays do not meet before the cameras: is this the rig of this recording?";
  }
}

double DisagreeingPercent(const ReconstructStatistics& statistics) {
  const std::uint64_t disagreeing = CountOf(statistics, PointStatus::kViewsDisagree);
  return Percent(disagreeing, disagreeing + statistics.computed_count());
}

constexpr std::string_view kOnContradiction =
    "check that the rig is that of this recording; if the sightings are less precise than they "
    "say, give a larger --sigma-factor (or --default-sigma-px where they say nothing)";

// The most frequent reason why positions are missing; markers that hardly a camera saw say little
// where others were seen.
PointStatus MainReason(const ReconstructStatistics& statistics) {
  PointStatus reason = PointStatus::kTooFewRays;
  std::uint64_t most = 0;
  for (int i = static_cast<int>(PointStatus::kNarrowAngle); i < reconstruct::kPointStatusCount;
       ++i) {
    const auto status = static_cast<PointStatus>(i);
    if (CountOf(statistics, status) > most) {
      most = CountOf(statistics, status);
      reason = status;
    }
  }
  return reason;
}

// Throws NotComputed where what was found is no result.
void RefuseNonsense(const std::string& trial, const ReconstructStatistics& statistics) {
  const CameraStatistics total = statistics.Total();
  if (total.labelled == 0) {
    throw NotComputed(fmt::format(
        "{}: none of its {} sightings bears a label, and only labelled ones can be reconstructed "
        "so far",
        trial, total.unlabelled));
  }
  if (statistics.computed_count() == 0) {
    throw NotComputed(fmt::format("{}: not one position could be computed; {}", trial,
                                  LikelyReason(MainReason(statistics))));
  }
  if (DisagreeingPercent(statistics) > kHopelessDisagreeingPercent) {
    throw NotComputed(
        fmt::format("{}: in {:.0f} % of the positions the views contradict each other; {}", trial,
                    DisagreeingPercent(statistics), kOnContradiction));
  }
}

void WarnOf(const CameraRig& rig, const ReconstructStatistics& statistics,
            CommandContext& context) {
  for (const std::string& warning : CameraWarnings(rig, statistics)) context.Warn(warning);
  const double disagreeing = DisagreeingPercent(statistics);
  if (disagreeing > kSuspectDisagreeingPercent) {
    context.Warn(fmt::format(
        "{:.0f} % of the positions are missing because their views contradict each other: {}",
        disagreeing, kOnContradiction));
  }
  const double noise = statistics.NoiseOverSigma();
  if (noise > kSuspectNoiseOverSigma) {
    context.Warn(fmt::format(
        "the sightings scatter {:.1f} times more than their sigma says, and so do the positions "
        "round what their covariance says: is the calibration fresh?",
        noise));
  }
  const std::uint64_t unlabelled = statistics.Total().unlabelled;
  if (unlabelled > statistics.Total().labelled / 10) {
    context.Warn(fmt::format("{} sightings bear no label and were ignored", unlabelled));
  }
}

nlohmann::json CameraJson(const std::string& name, const CameraStatistics& camera) {
  return {{"name", name},
          {"labelled", camera.labelled},
          {"used", camera.used},
          {"rejected", camera.rejected},
          {"duplicate", camera.duplicate},
          {"unusable", camera.unusable},
          {"unmatched", camera.unmatched},
          {"unlabelled", camera.unlabelled},
          {"rejected_percent", NumberOrNull(100.0 * camera.RejectedShare())},
          {"residual_rms_px", NumberOrNull(camera.ResidualRms())}};
}

nlohmann::json SummaryJson(const ReconstructArguments& arguments, const CameraRig& rig,
                           const std::vector<std::string>& labels, const Outcome& outcome) {
  const ReconstructStatistics& statistics = outcome.statistics;
  const CameraStatistics total = statistics.Total();
  nlohmann::json cameras = nlohmann::json::array();
  for (std::size_t i = 0; i < rig.cameras.size(); ++i) {
    cameras.push_back(CameraJson(rig.cameras[i].name, statistics.cameras[i]));
  }
  nlohmann::json markers = nlohmann::json::array();
  for (std::size_t m = 0; m < labels.size(); ++m) {
    markers.push_back({{"label", labels[m]},
                       {"measured_percent", Percent(statistics.computed[m], statistics.frames)}});
  }
  nlohmann::json missing;
  for (int i = static_cast<int>(PointStatus::kTooFewRays); i < reconstruct::kPointStatusCount;
       ++i) {
    const auto status = static_cast<PointStatus>(i);
    missing[std::string(ToString(status))] = CountOf(statistics, status);
  }
  return {{"output", arguments.output},
          {"frames", statistics.frames},
          {"marker_count", labels.size()},
          {"measured_percent", Percent(statistics.computed_count(), statistics.point_count())},
          {"mean_rays",
           static_cast<double>(total.used) / static_cast<double>(statistics.computed_count())},
          {"residual_rms_px", NumberOrNull(total.ResidualRms())},
          {"noise_over_sigma", NumberOrNull(statistics.NoiseOverSigma())},
          {"missing", missing},
          {"cameras", cameras},
          {"markers", markers},
          {"seconds", outcome.seconds},
          {"points_per_second",
           NumberOrNull(static_cast<double>(statistics.computed_count()) / outcome.seconds)}};
}

std::string SummaryText(const ReconstructArguments& arguments, const CameraRig& rig,
                        const std::vector<std::string>& labels, const Outcome& outcome) {
  const ReconstructStatistics& statistics = outcome.statistics;
  const CameraStatistics total = statistics.Total();
  const std::uint64_t points = statistics.point_count();
  std::string text = fmt::format(
      "{} frames, {} markers: {:.2f} % measured, {:.1f} rays each, residual {:.2f} px rms, {:.0f} "
      "points/s\n",
      statistics.frames, labels.size(), Percent(statistics.computed_count(), points),
      static_cast<double>(total.used) / static_cast<double>(statistics.computed_count()),
      total.ResidualRms(), static_cast<double>(statistics.computed_count()) / outcome.seconds);
  for (int i = static_cast<int>(PointStatus::kTooFewRays); i < reconstruct::kPointStatusCount;
       ++i) {
    const auto status = static_cast<PointStatus>(i);
    if (CountOf(statistics, status) == 0) continue;
    std::string name(ToString(status));
    std::replace(name.begin(), name.end(), '_', ' ');
    text +=
        fmt::format("missing, {}: {:.2f} %\n", name, Percent(CountOf(statistics, status), points));
  }
  std::size_t width = 6;
  for (const Camera& camera : rig.cameras) width = std::max(width, camera.name.size());
  text += fmt::format("{:<{}} {:>10} {:>10} {:>10} {:>12}\n", "camera", width, "sightings", "used",
                      "rejected", "residual_px");
  for (std::size_t i = 0; i < rig.cameras.size(); ++i) {
    const CameraStatistics& camera = statistics.cameras[i];
    text += fmt::format("{:<{}} {:>10} {:>10} {:>10} {:>12.2f}\n", rig.cameras[i].name, width,
                        camera.labelled, camera.used, camera.rejected + camera.duplicate,
                        camera.ResidualRms());
  }
  return text + fmt::format("written: {}\n", arguments.output);
}

nlohmann::json OptionsJson(const ReconstructOptions& options, const CameraRig& used) {
  return {{"default_sigma_px", options.triangulation.default_sigma_px},
          {"sigma_factor", options.triangulation.sigma_factor},
          {"smallest_sigma_px", options.triangulation.smallest_sigma_px},
          {"min_angle_rad", options.triangulation.min_angle},
          {"reject_sigma", options.triangulation.reject_sigma},
          {"typical_speed_m_per_s", options.typical_speed},
          {"cameras", Names(used)}};
}

void RunReconstruct(const ReconstructArguments& arguments, CommandContext& context) {
  ProvenanceRecorder provenance("reconstruct", context);
  const ReconstructOptions options = arguments.Options();
  const storage::TrialReader trial(arguments.trial, context.parallelism());
  const NamedRig rig = ReadRig(arguments, trial);
  CheckTrial(arguments.trial, trial);
  RequireSensibleFloor(rig.rig, rig.name, context);
  const CameraRig used = ChooseCameras(arguments, rig, trial.observation_cameras());
  const std::vector<std::string> labels = trial.labels();
  Reconstructor reconstructor(used, trial.time_base(), labels.size(), options);
  provenance.SetOptions(OptionsJson(options, used));
  provenance.AddInput(arguments.trial);
  if (!arguments.rig.empty()) provenance.AddInput(arguments.rig);

  storage::TrialWriter writer(arguments.output, context.parallelism());
  writer.CopyFrom(trial, {storage::TrialPart::kObservations});
  writer.WriteRig(rig.rig);
  writer.BeginTrajectories(labels);
  const Outcome outcome = Stream(trial, std::move(reconstructor), Names(used), &writer, context);
  RefuseNonsense(arguments.trial, outcome.statistics);
  WarnOf(used, outcome.statistics, context);
  writer.WriteProvenance(provenance.Finish());
  writer.Commit();
  context.Print(SummaryText(arguments, used, labels, outcome),
                SummaryJson(arguments, used, labels, outcome));
}

// A number strictly between the two.
CLI::Validator Between(double low, double high) {
  return CLI::Validator(
      [low, high](std::string& text) -> std::string {
        double value = 0.0;
        if (CLI::detail::lexical_cast(text, value) && value > low && value < high) return "";
        if (std::isinf(high)) return fmt::format("{} is not a number above {}", text, low);
        return fmt::format("{} is not a number between {} and {}", text, low, high);
      },
      "");
}

CLI::Validator Positive() {
  return Between(0.0, std::numeric_limits<double>::infinity());
}

}  // namespace

void AddReconstructCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ReconstructArguments>();
  CLI::App& command = commands.Add(
      "reconstruct",
      "What the cameras saw -> marker positions in the lab. Each labelled marker is triangulated\n"
      "from all cameras that saw it (maximum likelihood, with covariance); a view that "
      "contradicts\n"
      "the others is rejected, and what fewer than two good views saw is missing, not guessed.\n"
      "Results of later stages in the input are left out, for they would no longer be true.",
      [arguments](CommandContext& context) { RunReconstruct(*arguments, context); });
  command.add_option("trial", arguments->trial, "Trial file with labelled sightings")
      ->required()
      ->option_text("TRIAL.h5");
  command
      .add_option("--rig", arguments->rig,
                  "Calibrated cameras; without it those in the trial file. Kept in the output")
      ->option_text("RIG.toml");
  command
      .add_option("-o,--output", arguments->output,
                  "Trial file to write; may be the input, which is then replaced once all is done")
      ->required()
      ->option_text("TRIAL.h5");
  command
      .add_option("--cameras", arguments->cameras,
                  "Use only these cameras, which rig and trial must both have")
      ->delimiter(',')
      ->option_text("NAME,NAME,...");
  command
      .add_option("--default-sigma-px", arguments->default_sigma_px,
                  "Standard deviation, in pixels, of sightings that do not state their own")
      ->check(Positive())
      ->capture_default_str();
  command
      .add_option("--sigma-factor", arguments->sigma_factor,
                  "Factor on the standard deviations that sightings state")
      ->check(Positive())
      ->capture_default_str();
  command
      .add_option("--min-angle-deg", arguments->min_angle_deg,
                  "Leave out positions whose rays all lie within this angle, in degrees, of one "
                  "line")
      ->check(Between(0.0, 90.0))
      ->capture_default_str();
  command
      .add_option("--reject-sigma", arguments->reject_sigma,
                  "Reject a view that is this many standard deviations off what the others say")
      ->check(Positive())
      ->capture_default_str();
}

}  // namespace medius::apps
