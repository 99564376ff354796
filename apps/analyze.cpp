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

#include "apps/command.hpp"
#include "apps/json_number.hpp"
#include "apps/preset_path.hpp"
#include "apps/provenance.hpp"
#include "core/error.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {
namespace {

constexpr double kDegree = 0.017453292519943295;
constexpr double kMillimetre = 0.001;

struct AnalyzeArguments {
  std::string trial;
  std::string standing;
  std::string markers;
  std::string output;
  std::string reference;
  double cutoff_hz = analysis::MotionOptions().cutoff_hz;
  double max_gap_s = analysis::MotionOptions().max_gap_s;
  double marker_offset_mm = 0.0;
  double marker_sd_mm = analysis::MotionOptions().assumed_marker_sd / kMillimetre;
};

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

analysis::AnalysisOptions OptionsOf(const AnalyzeArguments& arguments) {
  analysis::AnalysisOptions options;
  options.motion.cutoff_hz = arguments.cutoff_hz;
  options.motion.max_gap_s = arguments.max_gap_s;
  options.motion.assumed_marker_sd = arguments.marker_sd_mm * kMillimetre;
  options.marker_offset = arguments.marker_offset_mm * kMillimetre;
  return options;
}

// Everything that decides a number, in SI units; chunk_frames does not.
nlohmann::json ToJson(const analysis::AnalysisOptions& o, const MarkerSet& set) {
  const bool marked = set.LabelOf("left_hip_centre") || set.LabelOf("right_hip_centre");
  return {{"method", std::string(analysis::kMethodName)},
          {"marker_set", set.name},
          {"cutoff_hz", o.motion.cutoff_hz},
          {"max_gap_s", o.motion.max_gap_s},
          {"assumed_marker_sd", o.motion.assumed_marker_sd},
          {"filled_marker_sd", o.motion.filled_marker_sd},
          {"marker_offset", o.marker_offset},
          {"hip_centre", marked ? "marker" : "harrington_2007_pelvis_width_and_depth"},
          {"hip_centre_sd", o.hip_centre_sd},
          {"contact_time_sd", o.contact_time_sd},
          {"events",
           {{"window_cutoff_hz", o.events.window_cutoff_hz},
            {"velocity_cutoff_hz", o.events.velocity_cutoff_hz},
            {"foot_strike_offset_s", o.events.foot_strike_offset_s},
            {"toe_off_contact_fraction", o.events.toe_off_contact_fraction},
            {"heel_alone_contact_fraction", o.events.heel_alone_contact_fraction},
            {"belt_speed_fraction", o.events.belt_speed_fraction},
            {"foot_only_offset_s", o.events.foot_only_offset_s},
            {"pelvis_only_offset_s", o.events.pelvis_only_offset_s}}},
          {"strides",
           {{"min_stride_s", o.strides.min_stride_s},
            {"max_stride_s", o.strides.max_stride_s},
            {"min_contact_s", o.strides.min_contact_s},
            {"max_contact_s", o.strides.max_contact_s},
            {"stride_time_tolerance", o.strides.stride_time_tolerance},
            {"outlier_deviations", o.strides.outlier_deviations},
            {"outlier_floor", o.strides.outlier_floor},
            {"max_hip_extension", o.strides.max_hip_extension},
            {"max_frontal_angle", o.strides.max_frontal_angle},
            {"longest_row_s", o.strides.longest_row_s}}}};
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

const SummaryRow* FindRow(const Summary& summary, std::string_view metric, Side side) {
  for (const SummaryRow& row : summary) {
    if (row.metric.name == metric && row.side == side) return &row;
  }
  return nullptr;
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
                            {"sd", NumberOrNull(scale * row.sd)},
                            {"n", row.n},
                            {"ci_low", NumberOrNull(scale * row.ci_low)},
                            {"ci_high", NumberOrNull(scale * row.ci_high)},
                            {"trend_per_minute", NumberOrNull(scale * row.trend_per_minute)},
                            {"measurement_sigma", NumberOrNull(scale * row.measurement_sigma)}};
    if (const SummaryRow* other = FindRow(reference, row.metric.name, row.side)) {
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

nlohmann::json ResultJson(const analysis::AnalysisResult& result, const Summary& reference,
                          const AnalyzeArguments& arguments) {
  nlohmann::json strides;
  for (const Side side : kSides) {
    strides[std::string(ToString(side))] = {{"found", CountStrides(result.strides, side, false)},
                                            {"accepted", CountStrides(result.strides, side, true)}};
  }
  nlohmann::json quality = nlohmann::json::array();
  for (const analysis::SegmentQuality& q : result.quality) {
    quality.push_back({{"segment", std::string(analysis::ToString(q.segment))},
                       {"markers", q.markers},
                       {"residual_mm", NumberOrNull(q.median_rms / kMillimetre)},
                       {"frames_fitted", q.frames_fitted},
                       {"frames_flagged", q.frames_flagged}});
  }
  return {{"output", arguments.output}, {"method", std::string(analysis::kMethodName)},
          {"strides", strides},         {"belt_speed_m_s", NumberOrNull(result.belt_speed)},
          {"quality", quality},         {"summary", SummaryJson(result.summary, reference)},
          {"warnings", result.warnings}};
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
      const SummaryRow* row = FindRow(result.summary, shown.name, side);
      if (row != nullptr) {
        text += TableLine(*row, shown.title, FindRow(reference, shown.name, side));
      }
    }
  }
  for (const Side side : kSides) {
    const SummaryRow* cadence = FindRow(result.summary, "cadence", side);
    text += fmt::format("{}: {} of {} strides accepted", ToString(side),
                        CountStrides(result.strides, side, true),
                        CountStrides(result.strides, side, false));
    if (cadence != nullptr && cadence->n > 0) {
      text += fmt::format(", {:.1f} steps/min", cadence->mean);
    }
    text += "\n";
  }
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
  writer.WriteProvenance(provenance.Finish());
  writer.Commit();
}

// The analyzed run in the place of the standing or the reference trial would be the end of that.
void RefuseToReplaceOtherTrial(const AnalyzeArguments& arguments) {
  std::error_code absent;
  for (const std::string& read : {arguments.standing, arguments.reference}) {
    if (!read.empty() && std::filesystem::equivalent(read, arguments.output, absent)) {
      throw InputError(read + ": would be replaced by the analyzed run; name another -o");
    }
  }
}

void RunAnalyze(const AnalyzeArguments& arguments, CommandContext& context) {
  RefuseToReplaceOtherTrial(arguments);
  ProvenanceRecorder provenance("analyze", context);
  const std::filesystem::path set_path = FindPreset(Preset::kMarkerSet, arguments.markers);
  const MarkerSet set = storage::ReadMarkerSet(set_path);
  const storage::TrialReader trial(arguments.trial);
  const analysis::Recording run = RecordingOf(trial);
  std::optional<storage::TrialReader> standing_trial;
  std::optional<analysis::Recording> standing;
  if (!arguments.standing.empty()) {
    standing_trial.emplace(arguments.standing);
    standing = RecordingOf(*standing_trial);
  }
  Summary reference;
  if (!arguments.reference.empty()) {
    reference = storage::TrialReader(arguments.reference).ReadSummary();
  }
  provenance.AddInput(arguments.trial);
  if (standing) provenance.AddInput(arguments.standing);
  provenance.AddInput(set_path);
  provenance.KeepMarkerSet(storage::ReadMarkerSetText(set_path));
  const analysis::AnalysisOptions options = OptionsOf(arguments);
  provenance.SetOptions(ToJson(options, set));

  const analysis::AnalysisResult result =
      analysis::Analyze(set, run, standing ? &*standing : nullptr, options, context.parallelism(),
                        context.Work("analyzing", "frames"));
  for (const std::string& warning : result.warnings) context.Warn(warning);
  if (!result.not_computed.empty()) {
    throw NotComputed(fmt::format("{}: {}", run.where, result.not_computed));
  }
  WriteResult(trial, result, provenance, arguments.output);
  context.Print(ResultText(result, reference, arguments), ResultJson(result, reference, arguments));
}

}  // namespace

