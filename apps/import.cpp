#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/axes_check.hpp"
#include "apps/command.hpp"
#include "apps/keypoint_import.hpp"
#include "apps/preset_path.hpp"
#include "apps/provenance.hpp"
#include "core/error.hpp"
#include "core/marker_set.hpp"
#include "core/trial.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/trajectory_import.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using storage::TrajectorySource;

// Marker samples held at once: some 40 bytes each.
constexpr std::size_t kSamplesInMemory = 250'000;

struct ImportArguments {
  std::string file;
  std::string output;
  std::string markers;
  std::string forward;
  std::string up;
  std::string unit;
  double rate_hz = 0.0;
  bool keep_zeros = false;
  KeypointArguments keypoints;
  TrialHeader header{"", "unknown", "unknown", "running", ""};
};

storage::ImportOptions OptionsOf(const ImportArguments& arguments) {
  storage::ImportOptions options;
  options.zeros_are_places = arguments.keep_zeros;
  if (arguments.rate_hz > 0.0) options.rate_hz = arguments.rate_hz;
  if (!arguments.unit.empty()) options.metres_per_unit = storage::MetresPerUnit(arguments.unit);
  return options;
}

// The axes of the file: those that the user names, else those of the marker set.
LabAxes AxesOf(const ImportArguments& arguments, const std::optional<MarkerSet>& set) {
  if (arguments.forward.empty() != arguments.up.empty()) {
    throw CLI::ValidationError("--forward and --up", "are given together or not at all");
  }
  if (!arguments.forward.empty()) {
    return LabAxesFromWords(arguments.forward, arguments.up, "--forward and --up");
  }
  if (!set) {
    throw CLI::ValidationError(
        "--markers",
        "say how the file's axes lie in the lab: --markers SET.toml (its [lab] table), or "
        "--forward and --up, e.g. --forward +x --up +y for OpenSim's");
  }
  return set->lab.value_or(LabAxes{});
}

std::set<std::string> LabelsOf(const MarkerSet& set) {
  std::set<std::string> labels;
  for (const auto& [role, label] : set.roles) labels.insert(label);
  for (const auto& [segment, cluster] : set.clusters) labels.insert(cluster.begin(), cluster.end());
  return labels;
}

void WarnOfLackingLabels(const MarkerSet& set, const TrajectorySource& source,
                         const ImportArguments& arguments,
                         const std::function<void(const std::string&)>& warn) {
  const std::vector<std::string>& there = source.labels();
  std::vector<std::string> lacking;
  const std::set<std::string> wanted = LabelsOf(set);
  for (const std::string& label : wanted) {
    if (std::find(there.begin(), there.end(), label) == there.end()) lacking.push_back(label);
  }
  if (lacking.empty()) return;
  if (lacking.size() == wanted.size()) {
    throw InputError(fmt::format(
        "{}: has none of the {} markers of the set {}; the file has {}; the set has {}",
        arguments.file, wanted.size(), set.name, fmt::join(there, ", "), fmt::join(wanted, ", ")));
  }
  warn(
      fmt::format("lacks {} of the {} markers of the set {}, which is no harm where the standing "
                  "trial has them: {}",
                  lacking.size(), wanted.size(), set.name, fmt::join(lacking, ", ")));
}

// Positions of the file's axes as lab positions: the rotation is a signed permutation, so that no
// digit changes.
class LabMapper {
 public:
  explicit LabMapper(const LabAxes& axes) {
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 3; ++column) {
        const double entry = axes.lab_from_file(row, column);
        if (entry == 0.0) continue;
        column_[static_cast<std::size_t>(row)] = static_cast<std::size_t>(column);
        sign_[static_cast<std::size_t>(row)] = entry > 0.0 ? 1.0F : -1.0F;
      }
    }
  }

  // Maps in place; returns the samples that are missing.
  std::size_t Map(TrajectoryBlock& block) const {
    std::size_t missing = 0;
    for (std::size_t slot = 0; slot < block.source.size(); ++slot) {
      float* position = block.position.data() + slot * 3;
      if (std::isnan(position[0])) {
        ++missing;
        continue;
      }
      const std::array<float, 3> p = {position[0], position[1], position[2]};
      for (std::size_t i = 0; i < 3; ++i) position[i] = sign_[i] * p[column_[i]];
      block.source[slot] = static_cast<std::uint8_t>(SampleSource::kImported);
    }
    return missing;
  }

 private:
  std::array<std::size_t, 3> column_{};
  std::array<float, 3> sign_{};
};

