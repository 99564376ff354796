#include "apps/calibration_output.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "storage/rig_toml.hpp"

namespace medius::apps {
namespace {

using calibration::CalibrationResult;
using calibration::CalibrationStatus;
using calibration::Grade;
using calibration::Severity;

const char* WordOf(Grade grade) {
  switch (grade) {
    case Grade::kGood:
      return "good";
    case Grade::kUsable:
      return "usable";
    case Grade::kRedo:
      return "redo";
  }
  return "";
}

// A number, or a dash where there is none.
std::string Number(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "-";
}

std::string VerdictText(const calibration::Verdict& verdict) {
  std::string text = fmt::format("verdict: {}\n", WordOf(verdict.grade));
  for (const calibration::Finding& finding : verdict.findings) {
    const char* mark = finding.severity == Severity::kRedo    ? "redo"
                       : finding.severity == Severity::kLimit ? "limit"
                                                              : "note";
    text += fmt::format("  {}: {}{}{}\n", mark, finding.text, finding.action.empty() ? "" : ". ",
                        finding.action);
  }
  return text;
}

std::string CameraTable(const CalibrationReport& report) {
  const CalibrationResult& result = report.result;
  std::size_t width = 6;
  for (const Camera& camera : result.rig.cameras) width = std::max(width, camera.name.size());
  std::string text = fmt::format("{:<{}} {:>6} {:>9} {:>8} {:>8} {:>9} {:>8} {:>12} {:>9} {:>10}\n",
                                 "camera", width, "views", "sightings", "outliers", "rms_px",
                                 "focal_px", "+-", "centre_sd_mm", "covered_%", "offset_ms");
  for (std::size_t c = 0; c < result.rig.cameras.size(); ++c) {
    const Camera& camera = result.rig.cameras[c];
    const calibration::CameraQuality& quality = report.quality.cameras[c];
    text += fmt::format("{:<{}} {:>6} {:>9} {:>8} {:>8} {:>9.1f} {:>8} {:>12} {:>9.0f} {:>10}\n",
                        camera.name, width, quality.numbers.views, quality.numbers.sightings,
                        quality.numbers.outliers, Number(quality.numbers.rms, 3),
                        camera.model.intrinsics()[0], Number(quality.focal_sd.x(), 2),
                        Number(1e3 * quality.centre_sd, 3), 100.0 * quality.coverage.share,
                        Number(1e3 * camera.time_offset, 2));
  }
  return text;
}

// Residuals are never said alone: what they predict of other views stands beside them.
std::string ResidualText(const CalibrationReport& report) {
  const calibration::RigQuality& quality = report.quality;
  std::string text =
      fmt::format("residual {} px per axis over {} sightings; {} outliers left out; {:.2f} CPU s\n",
                  Number(quality.rms, 3), quality.sightings, quality.outliers, report.cpu_seconds);
  if (const auto& held_out = quality.inputs.held_out) {
    text += fmt::format("held out ({}): {} px per axis over {} sightings, none left out\n",
                        held_out->method, Number(held_out->rms, 3), held_out->sightings);
    for (const auto& other : held_out->alternatives) {
      text += fmt::format("  {}: {} px\n", other.name, Number(other.rms, 3));
    }
  }
  if (quality.volume) {
    text += fmt::format(
        "expected error of a marker: median {} mm, 90 % of the volume below {} mm (1 sd)\n",
        Number(1e3 * quality.volume->median, 2), Number(1e3 * quality.volume->percentile90, 2));
  }
  if (const auto& timing = quality.inputs.temporal) {
    for (std::size_t c = 0; c < timing->cameras.size(); ++c) {
      const auto& camera = timing->cameras[c];
      text += fmt::format("timing of {}: {:+.2f} +- {} ms after {}{}\n",
                          report.observations.cameras[c].name, 1e3 * camera.offset,
                          Number(1e3 * camera.offset_sd, 2),
                          report.observations.cameras[timing->reference_camera.index()].name,
                          timing->in_the_rig ? "" : " (not in the rig: see --time-offsets)");
    }
  }
  for (const calibration::WandNumbers& wand : quality.inputs.wands) {
    text += fmt::format("wand {}: {:.3f} mm stated, {:.3f} +- {:.3f} mm over {} instants\n",
                        wand.name, 1e3 * wand.nominal_length, 1e3 * wand.mean_length,
                        1e3 * wand.sd_length, wand.instants);
  }
  return text;
}

}  // namespace

void AddCalibrationOutputOptions(CLI::App& command, CalibrationOutput* output) {
  command.add_option("-o,--output", output->rig, "The rig to write")
      ->required()
      ->option_text("RIG.toml");
  command
      .add_option("--report", output->report,
                  "Also write a report: verdict, cameras, coverage, residuals, precision, in one "
                  "page that a browser opens without a network")
      ->option_text("REPORT.html");
}

void RequireCalibrated(const CalibrationResult& result) {
  if (result.status == CalibrationStatus::kConverged) return;
  if (!result.degeneracy.sentence.empty()) throw NotComputed(result.degeneracy.sentence);
  throw NotComputed(fmt::format(
      "the adjustment of the cameras did not converge in {} steps; check that every camera saw the "
      "target that its file describes and that images of one number are of one instant, or start "
      "from a known rig with --initial",
      result.iterations));
}

std::vector<calibration::Finding> FindingsOf(std::span<const calibration::RigDoubt> doubts) {
  if (const calibration::RigDoubt* refusal = calibration::FirstRefusal(doubts)) {
    throw NotComputed(refusal->sentence);
  }
  std::vector<calibration::Finding> findings;
  for (const calibration::RigDoubt& doubt : doubts) {
    findings.push_back({Severity::kLimit, std::string(calibration::ToString(doubt.kind)),
                        doubt.cameras, doubt.sentence, ""});
  }
  return findings;
}

calibration::HeldOutNumbers HeldOutOf(const calibration::CrossValidation& score,
                                      const calibration::ModelAdvice& lenses,
                                      const calibration::ModelAdvice& timings) {
  calibration::HeldOutNumbers numbers;
  numbers.method = fmt::format(
      "every second instant, both ways: fitted to the first, third, ... and scored on the others "
      "{:.3f} px, the other way round {:.3f} px",
      score.half[0].rms, score.half[1].rms);
  numbers.rms = score.rms;
  numbers.training_rms = std::hypot(score.training_rms[0], score.training_rms[1]) / std::sqrt(2.0);
  for (const calibration::HeldOutScore& half : score.half) {
    numbers.sightings += half.sightings;
    numbers.poses += half.poses;
    numbers.lost_views += half.lost_views;
  }
  for (std::size_t c = 0; c < score.half[0].rms_of_camera.size(); ++c) {
    numbers.rms_of_camera.push_back(
        std::hypot(score.half[0].rms_of_camera[c], score.half[1].rms_of_camera[c]) /
        std::sqrt(2.0));
  }
  for (const calibration::ModelAdvice* advice : {&lenses, &timings}) {
    for (std::size_t i = 0; i < advice->scores.size(); ++i) {
      if (!advice->scores[i].valid) continue;
      calibration::HeldOutNumbers::Alternative other;
      other.name = advice->candidates[i].name;
      other.rms = advice->scores[i].rms;
      numbers.alternatives.push_back(std::move(other));
    }
  }
  return numbers;
}

calibration::TemporalNumbers TimingOf(const calibration::TemporalResult& fit, bool in_the_rig) {
  calibration::TemporalNumbers numbers;
  for (const calibration::CameraTimingEstimate& camera : fit.timing) {
    numbers.cameras.push_back({camera.offset, camera.offset_sd, camera.drift, camera.drift_sd,
                               camera.line_time, camera.line_time_sd});
  }
  numbers.reference_camera = fit.calibration.options.reference_camera;
  numbers.frame_interval = fit.interval;
  numbers.in_the_rig = in_the_rig;
  numbers.rms_with = fit.temporal_rms;
  numbers.rms_without = fit.static_rms;
  return numbers;
}

void WriteCalibration(CalibrationReport report, const CalibrationOutput& output, std::string* text,
                      nlohmann::json* json, const CommandContext& context) {
  report.rig_name = std::filesystem::path(output.rig).filename().string();
  report.warnings = context.warnings();
  // The report first: where it cannot be written the old rig stands.
  if (!output.report.empty()) WriteCalibrationReport(output.report, report);
  std::vector<StageProvenance> stages = output.earlier;
  stages.push_back(report.provenance);
  storage::WriteRig(output.rig, report.result.rig, stages);
  *text = VerdictText(report.quality.verdict) + *text + fmt::format("written: {}\n", output.rig);
  if (!output.report.empty()) *text += fmt::format("written: {}\n", output.report);
  (*json)["output"] = output.rig;
  (*json)["report"] = CalibrationReportJson(report);
}

void FinishCalibration(CalibrationReport report, const CalibrationOutput& output,
                       CommandContext& context) {
  std::string text = CameraTable(report) + ResidualText(report);
  nlohmann::json json = {{"wand_wave", nullptr}};
  WriteCalibration(std::move(report), output, &text, &json, context);
  context.Print(text, json);
}

}  // namespace medius::apps
