#include "reconstruct/reconstruct.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/anonymous_tracks.hpp"
#include "apps/command.hpp"
#include "apps/keypoint_input.hpp"
#include "apps/provenance.hpp"
#include "apps/reconstruct_report.hpp"
#include "apps/rig_frame.hpp"
#include "core/error.hpp"
#include "reconstruct/named_sightings.hpp"
#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using reconstruct::ReconstructOptions;
using reconstruct::Reconstructor;

constexpr double kDegree = 3.14159265358979323846 / 180.0;
// Marker views held at once: a few tens of megabytes, and a second or so between two looks at
// Ctrl-C.
constexpr std::size_t kViewsInMemory = 600'000;
// Frames read at once in search of a label.
constexpr std::size_t kFramesPerLook = 1024;
// Seconds: where there is no model of the subject, shorter tracks are no marker of their own.
constexpr double kShortestUnnamed = 0.1;
struct ReconstructArguments {
  std::string trial;
  std::string rig;
  std::string output;
  std::vector<std::string> cameras;
  double default_sigma_px = ReconstructOptions().triangulation.default_sigma_px;
  double sigma_factor = ReconstructOptions().triangulation.sigma_factor;
  double min_angle_deg = ReconstructOptions().triangulation.min_angle / kDegree;
  double reject_sigma = ReconstructOptions().triangulation.reject_sigma;
  bool ignore_labels = false;
  std::size_t person = 1;

