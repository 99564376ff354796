#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "apps/output_guard.hpp"
#include "apps/preset_path.hpp"
#include "apps/provenance.hpp"
#include "core/error.hpp"
#include "core/marker_set.hpp"
#include "core/subject_model.hpp"
#include "reconstruct/subject_learning.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/subject_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

// A minute of running shows every stride there is; more only takes memory.
constexpr std::size_t kMostFrames = 20'000;
// What moves less than this from its own middle, in the median, stands (m).
constexpr double kStands = 0.03;

struct SubjectArguments {
  std::string trial;
  std::string markers;
  std::string output;
  std::optional<double> from;
  std::optional<double> to;
  std::string kind = "auto";
  reconstruct::SubjectOptions options;
};

FrameRange FramesOf(const SubjectArguments& arguments, const storage::TrialReader& reader) {
  const std::vector<double>& time = reader.time_base().time;
  const double from = arguments.from.value_or(time.front());
  const double to = arguments.to.value_or(time.back());
  const auto first = std::lower_bound(time.begin(), time.end(), from);
  const auto end = std::upper_bound(time.begin(), time.end(), to);
  if (first >= end) {
    throw InputError(
        fmt::format("{}: has no frame from {:g} s to {:g} s; it goes from {:g} s to "
                    "{:g} s; change --from and --to",
                    arguments.trial, from, to, time.front(), time.back()));
  }
  return {static_cast<std::size_t>(first - time.begin()), static_cast<std::size_t>(end - first)};
}

reconstruct::LabelledPositions ReadPositions(const SubjectArguments& arguments,
                                             const storage::TrialReader& reader,
                                             CommandContext& context) {
  const FrameRange frames = FramesOf(arguments, reader);
  const std::size_t step = (frames.count + kMostFrames - 1) / kMostFrames;
  reconstruct::LabelledPositions positions{reader.labels(), {}};
  const WorkControl control = context.Work("reading", "frames");
  constexpr std::size_t kChunk = 4096;
  for (const FrameRange& part : SplitFrames(frames.count, kChunk)) {
    const TrajectoryBlock block = reader.ReadTrajectories({frames.first + part.first, part.count});
    for (std::size_t t = 0; t < part.count; ++t) {
      if ((part.first + t) % step != 0) continue;
      for (std::size_t m = 0; m < positions.labels.size(); ++m) {
        positions.position.emplace_back(block.Position(t, MarkerId(m)).cast<float>());
      }
    }
    control.Report(part.end(), frames.count);
  }
  return positions;
}

// How far markers stray from their middles, the median over the markers, metres.
double Straying(const reconstruct::LabelledPositions& positions) {
  std::vector<double> strays;
  for (std::size_t m = 0; m < positions.labels.size(); ++m) {
    double count = 0.0;
    Eigen::Vector3d mean = Eigen::Vector3d::Zero();
    double squares = 0.0;
    for (std::size_t t = 0; t < positions.frame_count(); ++t) {
      const Eigen::Vector3d p = positions.At(t, m);
      if (!p.allFinite()) continue;
      count += 1.0;
      const Eigen::Vector3d delta = p - mean;
      mean += delta / count;
      squares += delta.dot(p - mean);
    }
    if (count > 0.0) strays.push_back(std::sqrt(squares / count));
  }
  if (strays.empty()) return 0.0;
  const auto middle = strays.begin() + static_cast<std::ptrdiff_t>(strays.size() / 2);
  std::nth_element(strays.begin(), middle, strays.end());
  return *middle;
}

void WarnOfUnknown(const SubjectModel& subject, const MarkerSet& set, const std::string& trial,
                   CommandContext& context) {
  std::vector<std::string> loose;
  std::vector<std::string> lacking;
  for (const SubjectMarker& marker : subject.markers) {
    if (marker.segment.empty()) loose.push_back(marker.label);
  }
  for (const auto& [segment, cluster] : set.clusters) {
    for (const std::string& label : cluster) {
      const bool is_there =
          std::any_of(subject.markers.begin(), subject.markers.end(),
                      [&](const SubjectMarker& marker) { return marker.label == label; });
      if (!is_there) lacking.push_back(label);
    }
  }
  const std::string name = std::filesystem::path(trial).filename().string();
  if (!loose.empty()) {
    context.Warn(
        fmt::format("{}: the set {} puts these on no segment, so that they are harder to tell: {}",
                    name, set.name, fmt::join(loose, ", ")));
  }
  if (!lacking.empty()) {
    context.Warn(
        fmt::format("{}: never shows these markers of the clusters, which cannot be named "
                    "in a run: {}",
                    name, fmt::join(lacking, ", ")));
  }
}

