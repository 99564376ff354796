#include "apps/reconstruct_run.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/anonymous_tracks.hpp"
#include "apps/keypoint_input.hpp"
#include "apps/name_corrections.hpp"
#include "apps/output_guard.hpp"
#include "apps/preset_path.hpp"
#include "apps/provenance.hpp"
#include "apps/reconstruct_input.hpp"
#include "apps/reconstruct_report.hpp"
#include "apps/rig_frame.hpp"
#include "apps/subject_source.hpp"
#include "apps/track_naming.hpp"
#include "core/error.hpp"
#include "reconstruct/camera_monitor.hpp"
#include "reconstruct/gap_filler.hpp"
#include "reconstruct/named_sightings.hpp"
#include "reconstruct/smoothing.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/subject_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using reconstruct::Reconstructor;

// Marker views held at once: a few tens of megabytes, and a second or so between two looks at
// Ctrl-C.
constexpr std::size_t kViewsInMemory = 600'000;

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

ObservationSource LabelledBlocks(const storage::TrialReader& trial,
                                 const std::vector<std::string>& cameras,
                                 std::size_t block_frames) {
  const std::size_t views = cameras.size() * std::max<std::size_t>(trial.labels().size(), 1);
  const std::size_t frames_per_chunk =
      block_frames > 0 ? block_frames : std::clamp<std::size_t>(kViewsInMemory / views, 16, 4096);
  return [&trial, &cameras, next = std::size_t{0},
          ranges = SplitFrames(trial.time_base().frame_count(),
                               frames_per_chunk)]() mutable -> std::optional<ObservationBlock> {
    if (next == ranges.size()) return std::nullopt;
    return trial.ReadObservations(ranges[next++], cameras);
  };
}

// The trial's sightings with the names of the tracks that have them.
ObservationSource NamedBlocks(const storage::TrialReader& trial,
                              const std::vector<std::string>& cameras,
                              const AnonymousTracks& tracks, const reconstruct::PieceIndex& names) {
  return [&, next = std::size_t{0}]() mutable -> std::optional<ObservationBlock> {
    if (next == tracks.block_count()) return std::nullopt;
    const reconstruct::TrackedBlock tracked = tracks.Read(next++);
    ObservationBlock block = trial.ReadObservations(tracked.frames, cameras);
    NameSightings(tracked, names, &block);
    return block;
  };
}

// The run of one command.
class Reconstruction {
 public:
  Reconstruction(const ReconstructArguments& arguments, CommandContext& context);
  void Run();

 private:
  void NameTracks();
  void Correct();
  void WarnOfLabels() const;
  void RefuseToLoseLabels() const;
  std::optional<SubjectModel> Subject();
  [[nodiscard]] std::set<std::string> ClusterLabels() const;
  void Stream(const ObservationSource& source);
  void Take(const TrajectoryBlock& block);
  void Write(const TrajectoryBlock& block);
  void FinishSmoothing();
  void FindRunner();
  void WriteReview() const;

  const ReconstructArguments& arguments_;
  CommandContext& context_;
  ProvenanceRecorder provenance_;
  storage::TrialReader trial_;
  NamedRig rig_;
  CameraRig used_;
  std::vector<std::string> cameras_;
  std::optional<MarkerSet> set_;
  std::optional<AnonymousTracks> tracks_;
  NamedTracks named_;
  std::optional<reconstruct::PieceIndex> names_;
  std::optional<reconstruct::CameraMonitor> monitor_;
  std::optional<KeypointRunner> runner_;
  std::optional<reconstruct::GapFiller> filler_;
  std::optional<reconstruct::TrajectorySmoother> smoother_;
  std::optional<storage::TrialWriter> writer_;
  ReconstructReport report_;
};

