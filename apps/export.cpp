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
#include "storage/c3d_writer.hpp"
#include "storage/csv_export.hpp"
#include "storage/motion_file.hpp"
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
  std::string shape = "wide";
  bool comment = false;

  [[nodiscard]] bool ToStandardOutput() const { return output.empty() || output == "-"; }
};

// What --to says, else the ending of the output, else CSV.
std::string FormatOf(const ExportArguments& arguments) {
  if (!arguments.to.empty()) return arguments.to;
  std::string ending = std::filesystem::path(arguments.output).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* format : {"trc", "mot", "sto", "c3d"}) {
    if (ending == std::string(".") + format) return format;
  }
  return "csv";
}

std::string TableOf(const ExportArguments& arguments, const std::string& format) {
  if (!arguments.table.empty()) return arguments.table;
  return format == "trc" || format == "c3d" ? "trajectories" : "kinematics";
}

// What a format holds where it is no table of the user's choice.
const char* OnlyTableOf(const std::string& format) {
  if (format == "trc" || format == "c3d") return "trajectories";
  return format == "csv" ? nullptr : "kinematics";
}

void CheckCombination(const ExportArguments& arguments, const std::string& format,
                      const std::string& table, const CommandContext& context) {
  const char* only = OnlyTableOf(format);
  if (only != nullptr && table != only) {
    throw CLI::ValidationError(
        "--table", fmt::format("{} holds {}; use --to csv for {}", format, only, table));
  }
  if (format != "csv" && !arguments.dictionary.empty()) {
    throw CLI::ValidationError("--dictionary", "goes with --to csv");
  }
  if (format != "csv" && (arguments.shape != "wide" || arguments.comment)) {
    throw CLI::ValidationError("--shape and --comment", "go with --to csv");
  }
  if (format != "trc" && (!arguments.unit.empty() || arguments.up != "z")) {
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
  if (table == "summary" || table == "asymmetry" || table == "windows" || table == "trends") {
    return TrialPart::kSummary;
  }
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
                                  storage::CsvShape shape, const TextSink& sink,
                                  CommandContext& context) {
  if (table == "kinematics") {
    return storage::WriteKinematicsCsv(trial.ReadKinematics(), trial.time_base(), sink, shape);
  }
  if (table == "events") return storage::WriteEventsCsv(trial.ReadEvents(), sink, shape);
  if (table == "strides") return storage::WriteStridesCsv(trial.ReadStrides(), sink, shape);
  if (table == "curves") return storage::WriteCurvesCsv(trial.ReadStrides(), sink, shape);
  if (table == "summary") return storage::WriteSummaryCsv(trial.ReadSummary(), sink, shape);
  const RunStatistics run = trial.ReadRunStatistics();
  if (table == "asymmetry") return storage::WriteAsymmetryCsv(run.asymmetry, sink, shape);
  if (table == "windows") return storage::WriteWindowsCsv(run.windows, sink, shape);
  if (table == "trends") return storage::WriteTrendsCsv(run.trends, sink, shape);
  storage::TrajectoriesCsvWriter writer(sink, trial.time_base(), trial.labels(), shape);
  ForEachBlock(trial, context, [&](const TrajectoryBlock& block) { writer.Append(block); });
  return writer.columns();
}

// The options of the analysis that made the trial; an empty object where it does not say.
nlohmann::json AnalysisOptionsOf(const TrialReader& trial) {
  for (const StageProvenance& stage : trial.ReadProvenance()) {
    if (stage.stage != "analyze") continue;
    nlohmann::json options = nlohmann::json::parse(stage.options_json, nullptr, false);
    if (options.is_object()) return options;
  }
  return nlohmann::json::object();
}

// How the table was made, in lines that begin with #.
std::string CommentLines(const TrialReader& trial, const std::string& table) {
  const TrialHeader& header = trial.header();
  std::string text = fmt::format("# {} of trial {}, session {}, subject {}\n", table, header.trial,
                                 header.session, header.subject);
  for (const StageProvenance& stage : trial.ReadProvenance()) {
    text += fmt::format("# {} (Medius {}): {}\n", stage.stage, stage.version, stage.command);
  }
  const nlohmann::json options = AnalysisOptionsOf(trial);
  return text + fmt::format("# method: {}\n# options: {}\n", options.value("method", "unknown"),
                            options.dump());
}

std::vector<TableColumn> WriteMotion(const ExportArguments& arguments, const TrialReader& trial,
                                     const TextSink& sink, CommandContext& context) {
  const nlohmann::json options = AnalysisOptionsOf(trial);
  const std::string order = options.value("pelvis_order", "rotation-obliquity-tilt");
  if (order == "projections") {
    throw InputError(fmt::format(
        "{}: its pelvis angles are projections against standing (method {}), which OpenSim has no "
        "coordinates for; analyze with --method opensim-order",
        trial.path().string(), options.value("method", "")));
  }
  const storage::PelvisAngleOrder pelvis = order == "tilt-obliquity-rotation"
                                               ? storage::PelvisAngleOrder::kTiltFirst
                                               : storage::PelvisAngleOrder::kRotationFirst;
  const std::string name = arguments.ToStandardOutput()
                               ? trial.header().trial
                               : std::filesystem::path(arguments.output).stem().string();
  const storage::MotionFileContent content =
      storage::WriteMotionFile(trial.ReadKinematics(), trial.time_base(), pelvis, name, sink);
  if (content.left_out > 0) {
    context.Warn(fmt::format(
        "{} of {} frames lack an angle and are left out: OpenSim knows no missing value",
        content.left_out, content.left_out + content.rows));
  }
  return content.columns;
}

void WriteC3d(const TrialReader& trial, const TextSink& sink, CommandContext& context) {
  storage::C3dContent content;
  content.labels = trial.labels();
  if (trial.Has(TrialPart::kKinematics)) content.kinematics = trial.ReadKinematics();
  if (trial.Has(TrialPart::kEvents)) content.events = trial.ReadEvents();
  content.method = AnalysisOptionsOf(trial).value("method", "");
  storage::C3dWriter writer(sink, trial.time_base(), std::move(content));
  for (const std::string& warning : writer.warnings()) context.Warn(warning);
  ForEachBlock(trial, context, [&](const TrajectoryBlock& block) { writer.Append(block); });
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

void PrintWritten(const ExportArguments& arguments, const std::string& format,
                  const std::string& table, std::size_t rows,
                  const std::vector<TableColumn>& columns, const CommandContext& context) {
  nlohmann::json names = nlohmann::json::array();
  for (const TableColumn& column : columns) names.push_back(column.name);
  context.Print(fmt::format("{}: {} as {}, {} rows\n", arguments.output, table, format, rows),
                {{"output", arguments.output},
                 {"format", format},
                 {"table", table},
                 {"rows", rows},
                 {"columns", names},
                 {"warnings", context.warnings()}});
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
  std::size_t lines = 0;
  const TextSink sink = [&](std::string_view text) {
    lines += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (file) {
      file->Append(text);
    } else {
      ToStandardOutput(text);
    }
  };
  std::size_t header_lines = format == "trc" ? 6 : format == "csv" ? 1 : 7;
  std::vector<TableColumn> columns;
  if (format == "trc") {
    WriteTrc(arguments, trial, sink, context);
  } else if (format == "c3d") {
    WriteC3d(trial, sink, context);
  } else if (format != "csv") {
    columns = WriteMotion(arguments, trial, sink, context);
  } else {
    if (arguments.comment) {
      const std::string comment = CommentLines(trial, table);
      header_lines += static_cast<std::size_t>(std::count(comment.begin(), comment.end(), '\n'));
      sink(comment);
    }
    const auto shape =
        arguments.shape == "long" ? storage::CsvShape::kLong : storage::CsvShape::kWide;
    columns = WriteCsv(table, trial, shape, sink, context);
  }
  if (!arguments.dictionary.empty()) {
    storage::WriteTextFile(arguments.dictionary, storage::DataDictionaryCsv(columns));
  }
  if (!file) return;
  file->Commit();
  const std::size_t rows = format == "c3d" ? trial.time_base().frame_count() : lines - header_lines;
  PrintWritten(arguments, format, table, rows, columns, context);
}

}  // namespace

void AddExportCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App& command = commands.Add(
      "export",
      "Export a trial's tables as CSV, its trajectories as TRC, its angles for OpenSim\n"
      "(MOT, STO), or trajectories, angles and events as C3D.\n"
      "CSV: the first line holds the column names with their units; degrees, "
      "millimetres, seconds;\n"
      "decimal points; a missing number is an empty cell.\n"
      "Example: medius export run.trial.h5 --to csv --table strides -o strides.csv",
      [arguments](CommandContext& context) { RunExport(*arguments, context); });
  command.add_option("TRIAL", arguments->trial, "The trial file")->required();
  command.add_option("--to", arguments->to, "Format; default: by the ending of -o, else csv")
      ->check(CLI::IsMember({"csv", "trc", "mot", "sto", "c3d"}));
  command
      .add_option(
          "--table", arguments->table,
          "What to export; default: kinematics (csv), trajectories (trc). curves: each angle "
          "over 0..100 % of each stride; asymmetry: right less left; windows: minute by minute; "
          "trends: slopes and steps over the run")
      ->check(CLI::IsMember({"trajectories", "kinematics", "events", "strides", "summary", "curves",
                             "asymmetry", "windows", "trends"}));
  command.add_option("-o,--output", arguments->output,
                     "The file to write; without it, or with -, standard output");
  command
      .add_option("--dictionary", arguments->dictionary,
                  "Also write what each column means, its unit and definition, as a CSV")
      ->type_name("FILE");
  command
      .add_option(
          "--shape", arguments->shape,
          "CSV: wide, a column a quantity; long, a row a quantity with variable, unit, value")
      ->check(CLI::IsMember({"wide", "long"}))
      ->capture_default_str();
  command.add_flag("--comment", arguments->comment,
                   "CSV: begin with lines of # that say trial, method and every option (read with "
                   "comment=\"#\")");
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
