// medius analyze: labelled trajectories -> angles, events, strides and what they come to.

#include "analysis/analyze.hpp"

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/summary.hpp"
#include "apps/analyze_options.hpp"
#include "apps/command.hpp"
#include "apps/json_number.hpp"
#include "apps/preset_path.hpp"
#include "apps/provenance.hpp"
#include "apps/run_statistics_report.hpp"
#include "core/error.hpp"
#include "storage/force_file.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

constexpr double kDegree = 0.017453292519943295;
constexpr double kMillimetre = 0.001;

// The metrics that the printed table shows; all are in the file.
struct ShownMetric {
  const char* name;
  const char* title;
};
constexpr ShownMetric kShown[] = {
    {"contralateral_pelvic_drop_peak", "pelvic drop, peak"},
    {"contralateral_pelvic_drop_relative", "pelvic drop, from standing"},
    {"contralateral_pelvic_drop_excursion", "pelvic drop, excursion"},
    {"hip_adduction_peak", "hip adduction, peak"},
};

analysis::Recording RecordingOf(const storage::TrialReader& reader) {
  const std::string where = reader.path().filename().string();
  if (!reader.Has(storage::TrialPart::kTrajectories)) {
    throw InputError(
        fmt::format("{}: it holds no trajectories; run medius reconstruct or medius "
                    "import first",
                    where));
  }
  analysis::Recording recording;
  recording.where = where;
  recording.labels = reader.labels();
  recording.time_base = reader.time_base();
  recording.read = [&reader](FrameRange frames) { return reader.ReadTrajectories(frames); };
  return recording;
}

// Angles in degrees for people; other units as they are.
double ScaleOf(const QuantityDescription& metric) {
  return metric.unit == "rad" ? 1.0 / kDegree : 1.0;
}
std::string NameWithUnit(const QuantityDescription& metric) {
  if (metric.unit == "rad") return metric.name + "_deg";
  if (metric.unit == "1/min") return metric.name + "_per_min";
  return metric.unit.empty() ? metric.name : metric.name + "_" + metric.unit;
}

std::size_t CountStrides(const StrideTable& strides, Side side, bool accepted_only) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < strides.stride_count(); ++i) {
    if (strides.side[i] == side && (!accepted_only || strides.accepted[i] != 0)) ++count;
  }
  return count;
}

bool Holds(const SummaryRow& row, double value) {
  return row.ci_low <= value && value <= row.ci_high;
}

// Without an interval there is nothing that could hold the reference.
bool IsComparable(const SummaryRow& row, double value) {
  return std::isfinite(row.ci_low) && std::isfinite(row.ci_high) && std::isfinite(value);
}

nlohmann::json SummaryJson(const Summary& summary, const Summary& reference) {
  nlohmann::json rows = nlohmann::json::array();
  for (const SummaryRow& row : summary) {
    const double scale = ScaleOf(row.metric);
    nlohmann::json entry = {{"side", std::string(ToString(row.side))},
                            {"metric", NameWithUnit(row.metric)},
                            {"mean", NumberOrNull(scale * row.mean)},
                            {"median", NumberOrNull(scale * row.median)},
                            {"standard_error", NumberOrNull(scale * row.standard_error)},
                            {"noise_sigma", NumberOrNull(scale * row.noise_sigma)},
                            {"sd", NumberOrNull(scale * row.sd)},
                            {"n", row.n},
                            {"ci_low", NumberOrNull(scale * row.ci_low)},
                            {"ci_high", NumberOrNull(scale * row.ci_high)},
                            {"trend_per_minute", NumberOrNull(scale * row.trend_per_minute)},
                            {"measurement_sigma", NumberOrNull(scale * row.measurement_sigma)}};
    if (const SummaryRow* other = analysis::FindRow(reference, row.metric.name, row.side)) {
      entry["reference_mean"] = NumberOrNull(scale * other->mean);
      if (IsComparable(row, other->mean)) {
        entry["interval_holds_reference"] = Holds(row, other->mean);
      } else {
        entry["interval_holds_reference"] = nullptr;
      }
    }
    rows.push_back(std::move(entry));
  }
  return rows;
}

// What the file keeps of how well it went, for reports.
nlohmann::json QualityJson(const analysis::AnalysisResult& result) {
  nlohmann::json segments = nlohmann::json::array();
  for (const analysis::SegmentQuality& q : result.quality) {
    segments.push_back({{"segment", std::string(analysis::ToString(q.segment))},
                        {"markers", q.markers},
                        {"residual_mm", NumberOrNull(q.median_rms / kMillimetre)},
                        {"frames_fitted", q.frames_fitted},
                        {"frames_flagged", q.frames_flagged}});
  }
  return {{"belt_speed_m_s", NumberOrNull(result.belt_speed)}, {"segments", segments}};
}