void AddAnalyzeCommand(CommandLine& commands) {
  auto arguments = std::make_shared<AnalyzeArguments>();
  CLI::App& command = commands.Add(
      "analyze", "Joint angles, foot strikes, strides and their summary from marker trajectories",
      [arguments](CommandContext& context) { RunAnalyze(*arguments, context); });
  command.add_option("trial", arguments->trial, "Trial with trajectories (TRIAL.h5)")
      ->required()
      ->type_name("TRIAL.h5");
  command
      .add_option("--static", arguments->standing,
                  "Standing trial of the same session. Without it only the pelvis is measured, "
                  "unless the run itself has the knee and ankle markers, and nothing is given "
                  "relative to standing")
      ->type_name("STATIC.h5");
  command
      .add_option("--markers", arguments->markers,
                  "Marker set, which says which label is which landmark: a file or the name of a "
                  "preset (rbds, virtual_lab, ...)")
      ->required()
      ->type_name("SET");
  command.add_option("-o,--output", arguments->output, "Trial to write; may be TRIAL.h5 itself")
      ->required()
      ->type_name("OUT.h5");
  command
      .add_option("--cutoff-hz", arguments->cutoff_hz,
                  "Low-pass of marker positions, Hz: zero-lag Butterworth, fourth order in effect; "
                  "0: none. Keep one value for a whole lab")
      ->capture_default_str();
  command
      .add_option("--max-gap-s", arguments->max_gap_s,
                  "Longest gap of a marker that is filled, seconds")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option(
          "--marker-offset-mm", arguments->marker_offset_mm,
          "From the skin to the centre of a marker, mm (9 for 14 mm markers on a base), for "
          "the hip centre")
      ->check(CLI::Range(0.0, 49.9))
      ->capture_default_str();
  command
      .add_option("--marker-sd-mm", arguments->marker_sd_mm,
                  "Noise of a marker coordinate, 1 sd, mm, where the trial does not say")
      ->check(CLI::Range(0.001, 99.0))
      ->capture_default_str();
  command
      .add_option(
          "--reference", arguments->reference,
          "Trial with a summary, such as a virtual lab's truth: its means are printed beside "
          "and whether the intervals hold them")
      ->type_name("OTHER.h5");
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