Reconstruction::Reconstruction(const ReconstructArguments& arguments, CommandContext& context)
    : arguments_(arguments),
      context_(context),
      provenance_("reconstruct", context),
      trial_(arguments.trial, context.parallelism()),
      rig_(ReadRig(arguments, trial_)) {
  CheckTrial(arguments.trial, trial_);
  RequireSensibleFloor(rig_.rig, rig_.name, context);
  used_ = ChooseCameras(arguments, rig_, trial_.observation_cameras());
  cameras_ = CameraNames(used_);
  provenance_.SetOptions(OptionsJson(arguments, used_));
  provenance_.AddInput(arguments.trial);
  if (!arguments.rig.empty()) provenance_.AddInput(arguments.rig);
  if (!arguments.marker_set_toml.empty()) {
    set_ = storage::ParseMarkerSet(arguments.marker_set_toml, arguments.trial);
    provenance_.KeepMarkerSet(arguments.marker_set_toml);
  } else if (!arguments.markers.empty()) {
    const std::filesystem::path path = FindPreset(Preset::kMarkerSet, arguments.markers);
    set_ = storage::ReadMarkerSet(path);
    provenance_.KeepMarkerSet(storage::ReadMarkerSetText(path));
    provenance_.AddInput(path);
  }
  report_.rate_hz = trial_.time_base().rate_hz;
}

std::optional<SubjectModel> Reconstruction::Subject() {
  if (!arguments_.subject_toml.empty()) {
    return storage::ParseSubject(arguments_.subject_toml, arguments_.trial);
  }
  if (!arguments_.subject.empty()) {
    provenance_.AddInput(arguments_.subject);
    return storage::ReadSubject(arguments_.subject);
  }
  if (!arguments_.static_trial.empty()) {
    if (!set_) {
      throw InputError("--static needs --markers SET: which of its markers ride on one segment");
    }
    provenance_.AddInput(arguments_.static_trial);
    return LearnSubject({arguments_.static_trial, {}, {}}, *set_, SubjectKind::kStanding, {},
                        context_)
        .model;
  }
  if (!arguments_.learn_from.empty()) {
    const TrialStretch stretch = ParseStretch(arguments_.learn_from);
    provenance_.AddInput(stretch.file);
    return LearnSubject(stretch, set_.value_or(MarkerSet()), SubjectKind::kMotion, {}, context_)
        .model;
  }
  return std::nullopt;
}

// What tracks a segment in a run belongs to the trial even where it is never seen: later stages
// then say that it is missing and go on.
std::set<std::string> Reconstruction::ClusterLabels() const {
  std::set<std::string> labels;
  if (!set_) return labels;
  for (const auto& [segment, cluster] : set_->clusters) {
    labels.insert(cluster.begin(), cluster.end());
  }
  return labels;
}

void Reconstruction::NameTracks() {
  const std::optional<SubjectModel> subject = Subject();
  if (subject) provenance_.KeepSubject(storage::FormatSubject(*subject));
  tracks_.emplace(trial_, used_, arguments_.Tracking(), arguments_.output, arguments_.block_frames,
                  context_);
  const std::vector<reconstruct::Fragment>& fragments = tracks_->fragments();
  if (fragments.empty()) {
    report_.statistics = reconstruct::ReconstructStatistics(0, used_.cameras.size());
    report_.statistics.cameras.front().unlabelled = tracks_->sighting_count();
    RefuseNonsense(arguments_.trial, report_);
  }
  const auto begin = std::chrono::steady_clock::now();
  named_ = subject ? NameBySubject(fragments, trial_.time_base(), *subject, arguments_.Labelling(),
                                   ClusterLabels(), context_)
                   : NameByNumber(fragments, trial_.time_base());
  Correct();
  names_.emplace(named_.labelling, fragments.size());
  report_.tracks = ReportOn(fragments, named_);
  report_.tracks->tracking_seconds = tracks_->seconds();
  report_.tracks->labelling_seconds = SecondsSince(begin);
  if (subject && arguments_.corrections.empty()) {
    RefuseMostlyUnsure(subject->source, *report_.tracks);
  }
  WarnOfNames(named_, context_);
}