nlohmann::json ResultJson(const analysis::AnalysisResult& result, const Summary& reference,
                          const AnalyzeArguments& arguments) {
  nlohmann::json strides;
  for (const Side side : kSides) {
    strides[std::string(ToString(side))] = {{"found", CountStrides(result.strides, side, false)},
                                            {"accepted", CountStrides(result.strides, side, true)}};
  }
  nlohmann::json object = RunStatisticsJson(result.statistics);
  object.update({{"output", arguments.output},
                 {"method", result.kinematics.method},
                 {"strides", strides},
                 {"belt_speed_m_s", NumberOrNull(result.belt_speed)},
                 {"quality", QualityJson(result)["segments"]},
                 {"summary", SummaryJson(result.summary, reference)},
                 {"warnings", result.warnings}});
  object.update(CompanionsJson(result));
  return object;
}

std::string TableLine(const SummaryRow& row, const char* title, const SummaryRow* reference) {
  const auto number = [&row](double value) {
    const double scaled = ScaleOf(row.metric) * value;
    return std::isfinite(scaled) ? fmt::format("{:.2f}", scaled) : std::string("-");
  };
  std::string line =
      fmt::format("{:5}  {:26}  {:>7}  {:>7}  {:>6}  {:>7} to {:>6}", ToString(row.side), title,
                  row.n, number(row.mean), number(row.sd), number(row.ci_low), number(row.ci_high));
  if (reference != nullptr) {
    const bool comparable = IsComparable(row, reference->mean);
    const char* verdict = !comparable ? "-" : Holds(row, reference->mean) ? "yes" : "NO";
    line += fmt::format("  {:>9}  {:>8}", number(reference->mean), verdict);
  }
  return line + "\n";
}

std::string ResultText(const analysis::AnalysisResult& result, const Summary& reference,
                       const AnalyzeArguments& arguments) {
  std::string text = fmt::format("{:5}  {:26}  {:>7}  {:>7}  {:>6}  {:>17}", "side", "degrees",
                                 "strides", "mean", "sd", "95 % interval");
  if (!reference.empty()) text += fmt::format("  {:>9}  {:>8}", "reference", "in it");
  text += "\n";
  for (const Side side : kSides) {
    for (const ShownMetric& shown : kShown) {
      const SummaryRow* row = analysis::FindRow(result.summary, shown.name, side);
      if (row != nullptr) {
        text += TableLine(*row, shown.title, analysis::FindRow(reference, shown.name, side));
      }
    }
  }
  for (const Side side : kSides) {
    const SummaryRow* cadence = analysis::FindRow(result.summary, "cadence", side);
    text += fmt::format("{}: {} of {} strides accepted", ToString(side),
                        CountStrides(result.strides, side, true),
                        CountStrides(result.strides, side, false));
    if (cadence != nullptr && cadence->n > 0) {
      text += fmt::format(", {:.1f} steps/min", cadence->mean);
    }
    text += "\n";
  }
  text += RunStatisticsText(result.statistics);
  text += CompanionsText(result);
  text += fmt::format("wrote {}\n", arguments.output);
  return text;
}

void WriteResult(const storage::TrialReader& trial, const analysis::AnalysisResult& result,
                 const ProvenanceRecorder& provenance, const std::string& output) {
  using storage::TrialPart;
  storage::TrialWriter writer(output);
  std::vector<TrialPart> kept;
  for (const TrialPart part :
       {TrialPart::kRig, TrialPart::kObservations, TrialPart::kTrajectories}) {
    if (trial.Has(part)) kept.push_back(part);
  }
  writer.CopyFrom(trial, kept);
  writer.WriteEvents(result.events);
  writer.WriteKinematics(result.kinematics);
  writer.WriteStrides(result.strides);
  writer.WriteSummary(result.summary);
  writer.WriteRunStatistics(result.statistics);
  writer.WriteProvenance(provenance.Finish());
  writer.Commit();
}

// The analyzed run in the place of the standing or the reference trial would be the end of that.
void RefuseToReplaceOtherTrial(const AnalyzeArguments& arguments) {
  std::error_code absent;
  for (const std::string& read :
       {arguments.standing, arguments.functional, arguments.forces, arguments.reference}) {
    if (!read.empty() && std::filesystem::equivalent(read, arguments.output, absent)) {
      throw InputError(read + ": would be replaced by the analyzed run; name another -o");
    }
  }
}

// A trial that is read beside the run, and the recording in it.
struct BesideTrial {
  explicit BesideTrial(const std::string& path) : reader(path), recording(RecordingOf(reader)) {}
  storage::TrialReader reader;
  analysis::Recording recording;
};

