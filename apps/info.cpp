#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using nlohmann::json;
using storage::TrialPart;
using storage::TrialReader;

struct InfoArguments {
  std::string file;
};

constexpr std::size_t kSourceCount = 6;
constexpr std::array<const char*, kSourceCount> kSourceNames = {
    "missing", "measured", "filled_rigid", "filled_skeleton", "filled_interpolated", "imported"};
constexpr std::size_t kMissing = static_cast<std::size_t>(SampleSource::kMissing);
constexpr std::size_t kWorstMarkers = 5;
constexpr std::size_t kSamplesInMemory = 250'000;

struct PartName {
  TrialPart part;
  const char* name;
};
constexpr PartName kParts[] = {
    {TrialPart::kRig, "rig"},
    {TrialPart::kObservations, "observations"},
    {TrialPart::kTrajectories, "trajectories"},
    {TrialPart::kEvents, "events"},
    {TrialPart::kKinematics, "kinematics"},
    {TrialPart::kStrides, "strides"},
    {TrialPart::kSummary, "summary"},
};

// How many samples of each marker come from where.
using SourceCounts = std::vector<std::array<std::size_t, kSourceCount>>;

SourceCounts CountSources(const TrialReader& trial, CommandContext& context) {
  const std::size_t marker_count = trial.labels().size();
  SourceCounts counts(marker_count);
  const std::size_t frame_count = trial.time_base().frame_count();
  const std::size_t chunk =
      std::clamp<std::size_t>(kSamplesInMemory / std::max<std::size_t>(1, marker_count), 1, 4096);
  const WorkControl control = context.Work("counting", "frames");
  for (const FrameRange& frames : SplitFrames(frame_count, chunk)) {
    const TrajectoryBlock block = trial.ReadTrajectories(frames);
    for (std::size_t i = 0; i < block.source.size(); ++i) {
      ++counts[i % marker_count][block.source[i]];
    }
    control.Report(frames.end(), frame_count);
  }
  return counts;
}

double Percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

json DescribeHeader(const TrialReader& trial) {
  const TrialHeader& header = trial.header();
  const TimeBase& time = trial.time_base();
  const double duration = time.time.empty() ? 0.0 : time.time.back() - time.time.front();
  return {{"file", trial.path().filename().string()},
          {"bytes", std::filesystem::file_size(trial.path())},
          {"schema_version", storage::kSchemaVersion},
          {"trial", header.trial},
          {"subject", header.subject},
          {"session", header.session},
          {"activity", header.activity},
          {"created", header.created},
          {"frames", time.frame_count()},
          {"rate_hz", time.rate_hz},
          {"duration_s", duration}};
}

json DescribeCameras(const TrialReader& trial) {
  json cameras = json::array();
  const std::size_t frames = trial.time_base().frame_count();
  for (const std::string& name : trial.observation_cameras()) {
    const std::size_t sightings = trial.SightingCount(name);
    const double per_frame =
        frames == 0 ? 0.0 : static_cast<double>(sightings) / static_cast<double>(frames);
    cameras.push_back({{"name", name}, {"sightings", sightings}, {"per_frame", per_frame}});
  }
  return cameras;
}

json DescribeRig(const TrialReader& trial) {
  json cameras = json::array();
  if (!trial.Has(TrialPart::kRig)) return cameras;
  const CameraRig rig = trial.ReadRig();
  for (const Camera& camera : rig.cameras) {
    cameras.push_back({{"name", camera.name},
                       {"model", ToString(camera.model.kind())},
                       {"width", camera.width},
                       {"height", camera.height}});
  }
  return cameras;
}

// The markers with the most missing, worst first.
json WorstMarkers(const TrialReader& trial, const SourceCounts& counts) {
  std::vector<std::size_t> order(counts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&counts](std::size_t a, std::size_t b) {
    return counts[a][kMissing] > counts[b][kMissing];
  });
  json worst = json::array();
  for (const std::size_t i : order) {
    if (worst.size() == kWorstMarkers || counts[i][kMissing] == 0) break;
    worst.push_back(
        {{"label", trial.labels()[i]},
         {"missing_percent", Percent(counts[i][kMissing], trial.time_base().frame_count())}});
  }
  return worst;
}

