#include "apps/reconstruct_report.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/json_number.hpp"

namespace medius::apps {
namespace {

using reconstruct::CameraStatistics;
using reconstruct::PointStatus;
using reconstruct::ReconstructStatistics;

// Of the positions whose views can be compared: where more than this are missing because they
// contradict each other something is wrong; where most are, what is left is chance.
constexpr double kSuspectDisagreeingPercent = 5.0;
constexpr double kHopelessDisagreeingPercent = 50.0;
// Where sightings scatter this much more than they say, so do the results.
constexpr double kSuspectNoiseOverSigma = 1.5;

double Percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::uint64_t CountOf(const ReconstructStatistics& statistics, PointStatus status) {
  return statistics.points[static_cast<std::size_t>(status)];
}

// In words, with what to do about it.
std::string_view LikelyReason(PointStatus status) {
  switch (status) {
    case PointStatus::kTooFewRays:
      return "fewer than two cameras saw each marker: do the labels of the cameras agree?";
    case PointStatus::kNarrowAngle:
      return "the cameras look along nearly the same line: use others or a smaller --min-angle-deg";
    case PointStatus::kViewsDisagree:
      return "the views contradict each other: is this the rig of this recording?";
    default:
      return "the rays do not meet before the cameras: is this the rig of this recording?";
  }
}

double DisagreeingPercent(const ReconstructStatistics& statistics) {
  const std::uint64_t disagreeing = CountOf(statistics, PointStatus::kViewsDisagree);
  return Percent(disagreeing, disagreeing + statistics.computed_count());
}

constexpr std::string_view kOnContradiction =
    "check that the rig is that of this recording; if the sightings are less precise than they "
    "say, give a larger --sigma-factor (or --default-sigma-px where they say nothing)";

// The most frequent reason why positions are missing; markers that hardly a camera saw say little
// where others were seen.
PointStatus MainReason(const ReconstructStatistics& statistics) {
  PointStatus reason = PointStatus::kTooFewRays;
  std::uint64_t most = 0;
  for (int i = static_cast<int>(PointStatus::kNarrowAngle); i < reconstruct::kPointStatusCount;
       ++i) {
    const auto status = static_cast<PointStatus>(i);
    if (CountOf(statistics, status) > most) {
      most = CountOf(statistics, status);
      reason = status;
    }
  }
  return reason;
}

nlohmann::json CameraJson(const std::string& name, const CameraStatistics& camera) {
  return {{"name", name},
          {"labelled", camera.labelled},
          {"used", camera.used},
          {"rejected", camera.rejected},
          {"duplicate", camera.duplicate},
          {"unusable", camera.unusable},
          {"unmatched", camera.unmatched},
          {"unlabelled", camera.unlabelled},
          {"rejected_percent", NumberOrNull(100.0 * camera.RejectedShare())},
          {"residual_rms_px", NumberOrNull(camera.ResidualRms())}};
}

nlohmann::json WindowJson(const reconstruct::CameraWindow& window) {
  return {{"begin_s", window.begin},
          {"end_s", window.end},
          {"sightings", window.sightings},
          {"used", window.used},
          {"residual_rms_px", NumberOrNull(window.residual_rms_px)},
          {"mean_residual_px",
           {NumberOrNull(window.mean_residual.x()), NumberOrNull(window.mean_residual.y())}},
          {"seen_where_expected_percent", Percent(window.matched, window.expected)}};
}

// How the camera did over time, from sampled frames.
void AddQuality(const reconstruct::CameraQuality& camera, double rate_hz, nlohmann::json* json) {
  (*json)["sync_error_ms"] = NumberOrNull(1e3 * camera.sync_error);
  (*json)["sync_error_sd_ms"] = NumberOrNull(1e3 * camera.sync_error_sigma);
  (*json)["finding"] = Describe(camera, rate_hz);
  nlohmann::json windows = nlohmann::json::array();
  for (const reconstruct::CameraWindow& window : camera.windows) {
    windows.push_back(WindowJson(window));
  }
  (*json)["windows"] = windows;
}

nlohmann::json TracksJson(const ReconstructReport& report) {
  if (!report.tracks) return nullptr;
  const TracksReport& tracks = *report.tracks;
  return {{"fragments", tracks.fragments},           {"seen_marker_frames", tracks.seen},
          {"unnamed_marker_frames", tracks.unnamed}, {"ghost_frames", tracks.ghosts},
          {"corrections", report.corrections},       {"swaps_undone", tracks.swaps_undone}};
}

std::string TracksText(const ReconstructReport& report) {
  if (!report.tracks) return "";
  const TracksReport& tracks = *report.tracks;
  return fmt::format(
      "{} track fragments; {:.2f} % of what was tracked could not be named, {:.2f} % is no marker, "
      "{} swaps undone, {} corrections\n",
      tracks.fragments, Percent(tracks.unnamed, tracks.seen), Percent(tracks.ghosts, tracks.seen),
      tracks.swaps_undone, report.corrections);
}

nlohmann::json GapsJson(const ReconstructReport& report) {
  if (!report.gaps) return nullptr;
  const reconstruct::MarkerGaps total = report.gaps->Total();
  const auto by_source = [&](SampleSource source) {
    return report.gaps->filled_frames_by_source[static_cast<std::size_t>(source)];
  };
  return {{"gaps", total.gaps},
          {"filled", total.filled},
          {"too_long", total.too_long},
          {"too_uncertain", total.too_uncertain},
          {"not_testable", total.not_testable},
          {"missing_frames", total.missing_frames},
          {"filled_frames", total.filled_frames},
          {"filled_rigid_frames", by_source(SampleSource::kFilledRigid)},
          {"filled_skeleton_frames", by_source(SampleSource::kFilledSkeleton)},
          {"filled_interpolated_frames", by_source(SampleSource::kFilledInterpolated)},
          {"expected_rms_mm", NumberOrNull(1e3 * report.gaps->ExpectedRms())}};
}

std::string GapsText(const ReconstructReport& report) {
  if (!report.gaps) return "";
  const reconstruct::MarkerGaps total = report.gaps->Total();
  if (total.gaps == 0) return "";
  const std::string filled =
      total.filled == 0
          ? std::string("none filled")
          : fmt::format("{} filled ({} frames, {:.1f} mm rms by cross-validation)", total.filled,
                        total.filled_frames, 1e3 * report.gaps->ExpectedRms());
  return fmt::format("{} gaps: {}, {} too long, {} too uncertain, {} not testable\n", total.gaps,
                     filled, total.too_long, total.too_uncertain, total.not_testable);
}

}  // namespace

void RefuseNonsense(const std::string& trial, const ReconstructReport& report) {
  const ReconstructStatistics& statistics = report.statistics;
  const CameraStatistics total = statistics.Total();
  if (total.labelled + total.unlabelled == 0) {
    throw NotComputed(
        fmt::format("{}: its cameras saw nothing in any frame: was the recording empty, or the "
                    "detection's threshold too high?",
                    trial));
  }
  if (total.labelled == 0) {
    throw NotComputed(fmt::format(
        "{}: of its {} sightings no three cameras' rays meet in a point that lasts; is this the "
        "rig of this recording?",
        trial, total.unlabelled));
  }
  if (statistics.computed_count() == 0) {
    throw NotComputed(fmt::format("{}: not one position could be computed; {}", trial,
                                  LikelyReason(MainReason(statistics))));
  }
  if (DisagreeingPercent(statistics) > kHopelessDisagreeingPercent) {
    throw NotComputed(
        fmt::format("{}: in {:.0f} % of the positions the views contradict each other; {}", trial,
                    DisagreeingPercent(statistics), kOnContradiction));
  }
}

void WarnOf(const CameraRig& rig, const ReconstructReport& report, CommandContext& context) {
  const ReconstructStatistics& statistics = report.statistics;
  bool explained = false;
  for (const reconstruct::CameraQuality& camera : report.cameras) {
    if (camera.fault == reconstruct::CameraFault::kNone) continue;
    context.Warn(Describe(camera, report.rate_hz));
    explained = true;
  }
  if (!explained) {
    for (const std::string& warning : CameraWarnings(rig, statistics)) context.Warn(warning);
  }
  const double disagreeing = DisagreeingPercent(statistics);
  if (disagreeing > kSuspectDisagreeingPercent) {
    context.Warn(fmt::format(
        "{:.0f} % of the positions are missing because their views contradict each other: {}",
        disagreeing, kOnContradiction));
  }
  const double noise = statistics.NoiseOverSigma();
  if (noise > kSuspectNoiseOverSigma) {
    context.Warn(fmt::format(
        "the sightings scatter {:.1f} times more than their sigma says, and so do the positions "
        "round what their covariance says: is the calibration fresh?",
        noise));
  }
  const std::uint64_t unlabelled = statistics.Total().unlabelled;
  if (!report.tracks && unlabelled > statistics.Total().labelled / 10) {
    context.Warn(fmt::format("{} sightings bear no label and were ignored", unlabelled));
  }
}

nlohmann::json QualityJson(const CameraRig& rig, const ReconstructReport& report) {
  const ReconstructStatistics& statistics = report.statistics;
  const std::vector<std::string>& labels = report.labels;
  const CameraStatistics total = statistics.Total();
  nlohmann::json cameras = nlohmann::json::array();
  for (std::size_t i = 0; i < rig.cameras.size(); ++i) {
    cameras.push_back(CameraJson(rig.cameras[i].name, statistics.cameras[i]));
    if (i < report.cameras.size()) AddQuality(report.cameras[i], report.rate_hz, &cameras.back());
  }
  nlohmann::json markers = nlohmann::json::array();
  for (std::size_t m = 0; m < labels.size(); ++m) {
    markers.push_back({{"label", labels[m]},
                       {"measured_percent", Percent(statistics.computed[m], statistics.frames)}});
  }
  nlohmann::json missing;
  for (int i = static_cast<int>(PointStatus::kTooFewRays); i < reconstruct::kPointStatusCount;
       ++i) {
    const auto status = static_cast<PointStatus>(i);
    missing[std::string(ToString(status))] = CountOf(statistics, status);
  }
  return {{"frames", statistics.frames},
          {"marker_count", labels.size()},
          {"measured_percent", Percent(statistics.computed_count(), statistics.point_count())},
          {"mean_rays",
           static_cast<double>(total.used) / static_cast<double>(statistics.computed_count())},
          {"residual_rms_px", NumberOrNull(total.ResidualRms())},
          {"noise_over_sigma", NumberOrNull(statistics.NoiseOverSigma())},
          {"missing", missing},
          {"cameras", cameras},
          {"markers", markers},
          {"tracks", TracksJson(report)},
          {"gaps", GapsJson(report)}};
}

nlohmann::json SummaryJson(const std::string& output, const CameraRig& rig,
                           const ReconstructReport& report) {
  nlohmann::json summary = QualityJson(rig, report);
  summary["output"] = output;
  summary["seconds"] = report.seconds;
  summary["points_per_second"] =
      NumberOrNull(static_cast<double>(report.statistics.computed_count()) / report.seconds);
  summary["step_seconds"] = {{"triangulating", report.seconds},
                             {"filling", report.filling_seconds},
                             {"smoothing", report.smoothing_seconds}};
  if (report.tracks) {
    summary["step_seconds"]["tracking"] = report.tracks->tracking_seconds;
    summary["step_seconds"]["naming"] = report.tracks->labelling_seconds;
  }
  return summary;
}

std::string SummaryText(const std::string& output, const CameraRig& rig,
                        const ReconstructReport& report) {
  const ReconstructStatistics& statistics = report.statistics;
  const std::vector<std::string>& labels = report.labels;
  const CameraStatistics total = statistics.Total();
  const std::uint64_t points = statistics.point_count();
  std::string text = fmt::format(
      "{} frames, {} markers: {:.2f} % measured, {:.1f} rays each, residual {:.2f} px rms, {:.0f} "
      "points/s\n",
      statistics.frames, labels.size(), Percent(statistics.computed_count(), points),
      static_cast<double>(total.used) / static_cast<double>(statistics.computed_count()),
      total.ResidualRms(), static_cast<double>(statistics.computed_count()) / report.seconds);
  text += TracksText(report) + GapsText(report);
  for (int i = static_cast<int>(PointStatus::kTooFewRays); i < reconstruct::kPointStatusCount;
       ++i) {
    const auto status = static_cast<PointStatus>(i);
    if (CountOf(statistics, status) == 0) continue;
    std::string name(ToString(status));
    std::replace(name.begin(), name.end(), '_', ' ');
    text +=
        fmt::format("missing, {}: {:.2f} %\n", name, Percent(CountOf(statistics, status), points));
  }
  std::size_t width = 6;
  for (const Camera& camera : rig.cameras) width = std::max(width, camera.name.size());
  text += fmt::format("{:<{}} {:>10} {:>10} {:>10} {:>12}\n", "camera", width, "sightings", "used",
                      "rejected", "residual_px");
  for (std::size_t i = 0; i < rig.cameras.size(); ++i) {
    const CameraStatistics& camera = statistics.cameras[i];
    text += fmt::format("{:<{}} {:>10} {:>10} {:>10} {:>12.2f}\n", rig.cameras[i].name, width,
                        camera.labelled, camera.used, camera.rejected + camera.duplicate,
                        camera.ResidualRms());
  }
  return text + fmt::format("written: {}\n", output);
}

}  // namespace medius::apps