// What was recorded beside the run, kept open while it is used.
struct OpenCompanions {
  explicit OpenCompanions(const AnalyzeArguments& arguments) {
    if (!arguments.standing.empty()) {
      standing = std::make_unique<BesideTrial>(arguments.standing);
      companions.standing = &standing->recording;
    }
    if (!arguments.functional.empty()) {
      functional = std::make_unique<BesideTrial>(arguments.functional);
      companions.functional = &functional->recording;
    }
    if (!arguments.forces.empty()) {
      forces =
          storage::ReadForces(arguments.forces, arguments.force_rate_hz, arguments.force_columns);
      companions.forces = &*forces;
    }
  }

  std::unique_ptr<BesideTrial> standing;
  std::unique_ptr<BesideTrial> functional;
  std::optional<ForceRecording> forces;
  analysis::Companions companions;
};

void AddInputs(const AnalyzeArguments& arguments, ProvenanceRecorder& provenance) {
  for (const std::string& file :
       {arguments.trial, arguments.standing, arguments.functional, arguments.forces}) {
    if (!file.empty()) provenance.AddInput(file);
  }
}

// Angles grow with speed by themselves.
void WarnOfOtherSpeed(const std::vector<analysis::ZScore>& scores, double speed,
                      CommandContext& context) {
  constexpr double kMostApart = 0.03;  // as between sessions
  for (const analysis::ZScore& score : scores) {
    const double theirs = score.reference->speed;
    if (!std::isfinite(theirs) || std::abs(speed / theirs - 1.0) <= kMostApart) continue;
    context.Warn(fmt::format(
        "the reference values are of running at {:.1f} m/s, this run is at {:.1f}: angles grow "
        "with speed by themselves",
        theirs, speed));
    return;
  }
}

void RunAnalyze(const AnalyzeArguments& arguments, CommandContext& context) {
  RefuseToReplaceOtherTrial(arguments);
  ProvenanceRecorder provenance("analyze", context);
  const std::filesystem::path set_path = FindPreset(Preset::kMarkerSet, arguments.markers);
  const MarkerSet set = storage::ReadMarkerSet(set_path);
  const storage::TrialReader trial(arguments.trial);
  const analysis::Recording run = RecordingOf(trial);
  const OpenCompanions beside(arguments);
  Summary reference;
  if (!arguments.reference.empty()) {
    reference = storage::TrialReader(arguments.reference).ReadSummary();
  }
  AddInputs(arguments, provenance);
  provenance.AddInput(set_path);
  provenance.KeepMarkerSet(storage::ReadMarkerSetText(set_path));
  const analysis::AnalysisOptions options = OptionsOf(arguments, set);
  std::optional<ReferenceValues> norms;
  if (!arguments.reference_values.empty()) {
    norms = ReadReferenceValuesFor(arguments.reference_values, arguments.method);
  }

  const analysis::AnalysisResult result =
      analysis::Analyze(set, run, beside.companions, options, context.parallelism(),
                        context.Work("analyzing", "frames"));
  provenance.SetOptions(OptionsJson(options, set, result));
  for (const std::string& warning : result.warnings) context.Warn(warning);
  if (!result.not_computed.empty()) {
    throw NotComputed(fmt::format("{}: {}", run.where, result.not_computed));
  }
  provenance.SetSummary(QualityJson(result));
  WriteResult(trial, result, provenance, arguments.output);
  nlohmann::json object = ResultJson(result, reference, arguments);
  std::string text = ResultText(result, reference, arguments);
  if (norms) {
    const auto scores = analysis::ZScores(result.summary, *norms, result.belt_speed);
    WarnOfOtherSpeed(scores, result.belt_speed, context);
    object["z_scores"] = ZScoresJson(scores);
    text += ZScoresText(scores);
  }
  context.Print(text, object);
}

}  // namespace

void AddAnalyzeCommand(CommandLine& commands) {
  auto arguments = std::make_shared<AnalyzeArguments>();
  CLI::App& command = commands.Add(
      "analyze", "Joint angles, foot strikes, strides and their summary from marker trajectories",
      [arguments](CommandContext& context) { RunAnalyze(*arguments, context); });
  AddAnalyzeOptions(command, *arguments);
  command.footer(
      "Writes /events, /kinematics, /strides and /summary. Pelvic drop is > 0 where the swing "
      "side\n"
      "is below the stance side; every angle's definition stands in the file and in "
      "docs/methods.md.\n"
      "The 95 % interval is that of this session's mean. How the markers were placed on the skin "
      "is\n"
      "not in it (5 mm is about 1.7 deg of absolute drop): between sessions compare the drop from\n"
      "standing, or its excursion.");
}

}  // namespace medius::apps