json DescribeTrajectories(const TrialReader& trial, CommandContext& context) {
  json described = {{"markers", trial.labels().size()}, {"labels", trial.labels()}};
  if (!trial.Has(TrialPart::kTrajectories)) return described;
  const SourceCounts counts = CountSources(trial, context);
  const std::size_t samples = counts.size() * trial.time_base().frame_count();
  json percent;
  for (std::size_t s = 0; s < kSourceCount; ++s) {
    std::size_t total = 0;
    for (const auto& marker : counts) total += marker[s];
    percent[kSourceNames[s]] = Percent(total, samples);
  }
  described["source_percent"] = percent;
  described["worst"] = WorstMarkers(trial, counts);
  return described;
}

json DescribeStrides(const TrialReader& trial) {
  const StrideTable strides = trial.ReadStrides();
  json described = {{"metrics", strides.metrics.size()}};
  for (const Side side : kSides) {
    std::size_t all = 0;
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < strides.stride_count(); ++i) {
      if (strides.side[i] != side) continue;
      ++all;
      accepted += strides.accepted[i] != 0 ? 1 : 0;
    }
    described[std::string(ToString(side))] = {{"strides", all}, {"accepted", accepted}};
  }
  return described;
}

// NaN has no form in JSON but null.
json Number(double value) {
  return std::isfinite(value) ? json(value) : json();
}

json DescribeSummary(const TrialReader& trial) {
  json rows = json::array();
  for (const SummaryRow& row : trial.ReadSummary()) {
    rows.push_back({{"metric", row.metric.name},
                    {"unit", row.metric.unit},
                    {"side", ToString(row.side)},
                    {"mean", Number(row.mean)},
                    {"sd", Number(row.sd)},
                    {"n", row.n},
                    {"ci_low", Number(row.ci_low)},
                    {"ci_high", Number(row.ci_high)}});
  }
  return rows;
}

json DescribeProvenance(const TrialReader& trial) {
  json stages = json::array();
  for (const StageProvenance& stage : trial.ReadProvenance()) {
    json inputs = json::array();
    for (const ProvenanceInput& input : stage.inputs) {
      inputs.push_back({{"name", input.name}, {"sha256", input.sha256}});
    }
    stages.push_back({{"stage", stage.stage},
                      {"command", stage.command},
                      {"options", json::parse(stage.options_json, nullptr, false)},
                      {"version", stage.version},
                      {"inputs", inputs},
                      {"started", stage.started},
                      {"seconds", stage.seconds},
                      {"warnings", stage.warnings}});
    if (stages.back()["options"].is_discarded()) stages.back()["options"] = stage.options_json;
  }
  return stages;
}

json Describe(const TrialReader& trial, CommandContext& context) {
  json object = DescribeHeader(trial);
  json parts = json::array();
  for (const PartName& part : kParts) {
    if (trial.Has(part.part)) parts.push_back(part.name);
  }
  object["parts"] = parts;
  object["rig"] = DescribeRig(trial);
  object["cameras"] = DescribeCameras(trial);
  object["trajectories"] = DescribeTrajectories(trial, context);
  if (trial.Has(TrialPart::kEvents)) object["events"] = trial.ReadEvents().size();
  if (trial.Has(TrialPart::kKinematics)) {
    json angles = json::array();
    for (const AngleSeries& angle : trial.ReadKinematics().angles) {
      angles.push_back(angle.description.name);
    }
    object["kinematics"] = angles;
  }
  if (trial.Has(TrialPart::kStrides)) object["strides"] = DescribeStrides(trial);
  if (trial.Has(TrialPart::kSummary)) object["summary"] = DescribeSummary(trial);
  object["provenance"] = DescribeProvenance(trial);
  object["whole"] = true;  // else an error would have ended this
  return object;
}

// A file may hold what a terminal would obey; one line stays one line.
std::string Plain(const json& word) {
  std::string text = word.get<std::string>();
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return text;
}

std::string Words(const json& list) {
  if (list.empty()) return "none";
  std::vector<std::string> words;
  for (const json& word : list) words.push_back(Plain(word));
  return fmt::format("{}", fmt::join(words, " "));
}

void AppendTrajectories(std::string& text, const json& trajectories) {
  text += fmt::format("labels        {}: {}\n", trajectories["markers"].get<std::size_t>(),
                      Words(trajectories["labels"]));
  if (!trajectories.contains("source_percent")) return;
  text += "samples      ";
  for (const char* name : kSourceNames) {
    const double percent = trajectories["source_percent"][name].get<double>();
    if (percent > 0.0) text += fmt::format(" {:.2f} % {}", percent, name);
  }
  text += "\n";
  for (const json& marker : trajectories["worst"]) {
    text += fmt::format("  {:<16} {:.2f} % missing\n", Plain(marker["label"]),
                        marker["missing_percent"].get<double>());
  }
}

