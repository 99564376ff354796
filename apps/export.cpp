#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/csv_export.hpp"
#include "storage/trc_file.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

using storage::TableColumn;
using storage::TextSink;
using storage::TrialPart;
using storage::TrialReader;

// Marker samples held at once: some 40 bytes each.
constexpr std::size_t kSamplesInMemory = 250'000;

struct ExportArguments {
  std::string trial;
  std::string output;
  std::string to;
  std::string table;
  std::string dictionary;
  std::string unit;
  std::string up = "z";

  [[nodiscard]] bool ToStandardOutput() const { return output.empty() || output == "-"; }
};

// What --to says, else the ending of the output, else CSV.
std::string FormatOf(const ExportArguments& arguments) {
  if (!arguments.to.empty()) return arguments.to;
  std::string ending = std::filesystem::path(arguments.output).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".trc" ? "trc" : "csv";
}

std::string TableOf(const ExportArguments& arguments, const std::string& format) {
  if (!arguments.table.empty()) return arguments.table;
  return format == "trc" ? "trajectories" : "kinematics";
}

void CheckCombination(const ExportArguments& arguments, const std::string& format,
                      const std::string& table, const CommandContext& context) {
  if (format == "trc" && table != "trajectories") {
    throw CLI::ValidationError("--table", "TRC holds trajectories only; use --to csv for " + table);
  }
  if (format == "trc" && !arguments.dictionary.empty()) {
    throw CLI::ValidationError("--dictionary", "goes with --to csv");
  }
  if (format == "csv" && (!arguments.unit.empty() || arguments.up != "z")) {
    throw CLI::ValidationError("--unit and --up", "go with --to trc");
  }
  if (context.json() && arguments.ToStandardOutput()) {
    throw CLI::ValidationError("--json",
                               "needs -o FILE: the table and the summary cannot both go to "
                               "standard output");
  }
}

TrialPart PartOf(const std::string& table) {
  if (table == "trajectories") return TrialPart::kTrajectories;
  if (table == "kinematics") return TrialPart::kKinematics;
  if (table == "events") return TrialPart::kEvents;
  if (table == "summary") return TrialPart::kSummary;
  return TrialPart::kStrides;
}

void RequirePart(const TrialReader& trial, const std::string& table) {
  const TrialPart part = PartOf(table);
  if (trial.Has(part)) return;
  throw InputError(fmt::format("{}: has no {}; {} makes them", trial.path().string(), table,
                               part == TrialPart::kTrajectories
                                   ? "`medius reconstruct` or `medius import`"
                                   : "`medius analyze`"));
}

// Calls `append` with the trajectories of all frames, a part at a time.
void ForEachBlock(const TrialReader& trial, CommandContext& context,
                  const std::function<void(const TrajectoryBlock&)>& append) {
  const std::size_t frame_count = trial.time_base().frame_count();
  const std::size_t marker_count = std::max<std::size_t>(1, trial.labels().size());
  const std::size_t chunk = std::clamp<std::size_t>(kSamplesInMemory / marker_count, 1, 4096);
  const WorkControl control = context.Work("exporting", "frames");
  for (const FrameRange& frames : SplitFrames(frame_count, chunk)) {
    append(trial.ReadTrajectories(frames));
    control.Report(frames.end(), frame_count);
  }
}

void WriteTrc(const ExportArguments& arguments, const TrialReader& trial, const TextSink& sink,
              CommandContext& context) {
  const std::string name = arguments.ToStandardOutput()
                               ? trial.header().trial + ".trc"
                               : std::filesystem::path(arguments.output).filename().string();
  storage::TrcOptions options;
  options.in_metres = arguments.unit == "m";
  options.y_up = arguments.up == "y";
  storage::TrcWriter writer(sink, name, trial.time_base(), trial.labels(), options);
  ForEachBlock(trial, context, [&](const TrajectoryBlock& block) { writer.Append(block); });
}