// What a person said before, and says now: kept with the options, so that it is never lost.
void Reconstruction::Correct() {
  if (arguments_.corrections.empty()) return;
  const std::vector<reconstruct::Fragment>& fragments = tracks_->fragments();
  provenance_.AddInput(arguments_.corrections);
  std::vector<NameCorrection> all = arguments_.earlier_corrections;
  const std::vector<NameCorrection> now = ReadCorrections(
      arguments_.corrections, fragments, trial_.time_base(), named_, set_ ? &*set_ : nullptr);
  all.insert(all.end(), now.begin(), now.end());
  ApplyCorrections(all, fragments, &named_);
  report_.corrections = now.size();
  nlohmann::json options = OptionsJson(arguments_, used_);
  for (const NameCorrection& c : all) {
    options["corrections"].push_back({{"track", c.track},
                                      {"first_frame", c.frames.first},
                                      {"frames", c.frames.count},
                                      {"label", c.label}});
  }
  provenance_.SetOptions(options);
}

// Streams labelled sightings through the reconstructor: bounded memory however long the trial is.
// Reading, triangulating and writing each use all threads in their turn.
void Reconstruction::Stream(const ObservationSource& source) {
  const WorkControl control = context_.Work("reconstructing", "frames");
  const std::size_t frame_count = trial_.time_base().frame_count();
  Reconstructor reconstructor(used_, trial_.time_base(), report_.labels.size(),
                              arguments_.Triangulating());
  const auto timed = [&](const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    const TrajectoryBlock block = work();
    report_.seconds += SecondsSince(begin);
    Take(block);
    control.Report(block.frames().end(), frame_count);
  };
  while (const std::optional<ObservationBlock> seen = source()) {
    monitor_->Observe(*seen);
    timed([&] { return reconstructor.Push(*seen, context_.parallelism(), control); });
  }
  timed([&] { return reconstructor.Finish(context_.parallelism()); });
  report_.statistics = reconstructor.statistics();
  if (filler_) {
    const auto begin = std::chrono::steady_clock::now();
    const TrajectoryBlock rest = filler_->Finish(context_.parallelism(), control);
    report_.filling_seconds += SecondsSince(begin);
    Write(rest);
    report_.gaps = filler_->statistics();
  }
  FinishSmoothing();
  report_.cameras = monitor_->Judge();
  writer_->WriteSharedCovariance(monitor_->RigCovariance());
}

void Reconstruction::Take(const TrajectoryBlock& block) {
  if (block.frames().count == 0) return;
  monitor_->Observe(block);
  if (!filler_) {
    Write(block);
    return;
  }
  const auto begin = std::chrono::steady_clock::now();
  const TrajectoryBlock filled = filler_->Push(block, context_.parallelism());
  report_.filling_seconds += SecondsSince(begin);
  Write(filled);
}

void Reconstruction::Write(const TrajectoryBlock& block) {
  if (block.frames().count == 0) return;
  writer_->AppendTrajectories(block);
  if (!smoother_) return;
  const auto begin = std::chrono::steady_clock::now();
  const TrajectoryBlock smoothed = smoother_->Push(block, context_.parallelism());
  report_.smoothing_seconds += SecondsSince(begin);
  if (smoothed.frames().count > 0) writer_->AppendSmoothed(smoothed);
}

void Reconstruction::FinishSmoothing() {
  if (!smoother_) return;
  const auto begin = std::chrono::steady_clock::now();
  const TrajectoryBlock smoothed = smoother_->Finish(context_.parallelism());
  report_.smoothing_seconds += SecondsSince(begin);
  if (smoothed.frames().count > 0) writer_->AppendSmoothed(smoothed);
}

void Reconstruction::WriteReview() const {
  if (arguments_.review.empty() || !tracks_) return;
  storage::WriteTextFile(arguments_.review,
                         ReviewCsv(tracks_->fragments(), trial_.time_base(), named_));
}

// Keypoints are those of whole persons: who is the runner?
void Reconstruction::FindRunner() {
  if (!HasPersons(trial_, cameras_)) return;
  reconstruct::KeypointOptions persons;
  persons.weights.sigma_factor = arguments_.sigma_factor;
  runner_.emplace([this] { return LabelledBlocks(trial_, cameras_, arguments_.block_frames); },
                  arguments_.trial, trial_.time_base(), trial_.labels(), used_, persons,
                  arguments_.person, context_);
}