struct ImportCounts {
  std::size_t missing = 0;
  std::vector<std::string> doubts;  // about the axes
};

ImportCounts WriteTrajectories(const TrajectorySource& source, const LabAxes& axes,
                               const std::optional<MarkerSet>& set, bool is_running,
                               storage::TrialWriter& writer, CommandContext& context) {
  const std::size_t marker_count = source.labels().size();
  const std::size_t frames_per_chunk =
      std::clamp<std::size_t>(kSamplesInMemory / marker_count, 1, 4096);
  const LabMapper mapper(axes);
  AxesCheck check(set.value_or(MarkerSet{}), source.labels(), is_running);
  ImportCounts counts;
  const WorkControl control = context.Work("importing", "frames");
  writer.BeginTrajectories(source.labels());
  for (const FrameRange& frames : SplitFrames(source.frame_count(), frames_per_chunk)) {
    TrajectoryBlock block(frames, marker_count);
    source.ReadPositions(frames, context.parallelism(), block.position);
    counts.missing += mapper.Map(block);
    check.Add(block);
    writer.AppendTrajectories(block);
    control.Report(frames.end(), source.frame_count());
  }
  counts.doubts = check.Doubts();
  return counts;
}

void RequireOtherFile(const ImportArguments& arguments) {
  std::error_code error;
  if (std::filesystem::equivalent(arguments.file, arguments.output, error)) {
    throw CLI::ValidationError("-o", "is the imported file itself; name another file");
  }
}

nlohmann::json Provenance(const ImportArguments& arguments, const TrajectorySource& source,
                          const LabAxes& axes) {
  nlohmann::json rows = nlohmann::json::array();
  for (int row = 0; row < 3; ++row) {
    const Eigen::RowVector3d r = axes.lab_from_file.row(row);
    rows.push_back({r.x(), r.y(), r.z()});
  }
  return {{"format", source.format()},
          {"metres_per_unit", source.metres_per_unit()},
          {"rate_hz", source.time_base().rate_hz},
          {"lab_from_file", rows},
          {"zeros_are_places", arguments.keep_zeros},
          {"activity", arguments.header.activity}};
}

void PrintResult(const ImportArguments& arguments, const TrajectorySource& source,
                 const ImportCounts& counts, CommandContext& context) {
  const std::size_t markers = source.labels().size();
  const std::size_t frames = source.frame_count();
  const double missing_percent =
      100.0 * static_cast<double>(counts.missing) / static_cast<double>(markers * frames);
  const double seconds = static_cast<double>(frames) / source.time_base().rate_hz;
  const std::string text = fmt::format(
      "{}: {} frames at {:g} Hz ({:.2f} s), {} markers, {:.2f} % missing, {} events; from {} in "
      "units of {:g} m\n",
      arguments.output, frames, source.time_base().rate_hz, seconds, markers, missing_percent,
      source.events().size(), source.format(), source.metres_per_unit());
  context.Print(text, {{"output", arguments.output},
                       {"format", source.format()},
                       {"frames", frames},
                       {"rate_hz", source.time_base().rate_hz},
                       {"start_s", source.time_base().time.front()},
                       {"duration_s", seconds},
                       {"markers", markers},
                       {"labels", source.labels()},
                       {"missing_percent", missing_percent},
                       {"events", source.events().size()},
                       {"metres_per_unit", source.metres_per_unit()},
                       {"warnings", context.warnings()}});
}

