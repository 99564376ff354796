// What the report of a trial shows, gathered from its file.

#include "apps/trial_report.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/summary.hpp"
#include "core/error.hpp"

namespace medius::apps {
namespace {

using nlohmann::json;
using storage::TrialPart;
using storage::TrialReader;

// Marker samples held at once: some 40 bytes each.
constexpr std::size_t kSamplesInMemory = 250'000;

// What a stage kept of its result; a file may hold anything there.
json SummaryOf(const StageProvenance* stage) {
  if (stage == nullptr || stage->summary_json.empty()) return json::object();
  json summary = json::parse(stage->summary_json, nullptr, false);
  return summary.is_object() ? summary : json::object();
}

json ArrayIn(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : json::array();
}

double NumberIn(const json& object, const char* name) {
  if (!object.is_object()) return kUnknown;
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : kUnknown;
}

std::size_t CountIn(const json& object, const char* name) {
  const double number = NumberIn(object, name);
  return number >= 0.0 && number < 1e15 ? static_cast<std::size_t>(number) : 0;
}

std::string TextIn(const json& object, const char* name) {
  if (!object.is_object()) return "";
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string MethodOf(const StageProvenance* analyze) {
  if (analyze == nullptr) return "";
  return TextIn(json::parse(analyze->options_json, nullptr, false), "method");
}

void ReadCameras(const json& reconstruct, TrialReport* report) {
  report->noise_over_sigma = NumberIn(reconstruct, "noise_over_sigma");
  for (const json& camera : ArrayIn(reconstruct, "cameras")) {
    report->cameras.push_back({TextIn(camera, "name"), NumberIn(camera, "residual_rms_px"),
                               NumberIn(camera, "rejected_percent"), TextIn(camera, "finding")});
  }
}

void ReadSegments(const json& analyze, TrialReport* report) {
  report->belt_speed = NumberIn(analyze, "belt_speed_m_s");
  for (const json& segment : ArrayIn(analyze, "segments")) {
    report->segments.push_back({TextIn(segment, "segment"), CountIn(segment, "markers"),
                                NumberIn(segment, "residual_mm"), CountIn(segment, "frames_fitted"),
                                CountIn(segment, "frames_flagged")});
  }
}

// Strides are left out for numbers of their own ("stride time 0.31 s"): the words alone say why.
std::string WithoutNumbers(const std::string& reason) {
  std::string words;
  for (const char c : reason.substr(0, reason.find(" ("))) {
    const bool in_number = std::isdigit(static_cast<unsigned char>(c)) != 0 ||
                           ((c == '.' || c == '-') && !words.empty() && words.back() == '#');
    if (in_number && !words.empty() && words.back() == '#') continue;
    words += in_number ? '#' : c == '_' ? ' ' : c;
  }
  std::string text;
  for (const char c : words) {
    if (c == '#') {
      text += "\u2026";
    } else {
      text += c;
    }
  }
  return text;
}

void CountStrides(const StrideTable& strides, TrialReport* report) {
  for (std::size_t row = 0; row < strides.stride_count(); ++row) {
    const auto side = static_cast<std::size_t>(strides.side[row]);
    ++report->found[side];
    if (strides.accepted[row] != 0) {
      ++report->accepted[side];
      continue;
    }
    const std::string reason = WithoutNumbers(strides.rejection_reason[row]);
    auto line = std::find_if(report->rejections.begin(), report->rejections.end(),
                             [&](const RejectionLine& known) { return known.reason == reason; });
    if (line == report->rejections.end()) {
      line = report->rejections.insert(line, RejectionLine{reason, {}});
    }
    ++line->strides[side];
  }
  std::stable_sort(report->rejections.begin(), report->rejections.end(),
                   [](const RejectionLine& a, const RejectionLine& b) {
                     return a.strides[0] + a.strides[1] > b.strides[0] + b.strides[1];
                   });
}

void RequireAnalyzed(const TrialReader& trial) {
  if (trial.Has(TrialPart::kSummary) && trial.Has(TrialPart::kStrides)) return;
  const char* remedy = trial.Has(TrialPart::kTrajectories)
                           ? "run `medius analyze` on it first"
                           : "run `medius reconstruct` (or `medius import`) and then `medius "
                             "analyze` first";
  throw InputError(fmt::format("{}: was never analyzed, so that there is nothing to report; {}",
                               trial.path().string(), remedy));
}

analysis::SessionComparison SecondVisit(const TrialReport& report,
                                        const Repeatability& repeatability) {
  analysis::Session session;
  session.name = report.header.session;
  session.where = report.file;
  session.summary = report.summary;
  analysis::ComparisonOptions options;
  options.repeatability = repeatability;
  return analysis::CompareSessions({session, session}, options);
}

}  // namespace

SampleTally TallySamples(const TrialReader& trial, const WorkControl& control) {
  SampleTally tally;
  if (!trial.Has(TrialPart::kTrajectories)) return tally;
  double squares = 0.0;
  std::uint64_t rays = 0;
  std::uint64_t seen = 0;
  const std::size_t markers = std::max<std::size_t>(1, trial.labels().size());
  const std::size_t frame_count = trial.time_base().frame_count();
  const std::size_t chunk = std::clamp<std::size_t>(kSamplesInMemory / markers, 1, 4096);
  for (const FrameRange& frames : SplitFrames(frame_count, chunk)) {
    const TrajectoryBlock block = trial.ReadTrajectories(frames);
    for (std::size_t i = 0; i < block.source.size(); ++i) {
      ++tally.by_source[std::min<std::size_t>(block.source[i], tally.by_source.size() - 1)];
      if (!std::isfinite(block.residual[i])) continue;
      squares += static_cast<double>(block.residual[i]) * static_cast<double>(block.residual[i]);
      rays += block.rays[i];
      ++seen;
    }
    tally.total += block.source.size();
    control.ThrowIfCancelled();
    control.Report(frames.end(), frame_count);
  }
  if (seen == 0) return tally;
  tally.residual_rms_px = std::sqrt(squares / static_cast<double>(seen));
  tally.mean_rays = static_cast<double>(rays) / static_cast<double>(seen);
  return tally;
}

const SummaryRow* TrialReport::Find(std::string_view metric, Side side) const {
  return analysis::FindRow(summary, metric, side);
}

const analysis::MeanCurve* TrialReport::FindCurve(std::string_view angle, Side side) const {
  for (const analysis::MeanCurve& curve : curves) {
    if (curve.angle.name == angle && curve.side == side) return &curve;
  }
  return nullptr;
}

const AsymmetryRow* TrialReport::FindAsymmetry(std::string_view metric) const {
  for (const AsymmetryRow& row : statistics.asymmetry) {
    if (row.metric.name == metric) return &row;
  }
  return nullptr;
}

const TrendRow* TrialReport::FindTrend(std::string_view metric, Side side) const {
  for (const TrendRow& row : statistics.trends) {
    if (row.metric.name == metric && row.side == side) return &row;
  }
  return nullptr;
}

double TrialReport::DetectableChange(std::string_view metric) const {
  double largest = kUnknown;
  for (const analysis::MetricProgress& progress : second_visit.metrics) {
    if (progress.metric.name != metric || progress.from_first.empty()) continue;
    const double change = progress.from_first.front().mdc95;
    if (!(change <= largest)) largest = change;
  }
  return largest;
}

const ReferenceValue* TrialReport::FindReference(std::string_view metric, Side side) const {
  const ReferenceValue* of_all = nullptr;
  for (const ReferenceValue& value : reference.values) {
    if (value.metric != metric) continue;
    if (value.side == ToString(side)) return &value;
    const bool of_both = value.side != "left" && value.side != "right";
    if (of_both && of_all == nullptr) of_all = &value;
  }
  return of_all;
}

const StageProvenance* TrialReport::FindStage(std::string_view stage) const {
  for (const StageProvenance& known : provenance) {
    if (known.stage == stage) return &known;
  }
  return nullptr;
}

std::vector<std::string> TrialReport::Warnings() const {
  std::vector<std::string> warnings;
  const auto add = [&warnings](const StageProvenance& stage) {
    for (const std::string& warning : stage.warnings) {
      if (std::find(warnings.begin(), warnings.end(), warning) != warnings.end()) continue;
      warnings.push_back(warning);
    }
  };
  if (const StageProvenance* analyze = FindStage("analyze")) add(*analyze);
  for (const StageProvenance& stage : provenance) add(stage);
  return warnings;
}

TrialReport ReadTrialReport(const TrialReader& trial, const ReportReferences& references,
                            const WorkControl& control) {
  RequireAnalyzed(trial);
  TrialReport report;
  report.file = trial.path().filename().string();
  report.header = trial.header();
  const TimeBase& time_base = trial.time_base();
  report.rate_hz = time_base.rate_hz;
  report.frames = time_base.frame_count();
  if (report.frames > 0) report.start = time_base.time.front();
  if (report.frames > 0) report.duration = time_base.time.back() - time_base.time.front();
  report.samples = TallySamples(trial, control);
  report.provenance = trial.ReadProvenance();
  report.notes = trial.ReadNotes();
  report.method = MethodOf(report.FindStage("analyze"));
  ReadCameras(SummaryOf(report.FindStage("reconstruct")), &report);
  ReadSegments(SummaryOf(report.FindStage("analyze")), &report);
  report.strides = trial.ReadStrides();
  CountStrides(report.strides, &report);
  report.summary = trial.ReadSummary();
  report.statistics = trial.ReadRunStatistics();
  if (!report.method.empty() && references.reference.method == report.method) {
    report.reference = references.reference;
  }
  report.second_visit = SecondVisit(report, references.repeatability);
  report.curves = analysis::MeanCurves(report.strides);
  report.strides.curves.clear();
  return report;
}

}  // namespace medius::apps