SubjectModel Learn(const SubjectArguments& arguments,
                   const reconstruct::LabelledPositions& positions, const MarkerSet& set) {
  const bool is_moving =
      arguments.kind == "motion" || (arguments.kind == "auto" && Straying(positions) > kStands);
  try {
    return is_moving ? reconstruct::LearnFromMotion(positions, set)
                     : reconstruct::LearnFromStanding(positions, set, arguments.options);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", arguments.trial, error.what()));
  }
}

void PrintResult(const SubjectArguments& arguments, const SubjectModel& subject, std::size_t frames,
                 CommandContext& context) {
  const auto rigid = std::count_if(subject.pairs.begin(), subject.pairs.end(),
                                   [](const PairDistance& pair) { return pair.is_rigid; });
  std::vector<std::string> anchor;
  for (const std::size_t m : subject.anchor) anchor.push_back(subject.markers[m].label);
  const std::string kind = subject.from_motion ? "motion" : "standing";
  context.Print(fmt::format("{}: {} markers, {} rigid distances, from {} frames of {}; names start "
                            "from {}\n",
                            arguments.output, subject.markers.size(), rigid, frames, kind,
                            fmt::join(anchor, ", ")),
                {{"output", arguments.output},
                 {"markers", subject.markers.size()},
                 {"rigid_distances", rigid},
                 {"frames", frames},
                 {"learned_from", kind},
                 {"anchor", anchor},
                 {"warnings", context.warnings()}});
}

void RunSubject(const SubjectArguments& arguments, CommandContext& context) {
  arguments.options.Validate();
  RequireFreeOutputs({arguments.output}, {arguments.trial, arguments.markers});
  const MarkerSet set = storage::ReadMarkerSet(FindPreset(Preset::kMarkerSet, arguments.markers));
  const storage::TrialReader reader(arguments.trial, context.parallelism());
  if (!reader.Has(storage::TrialPart::kTrajectories)) {
    throw InputError(
        fmt::format("{}: has no trajectories; import or reconstruct it first", arguments.trial));
  }
  const reconstruct::LabelledPositions positions = ReadPositions(arguments, reader, context);
  SubjectModel subject = Learn(arguments, positions, set);
  subject.source = std::filesystem::path(arguments.trial).filename().string();
  subject.source_sha256 = Sha256OfFile(arguments.trial);
  WarnOfUnknown(subject, set, arguments.trial, context);
  storage::WriteSubject(arguments.output, subject);
  PrintResult(arguments, subject, positions.frame_count(), context);
}

}  // namespace

void AddSubjectCommand(CommandLine& commands) {
  auto arguments = std::make_shared<SubjectArguments>();
  CLI::App& command =
      commands.Add("subject",
                   "Learn how one subject's markers lie, from a labelled standing trial or a "
                   "labelled stretch of\n"
                   "running, so that `medius reconstruct` can name the dots of a run.\n"
                   "Example: medius subject static.trial.h5 --markers my_set.toml -o SUBJECT.toml",
                   [arguments](CommandContext& context) { RunSubject(*arguments, context); });
  command.add_option("TRIAL", arguments->trial, "A trial with labelled trajectories")->required();
  command
      .add_option("--markers", arguments->markers,
                  "Marker set: a TOML file or the name of a preset. Says which markers share a "
                  "segment")
      ->required()
      ->type_name("SET");
  command.add_option("--from", arguments->from, "First instant to learn from, s; default: all")
      ->type_name("S");
  command.add_option("--to", arguments->to, "Last instant to learn from, s")->type_name("S");
  command
      .add_option("--kind", arguments->kind,
                  "What the subject does: standing, motion, or auto: by how much the markers move")
      ->check(CLI::IsMember({"auto", "standing", "motion"}))
      ->capture_default_str();
  command
      .add_option("--skin", arguments->options.skin_sd,
                  "Of a standing trial: how much running changes a distance on one segment, m (sd)")
      ->capture_default_str();
  command
      .add_option("--skin-share", arguments->options.skin_sd_of_distance,
                  "The same as a share of the distance")
      ->capture_default_str();
  command.add_option("-o,--output", arguments->output, "The subject file to write")
      ->required()
      ->type_name("SUBJECT.toml");
}

}  // namespace medius::apps