void RunImport(const ImportArguments& arguments, CommandContext& context) {
  if (arguments.file.empty() == arguments.keypoints.keypoints.empty()) {
    throw CLI::ValidationError("FILE",
                               "one file of trajectories, or --keypoints CAMERA=PATH once "
                               "a camera, is to be given");
  }
  if (arguments.file.empty()) {
    return RunKeypointImport(arguments.keypoints, arguments.rate_hz, arguments.header,
                             arguments.output, context);
  }
  RequireOtherFile(arguments);
  ProvenanceRecorder provenance("import", context);
  std::optional<MarkerSet> set;
  if (!arguments.markers.empty()) {
    const std::filesystem::path path = FindPreset(Preset::kMarkerSet, arguments.markers);
    set = storage::ReadMarkerSet(path);
    provenance.AddInput(path);
  }
  const LabAxes axes = AxesOf(arguments, set);
  const std::unique_ptr<TrajectorySource> source =
      storage::OpenTrajectories(arguments.file, OptionsOf(arguments));
  // By its name alone: warnings are kept in the trial, which must not depend on the folder.
  const std::string name = std::filesystem::path(arguments.file).filename().string();
  const auto warn = [&](const std::string& text) { context.Warn(name + ": " + text); };
  for (const std::string& warning : source->warnings()) warn(warning);
  if (set) WarnOfLackingLabels(*set, *source, arguments, warn);
  if (const auto doubt = storage::ImplausibleUnit(*source)) warn(*doubt);
  provenance.AddInput(arguments.file);
  provenance.SetOptions(Provenance(arguments, *source, axes));

  TrialHeader header = arguments.header;
  if (header.trial.empty()) header.trial = std::filesystem::path(arguments.file).stem().string();
  if (header.created.empty()) header.created = FileTimeIso8601(arguments.file);
  storage::TrialWriter writer(arguments.output, context.parallelism());
  writer.WriteHeader(header);
  writer.WriteTimeBase(source->time_base());
  const ImportCounts counts =
      WriteTrajectories(*source, axes, set, header.activity == "running", writer, context);
  for (const std::string& doubt : counts.doubts) warn(doubt);
  if (!source->events().empty()) writer.WriteEvents(source->events());
  writer.WriteProvenance(provenance.Finish());
  writer.Commit();
  PrintResult(arguments, *source, counts, context);
}

std::string CheckIso8601(const std::string& text) {
  static const std::regex kPattern(
      R"(\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)");
  return std::regex_match(text, kPattern)
             ? ""
             : "\"" + text + "\" is no ISO 8601 time such as 2026-03-14T09:30:00Z";
}

void AddHeaderOptions(CLI::App& command, TrialHeader& header) {
  command.add_option("--trial", header.trial, "Name of the trial; default: the file's name");
  command.add_option("--subject", header.subject, "Pseudonym of the runner")->capture_default_str();
  command.add_option("--session", header.session, "Session of the runner, e.g. week-3")
      ->capture_default_str();
  command
      .add_option("--activity", header.activity,
                  "What is done: running, static (the standing trial), walking, ...")
      ->capture_default_str();
  command
      .add_option("--created", header.created,
                  "When it was recorded, ISO 8601; default: the file's time of modification")
      ->check(CheckIso8601);
}

}  // namespace

void AddImportCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App& command = commands.Add(
      "import",
      "Import marker trajectories: C3D (Intel, DEC, SGI; integer, real), TRC, or a table of text\n"
      "with columns LABELX LABELY LABELZ. What kind a file is, its content says.\n"
      "Example: medius import run.c3d --markers my_set.toml -o run.trial.h5\n"
      "Or 2D keypoints of several cameras: medius import --keypoints left=left_json\n"
      "--keypoints right=right_json --rate 60 -o run.trial.h5",
      [arguments](CommandContext& context) { RunImport(*arguments, context); });
  command.add_option("FILE", arguments->file, "The file to import");
  AddKeypointOptions(command, &arguments->keypoints);
  command
      .add_option("--markers", arguments->markers,
                  "Marker set: a TOML file or the name of a preset (rbds, hamner, ...). Its [lab] "
                  "table says how the file's axes lie; its labels are looked for")
      ->type_name("SET");
  command
      .add_option("--forward", arguments->forward,
                  "Axis of the file in the direction of running (+x -x +y -y +z -z); with --up, in "
                  "place of the set's [lab] table")
      ->type_name("AXIS");
  command.add_option("--up", arguments->up, "Axis of the file that points up")->type_name("AXIS");
  command
      .add_option("--rate,--rate-hz", arguments->rate_hz,
                  "Frames per second, Hz, in place of what the file says; for files without a time "
                  "column in seconds")
      ->check(CLI::Range(1e-3, 1e6));
  command
      .add_option("--unit", arguments->unit,
                  "Unit of the file's positions, in place of what the file says (mm where it says "
                  "nothing)")
      ->check(CLI::IsMember({"mm", "cm", "m"}));
  command.add_flag(
      "--keep-zeros", arguments->keep_zeros,
      "C3D: a marker at (0, 0, 0) is there, not missing. Only to repeat the numbers of "
      "a program that takes it so");
  AddHeaderOptions(command, arguments->header);
  command.add_option("-o,--output", arguments->output, "The trial file to write")
      ->required()
      ->type_name("TRIAL.h5");
}

}  // namespace medius::apps