void AppendCameras(std::string& text, const json& object) {
  for (const json& camera : object["rig"]) {
    text +=
        fmt::format("rig           {} {} {} x {}\n", Plain(camera["name"]), Plain(camera["model"]),
                    camera["width"].get<int>(), camera["height"].get<int>());
  }
  for (const json& camera : object["cameras"]) {
    text += fmt::format("sightings     {} {} ({:.1f} a frame)\n", Plain(camera["name"]),
                        camera["sightings"].get<std::size_t>(), camera["per_frame"].get<double>());
  }
}

// Angles are for people to read: in degrees.
void AppendSummary(std::string& text, const json& rows) {
  constexpr double kDegrees = 180.0 / 3.14159265358979323846;
  for (const json& row : rows) {
    const std::string unit = Plain(row["unit"]);
    const bool is_angle = unit == "rad";
    const auto value = [&](const char* name) {
      const double number = row[name].is_null() ? std::nan("") : row[name].get<double>();
      return is_angle ? kDegrees * number : number;
    };
    text += fmt::format("summary       {} {} {:.3g} +/- {:.2g}{} (n {}, 95 % {:.3g} to {:.3g})\n",
                        Plain(row["metric"]), Plain(row["side"]), value("mean"), value("sd"),
                        is_angle       ? " deg"
                        : unit.empty() ? ""
                                       : " " + unit,
                        row["n"].get<std::size_t>(), value("ci_low"), value("ci_high"));
  }
}

void AppendResults(std::string& text, const json& object) {
  if (object.contains("events")) {
    text += fmt::format("events        {}\n", object["events"].get<std::size_t>());
  }
  if (object.contains("kinematics")) {
    text += fmt::format("kinematics    {}\n", Words(object["kinematics"]));
  }
  if (object.contains("strides")) {
    for (const Side side : kSides) {
      const json& row = object["strides"][std::string(ToString(side))];
      text += fmt::format("strides       {} {}, {} accepted\n", ToString(side),
                          row["strides"].get<std::size_t>(), row["accepted"].get<std::size_t>());
    }
  }
  if (object.contains("summary")) AppendSummary(text, object["summary"]);
}

void AppendProvenance(std::string& text, const json& stages) {
  for (const json& stage : stages) {
    text += fmt::format("made by       {} ({}, {})\n", Plain(stage["command"]),
                        Plain(stage["version"]), Plain(stage["started"]));
    for (const json& input : stage["inputs"]) {
      text +=
          fmt::format("  from        {} {:.12}\n", Plain(input["name"]), Plain(input["sha256"]));
    }
    for (const json& warning : stage["warnings"]) {
      text += fmt::format("  warning     {}\n", Plain(warning));
    }
  }
}

std::string ForPeople(const json& object) {
  const auto field = [&object](const char* name) { return Plain(object[name]); };
  std::string text = fmt::format(
      "{}: whole ({:.1f} MB, every checksum is right)\n"
      "trial         {} (subject {}, session {}, {}, {})\n"
      "time          {} frames at {:g} Hz, {:.3f} s\n"
      "parts         {}\n",
      field("file"), object["bytes"].get<double>() / 1e6, field("trial"), field("subject"),
      field("session"), field("activity"), field("created"), object["frames"].get<std::size_t>(),
      object["rate_hz"].get<double>(), object["duration_s"].get<double>(), Words(object["parts"]));
  AppendCameras(text, object);
  AppendTrajectories(text, object["trajectories"]);
  AppendResults(text, object);
  AppendProvenance(text, object["provenance"]);
  return text;
}

void RunInfo(const InfoArguments& arguments, CommandContext& context) {
  const TrialReader trial(arguments.file, context.parallelism());
  trial.VerifyAll(context.Work("checking", "frames"));
  const json object = Describe(trial, context);
  context.Print(ForPeople(object), object);
}

}  // namespace

void AddInfoCommand(CommandLine& commands) {
  auto arguments = std::make_shared<InfoArguments>();
  CLI::App& command =
      commands.Add("info",
                   "What is in a trial file, and is it whole: reads all of it through its "
                   "checksums. Exit code 3 "
                   "where it is damaged, with the name of the part.",
                   [arguments](CommandContext& context) { RunInfo(*arguments, context); });
  command.add_option("file", arguments->file, "the trial file (.trial.h5)")->required();
}

}  // namespace medius::apps