  [[nodiscard]] ReconstructOptions Options() const {
    ReconstructOptions options;
    options.triangulation.default_sigma_px = default_sigma_px;
    options.triangulation.sigma_factor = sigma_factor;
    options.triangulation.min_angle = min_angle_deg * kDegree;
    options.triangulation.reject_sigma = reject_sigma;
    options.Validate();
    return options;
  }
  [[nodiscard]] reconstruct::TrackerOptions Tracking() const {
    reconstruct::TrackerOptions options;
    options.weights.default_sigma_px = default_sigma_px;
    options.weights.sigma_factor = sigma_factor;
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
}

// True where no sighting of the cameras bears a label; labelled ones are found in the first block.
bool IsAnonymous(const storage::TrialReader& trial, const std::vector<std::string>& cameras) {
  if (trial.labels().empty()) return true;
  for (const FrameRange& frames : SplitFrames(trial.time_base().frame_count(), kFramesPerLook)) {
    for (const CameraObservations& seen : trial.ReadObservations(frames, cameras).cameras) {
      if (seen.label.empty() && seen.row_count() > 0) return true;
      const bool some = std::any_of(seen.label.begin(), seen.label.end(),
                                    [](std::int16_t label) { return label != kUnlabelled; });
      if (some) return false;
    }
  }
  return true;
}

// Where the blocks of labelled sightings come from, one after the other; nullopt after the last.
using BlockSource = std::function<std::optional<ObservationBlock>()>;

BlockSource LabelledBlocks(const storage::TrialReader& trial,
                           const std::vector<std::string>& cameras) {
  const std::size_t views = cameras.size() * std::max<std::size_t>(trial.labels().size(), 1);
  const std::size_t frames_per_chunk = std::clamp<std::size_t>(kViewsInMemory / views, 16, 4096);
  return [&trial, &cameras, next = std::size_t{0},
          ranges = SplitFrames(trial.time_base().frame_count(),
                               frames_per_chunk)]() mutable -> std::optional<ObservationBlock> {
    if (next == ranges.size()) return std::nullopt;
    return trial.ReadObservations(ranges[next++], cameras);
  };
}

// The trial's sightings with the names of the tracks that have them.
BlockSource NamedBlocks(const storage::TrialReader& trial, const std::vector<std::string>& cameras,
                        const AnonymousTracks& tracks, const reconstruct::PieceIndex& names) {
  return [&, next = std::size_t{0}]() mutable -> std::optional<ObservationBlock> {
    if (next == tracks.block_count()) return std::nullopt;
    const reconstruct::TrackedBlock tracked = tracks.Read(next++);
    ObservationBlock block = trial.ReadObservations(tracked.frames, cameras);
    NameSightings(tracked, names, &block);
    return block;
  };
}

// Streams labelled sightings through the reconstructor: bounded memory however long the trial is.
// Reading, triangulating and writing each use all threads in their turn.
void Stream(const BlockSource& source, std::size_t frame_count, Reconstructor* reconstructor,
            storage::TrialWriter* writer, CommandContext& context, ReconstructReport* report) {
  const WorkControl control = context.Work("reconstructing", "frames");
  const auto timed = [&](const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    const TrajectoryBlock block = work();
    report->seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (block.frames().count > 0) writer->AppendTrajectories(block);
    control.Report(block.frames().end(), frame_count);
  };
  while (const std::optional<ObservationBlock> seen = source()) {
    timed([&] { return reconstructor->Push(*seen, context.parallelism(), control); });
  }
  timed([&] { return reconstructor->Finish(context.parallelism()); });
  report->statistics = reconstructor->statistics();
}

struct NamedTracks {
  AnonymousTracks tracks;
  std::vector<std::string> labels;
  reconstruct::Labelling labelling;
};

// Tracks the anonymous sightings of a trial and names the tracks.
NamedTracks TrackAndName(const ReconstructArguments& arguments, const storage::TrialReader& trial,
                         const CameraRig& used, CommandContext& context) {
  NamedTracks named{
      AnonymousTracks(trial, used, arguments.Tracking(), arguments.output, context), {}, {}};
  const double rate = trial.time_base().rate_hz;
  const auto shortest = static_cast<std::size_t>(std::max(3.0, kShortestUnnamed * rate));
  reconstruct::NumberedMarkers numbered =
      reconstruct::NumberFragments(named.tracks.fragments(), shortest);
  named.labels = std::move(numbered.labels);
  named.labelling = std::move(numbered.labelling);
  return named;
}

TracksReport ReportOn(const NamedTracks& named) {
  TracksReport report;
  report.fragments = named.tracks.fragments().size();
  report.tracking_seconds = named.tracks.seconds();
  report.swaps_undone = named.labelling.swaps_undone;
  for (const reconstruct::LabelledPiece& piece : named.labelling.pieces) {
    const reconstruct::Fragment& fragment = named.tracks.fragments()[piece.fragment];
    for (std::size_t frame = piece.frames.first; frame < piece.frames.end(); ++frame) {
      if (!fragment.IsSeen(frame)) continue;
      ++report.seen;
      if (!piece.marker) ++report.unnamed;
    }
  }
  return report;
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
  const std::vector<std::string> cameras = Names(used);
  const bool anonymous = arguments.ignore_labels || IsAnonymous(trial, cameras);
  provenance.SetOptions(OptionsJson(options, used));
  provenance.AddInput(arguments.trial);
  if (!arguments.rig.empty()) provenance.AddInput(arguments.rig);

  ReconstructReport report;
  std::optional<NamedTracks> named;
  std::optional<reconstruct::PieceIndex> names;
  if (anonymous) {
    named.emplace(TrackAndName(arguments, trial, used, context));
    names.emplace(named->labelling, named->tracks.fragments().size());
    report.tracks = ReportOn(*named);
  }
  std::optional<KeypointRunner> runner;
  if (!anonymous && HasPersons(trial, cameras)) {
    reconstruct::KeypointOptions persons;
    persons.weights.sigma_factor = arguments.sigma_factor;
    runner.emplace([&] { return LabelledBlocks(trial, cameras); }, arguments.trial,
                   trial.time_base(), trial.labels(), used, persons, arguments.person, context);
  }
  report.labels = named ? named->labels : trial.labels();
  Reconstructor reconstructor(used, trial.time_base(), report.labels.size(), options);
  storage::TrialWriter writer(arguments.output, context.parallelism());
  writer.CopyFrom(trial, {storage::TrialPart::kObservations});
  writer.WriteRig(rig.rig);
  writer.BeginTrajectories(report.labels);
  Stream(named    ? NamedBlocks(trial, cameras, named->tracks, *names)
         : runner ? runner->Blocks()
                  : LabelledBlocks(trial, cameras),
         trial.time_base().frame_count(), &reconstructor, &writer, context, &report);
  RefuseNonsense(arguments.trial, report);
  WarnOf(used, report, context);
  writer.WriteProvenance(provenance.Finish());
  writer.Commit();
  nlohmann::json summary = SummaryJson(arguments.output, used, report);
  if (runner) summary["persons"] = runner->SummaryJson();
  context.Print(SummaryText(arguments.output, used, report) + (runner ? runner->SummaryText() : ""),
                summary);
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
  command.add_flag("--ignore-labels", arguments->ignore_labels,
                   "Track the sightings as if none bore a label");
  command
      .add_option("--person", arguments->person,
                  "Of several persons in keypoints: 1 for who is seen most and nearest to the "
                  "middle, 2 for the next, ...")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

}  // namespace medius::apps