std::vector<TableColumn> WriteCsv(const std::string& table, const TrialReader& trial,
                                  const TextSink& sink, CommandContext& context) {
  if (table == "kinematics") {
    return storage::WriteKinematicsCsv(trial.ReadKinematics(), trial.time_base(), sink);
  }
  if (table == "events") return storage::WriteEventsCsv(trial.ReadEvents(), sink);
  if (table == "strides") return storage::WriteStridesCsv(trial.ReadStrides(), sink);
  if (table == "curves") return storage::WriteCurvesCsv(trial.ReadStrides(), sink);
  if (table == "summary") return storage::WriteSummaryCsv(trial.ReadSummary(), sink);
  storage::TrajectoriesCsvWriter writer(sink, trial.time_base(), trial.labels());
  ForEachBlock(trial, context, [&](const TrajectoryBlock& block) { writer.Append(block); });
  return writer.columns();
}

void ToStandardOutput(std::string_view text) {
  std::cout.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!std::cout) throw InputError("standard output could not be written");
}

// A table renamed over the trial that it came from would be the end of the recording.
void RefuseToReplaceTrial(const ExportArguments& arguments) {
  std::error_code absent;
  for (const std::string& written : {arguments.output, arguments.dictionary}) {
    if (!written.empty() && std::filesystem::equivalent(arguments.trial, written, absent)) {
      throw InputError(written + ": is the trial itself, which would be lost; name another file");
    }
  }
}

void RunExport(const ExportArguments& arguments, CommandContext& context) {
  RefuseToReplaceTrial(arguments);
  const std::string format = FormatOf(arguments);
  const std::string table = TableOf(arguments, format);
  CheckCombination(arguments, format, table, context);
  const TrialReader trial(arguments.trial, context.parallelism());
  RequirePart(trial, table);

  std::optional<storage::AtomicTextFile> file;
  if (!arguments.ToStandardOutput()) file.emplace(arguments.output);
  std::size_t rows = 0;
  const TextSink sink = [&](std::string_view text) {
    rows += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (file) {
      file->Append(text);
    } else {
      ToStandardOutput(text);
    }
  };
  std::vector<TableColumn> columns;
  if (format == "trc") {
    WriteTrc(arguments, trial, sink, context);
  } else {
    columns = WriteCsv(table, trial, sink, context);
  }
  if (!arguments.dictionary.empty()) {
    storage::WriteTextFile(arguments.dictionary, storage::DataDictionaryCsv(columns));
  }
  if (!file) return;
  file->Commit();
  const std::size_t header_lines = format == "trc" ? 6 : 1;
  nlohmann::json names = nlohmann::json::array();
  for (const TableColumn& column : columns) names.push_back(column.name);
  context.Print(
      fmt::format("{}: {} as {}, {} rows\n", arguments.output, table, format, rows - header_lines),
      {{"output", arguments.output},
       {"format", format},
       {"table", table},
       {"rows", rows - header_lines},
       {"columns", names},
       {"warnings", context.warnings()}});
}

}  // namespace

void AddExportCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App& command =
      commands.Add("export",
                   "Export a trial's tables as CSV, or its trajectories as TRC.\n"
                   "CSV: the first line holds the column names with their units; degrees, "
                   "millimetres, seconds;\n"
                   "decimal points; a missing number is an empty cell.\n"
                   "Example: medius export run.trial.h5 --to csv --table strides -o strides.csv",
                   [arguments](CommandContext& context) { RunExport(*arguments, context); });
  command.add_option("TRIAL", arguments->trial, "The trial file")->required();
  command.add_option("--to", arguments->to, "Format; default: by the ending of -o, else csv")
      ->check(CLI::IsMember({"csv", "trc"}));
  command
      .add_option(
          "--table", arguments->table,
          "What to export; default: kinematics (csv), trajectories (trc). curves: each angle "
          "over 0..100 % of each stride")
      ->check(
          CLI::IsMember({"trajectories", "kinematics", "events", "strides", "summary", "curves"}));
  command.add_option("-o,--output", arguments->output,
                     "The file to write; without it, or with -, standard output");
  command
      .add_option("--dictionary", arguments->dictionary,
                  "Also write what each column means, its unit and definition, as a CSV")
      ->type_name("FILE");
  command.add_option("--unit", arguments->unit, "TRC: unit of the positions, mm or m; default: mm")
      ->check(CLI::IsMember({"mm", "m"}));
  command
      .add_option(
          "--up", arguments->up,
          "TRC: z for the lab's axes (X forward, Y left, Z up), y for OpenSim's (X forward, Y "
          "up, Z right)")
      ->check(CLI::IsMember({"z", "y"}))
      ->capture_default_str();
}

}  // namespace medius::apps
