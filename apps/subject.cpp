#include <algorithm>
#include <filesystem>
#include <map>
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
#include "apps/subject_source.hpp"
#include "core/error.hpp"
#include "core/marker_set.hpp"
#include "core/subject_model.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/subject_toml.hpp"

namespace medius::apps {
namespace {

const std::map<std::string, SubjectKind>& Kinds() {
  static const std::map<std::string, SubjectKind> kKinds{{"auto", SubjectKind::kEither},
                                                         {"standing", SubjectKind::kStanding},
                                                         {"motion", SubjectKind::kMotion}};
  return kKinds;
}

struct SubjectArguments {
  std::string trial;
  std::string markers;
  std::string output;
  std::optional<double> from;
  std::optional<double> to;
  std::string kind = "auto";
  reconstruct::SubjectOptions options;
};

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
  const LearnedSubject learned =
      LearnSubject({arguments.trial, arguments.from, arguments.to}, set, Kinds().at(arguments.kind),
                   arguments.options, context);
  const SubjectModel& subject = learned.model;
  WarnOfUnknown(subject, set, arguments.trial, context);
  storage::WriteSubject(arguments.output, subject);
  PrintResult(arguments, subject, learned.frames, context);
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