// Options that name anonymous markers do nothing for sightings that bear labels.
void Reconstruction::WarnOfLabels() const {
  std::vector<std::string> unused;
  if (!arguments_.static_trial.empty()) unused.emplace_back("--static");
  if (!arguments_.subject.empty()) unused.emplace_back("--subject");
  if (!arguments_.learn_from.empty()) unused.emplace_back("--learn-from");
  if (!arguments_.review.empty()) unused.emplace_back("--review");
  if (unused.empty()) return;
  context_.Warn(
      fmt::format("{}: its sightings bear labels, so that {} had nothing to do; "
                  "--ignore-labels names them anew",
                  arguments_.trial, fmt::join(unused, ", ")));
}

// Sightings that are named anew lose the labels that they had.
void Reconstruction::RefuseToLoseLabels() const {
  std::error_code absent;
  if (!std::filesystem::equivalent(arguments_.trial, arguments_.output, absent)) return;
  throw InputError(fmt::format(
      "{}: the labels of its sightings would be lost with --ignore-labels; name another -o",
      arguments_.output));
}

void Reconstruction::Run() {
  const bool has_labels = !IsAnonymous(trial_, cameras_);
  const bool anonymous = arguments_.ignore_labels || !has_labels;
  if (!arguments_.corrections.empty() && !anonymous) {
    throw InputError(fmt::format(
        "{}: its sightings bear labels, which corrections of tracks cannot change; correct the "
        "labels themselves",
        arguments_.trial));
  }
  if (anonymous) {
    if (has_labels) RefuseToLoseLabels();
    NameTracks();
  } else {
    WarnOfLabels();
    FindRunner();
  }
  report_.labels = tracks_ ? named_.labels : trial_.labels();
  monitor_.emplace(used_, trial_.time_base(), report_.labels.size(), arguments_.Tracking().weights);
  if (arguments_.fills()) {
    filler_.emplace(report_.labels.size(),
                    set_ ? reconstruct::GroupsFromMarkerSet(*set_, report_.labels)
                         : reconstruct::MarkerGroups(),
                    trial_.time_base(), arguments_.Filling());
  }
  writer_.emplace(arguments_.output, context_.parallelism());
  writer_->CopyFrom(trial_, {storage::TrialPart::kObservations});
  if (tracks_) writer_->RemoveSightingLabels();
  writer_->WriteRig(rig_.rig);
  writer_->BeginTrajectories(report_.labels);
  if (arguments_.smooth) {
    smoother_.emplace(report_.labels.size(), trial_.time_base(), reconstruct::SmoothingOptions());
    writer_->BeginSmoothed();
  }
  Stream(tracks_   ? NamedBlocks(trial_, cameras_, *tracks_, *names_)
         : runner_ ? runner_->Blocks()
                   : LabelledBlocks(trial_, cameras_, arguments_.block_frames));
  RefuseNonsense(arguments_.trial, report_);
  WarnOf(used_, report_, context_);
  provenance_.SetSummary(QualityJson(used_, report_));
  writer_->WriteProvenance(provenance_.Finish());
  WriteReview();
  writer_->Commit();
  nlohmann::json summary = SummaryJson(arguments_.output, used_, report_);
  if (runner_) summary["persons"] = runner_->SummaryJson();
  context_.Print(SummaryText(arguments_.output, used_, report_) +
                     (runner_ ? runner_->SummaryText() : std::string()),
                 summary);
}

}  // namespace

void RunReconstruct(const ReconstructArguments& arguments, CommandContext& context) {
  const std::string learn_from = arguments.learn_from.empty()
                                     ? std::string()
                                     : ParseStretch(arguments.learn_from).file.string();
  RequireFreeOutputs({arguments.review, arguments.output},
                     {arguments.rig, arguments.static_trial, arguments.subject, arguments.markers,
                      learn_from, arguments.corrections});
  RequireFreeOutputs({arguments.review}, {arguments.trial});
  Reconstruction(arguments, context).Run();
}

}  // namespace medius::apps
