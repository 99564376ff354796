#include <cmath>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "apps/calibration_report.hpp"
#include "apps/json_number.hpp"

namespace medius::apps {
namespace {

using calibration::CameraQuality;
using calibration::Grade;
using calibration::Severity;
using nlohmann::json;

constexpr double kDegrees = 180.0 / M_PI;

const char* ToString(Grade grade) {
  if (grade == Grade::kGood) return "good";
  return grade == Grade::kUsable ? "usable" : "redo";
}

const char* ToString(Severity severity) {
  if (severity == Severity::kRedo) return "redo";
  return severity == Severity::kLimit ? "limit" : "note";
}

const char* ToString(calibration::CalibrationStatus status) {
  switch (status) {
    case calibration::CalibrationStatus::kConverged:
      return "converged";
    case calibration::CalibrationStatus::kDegenerate:
      return "degenerate";
    case calibration::CalibrationStatus::kNotConverged:
      break;
  }
  return "not_converged";
}

json NamesOf(const CalibrationReport& report, const std::vector<CameraId>& cameras) {
  json names = json::array();
  for (const CameraId camera : cameras) {
    names.push_back(report.observations.cameras[camera.index()].name);
  }
  return names;
}

json VerdictJson(const CalibrationReport& report) {
  json findings = json::array();
  for (const calibration::Finding& finding : report.quality.verdict.findings) {
    findings.push_back({{"severity", ToString(finding.severity)},
                        {"key", finding.key},
                        {"cameras", NamesOf(report, finding.cameras)},
                        {"text", finding.text},
                        {"action", finding.action}});
  }
  return {{"grade", ToString(report.quality.verdict.grade)}, {"findings", findings}};
}

json PatternJson(const calibration::PlacePattern& pattern) {
  return {{"rms_px", NumberOrNull(pattern.rms)}, {"chance", NumberOrNull(pattern.p)}};
}

json CoverageJson(const calibration::ImageCoverage& coverage) {
  return {{"share", coverage.share},
          {"corners_top_left_top_right_bottom_left_bottom_right",
           {coverage.corner[0], coverage.corner[1], coverage.corner[2], coverage.corner[3]}},
          {"reach", coverage.reach},
          {"grid_columns", coverage.grid.columns},
          {"grid_rows", coverage.grid.rows},
          {"sightings_of_cell", coverage.sightings}};
}

json FieldJson(const calibration::ResidualField& field) {
  json means = json::array();
  for (const Eigen::Vector2d& mean : field.mean)
    means.push_back({NumberOrNull(mean.x()), NumberOrNull(mean.y())});
  json rings = json::array();
  for (std::size_t i = 0; i < field.ring_radius.size(); ++i) {
    rings.push_back({{"radius_px", NumberOrNull(field.ring_radius[i])},
                     {"sightings", field.ring_count[i]},
                     {"outward_px", NumberOrNull(field.ring_mean[i])}});
  }
  return {{"by_cell", PatternJson(field.by_cell)},
          {"by_radius", PatternJson(field.by_radius)},
          {"mean_of_cell_px", means},
          {"rings", rings}};
}

void AddRigNumbers(const CalibrationReport& report, std::size_t c, json* object) {
  if (report.result.rig.cameras.empty()) return;
  const CameraQuality& quality = report.quality.cameras[c];
  const Camera& camera = report.result.rig.cameras[c];
  const Eigen::Vector3d centre = camera.CentreInLab();
  json& out = *object;
  out["model"] = medius::ToString(camera.model.kind());
  out["intrinsics"] = camera.model.intrinsics();
  out["focal_sd_px"] = {NumberOrNull(quality.focal_sd.x()), NumberOrNull(quality.focal_sd.y())};
  out["principal_point_sd_px"] = {NumberOrNull(quality.principal_sd.x()),
                                  NumberOrNull(quality.principal_sd.y())};
  out["centre_m"] = {centre.x(), centre.y(), centre.z()};
  out["centre_sd_mm"] = NumberOrNull(1e3 * quality.centre_sd);
  out["direction_sd_deg"] = NumberOrNull(kDegrees * quality.turn_sd);
  out["largest_tilt_deg"] = NumberOrNull(kDegrees * quality.numbers.largest_tilt);
  out["residual"] = {{"rms_px", NumberOrNull(quality.spread.rms)},
                     {"median_px", NumberOrNull(quality.spread.median)},
                     {"percentile95_px", NumberOrNull(quality.spread.percentile95)},
                     {"largest_px", NumberOrNull(quality.spread.largest)},
                     {"share_beyond_three_sd", NumberOrNull(quality.spread.beyond_three_sd)}};
  out["lens_misfit"] = {{"radial", PatternJson(quality.misfit.radial)},
                        {"smooth", PatternJson(quality.misfit.smooth)}};
  out["residual_by_place"] = FieldJson(quality.field);
}

json CameraJson(const CalibrationReport& report, std::size_t c) {
  const CameraQuality& quality = report.quality.cameras[c];
  const UncalibratedCamera& image = report.observations.cameras[c];
  json object = {{"name", image.name},
                 {"width_px", image.width},
                 {"height_px", image.height},
                 {"views", quality.numbers.views},
                 {"sightings", quality.numbers.sightings},
                 {"outliers", quality.numbers.outliers},
                 {"outlier_share", NumberOrNull(quality.outlier_share)},
                 {"share_of_outliers_in_lost_views", NumberOrNull(quality.outliers_in_lost_views)},
                 {"invertible_share_of_image", NumberOrNull(quality.invertible_share)},
                 {"coverage", CoverageJson(quality.coverage)},
                 {"time_stamp_lag_ms", NumberOrNull(1e3 * quality.stamp_lag)},
                 {"time_stamp_jitter_ms", NumberOrNull(1e3 * quality.stamp_jitter)}};
  AddRigNumbers(report, c, &object);
  const auto& held_out = report.quality.inputs.held_out;
  if (held_out && c < held_out->rms_of_camera.size()) {
    object["held_out_rms_px"] = NumberOrNull(held_out->rms_of_camera[c]);
  }
  return object;
}

json PairsJson(const CalibrationReport& report) {
  json pairs = json::array();
  for (const calibration::PairNumbers& pair : report.quality.pairs) {
    pairs.push_back({{"cameras", NamesOf(report, {pair.a, pair.b})},
                     {"common_views", pair.common_views},
                     {"common_sightings", pair.common_sightings},
                     {"relative_centre_sd_mm", NumberOrNull(1e3 * pair.relative_centre_sd)},
                     {"relative_turn_sd_deg", NumberOrNull(kDegrees * pair.relative_turn_sd)}});
  }
  return pairs;
}

json LinksJson(const CalibrationReport& report) {
  json links = json::array();
  for (const calibration::RigLink& link : report.quality.links) {
    links.push_back(
        {{"part", NamesOf(report, link.part)},
         {"common_views", link.common_views},
         {"common_sightings", link.common_sightings},
         {"strongest_pair", NamesOf(report, {link.a, link.b})},
         {"frames_that_help", FramesThatHelp(report.observations, link, report.quality.pairs)}});
  }
  return links;
}

json VolumeJson(const calibration::VolumePrecision& volume) {
  json slices = json::array();
  for (const auto& slice : volume.slices) {
    json sigma = json::array();
    for (const auto& place : slice.places) sigma.push_back(NumberOrNull(1e3 * place.sigma));
    slices.push_back({{"height_m", slice.height}, {"sigma_mm", sigma}});
  }
  return {{"least_m", {volume.least.x(), volume.least.y(), volume.least.z()}},
          {"most_m", {volume.most.x(), volume.most.y(), volume.most.z()}},
          {"columns", volume.columns},
          {"rows", volume.rows},
          {"noise_px", NumberOrNull(volume.noise_px)},
          {"median_mm", NumberOrNull(1e3 * volume.median)},
          {"percentile90_mm", NumberOrNull(1e3 * volume.percentile90)},
          {"median_by_calibration_mm", NumberOrNull(1e3 * volume.median_calibration)},
          {"percentile90_by_calibration_mm", NumberOrNull(1e3 * volume.percentile90_calibration)},
          {"seen_share", NumberOrNull(volume.seen_share)},
          {"slices", slices}};
}

json HeldOutJson(const calibration::RigQuality& quality) {
  const calibration::HeldOutNumbers& held_out = *quality.inputs.held_out;
  json alternatives = json::array();
  for (const auto& model : held_out.alternatives) {
    alternatives.push_back({{"model", model.name},
                            {"training_rms_px", NumberOrNull(model.training_rms)},
                            {"rms_px", NumberOrNull(model.rms)}});
  }
  return {{"method", held_out.method},
          {"training_rms_px", NumberOrNull(held_out.training_rms)},
          {"rms_px", NumberOrNull(held_out.rms)},
          {"expected_rms_px", NumberOrNull(quality.expected_held_out)},
          {"sightings", held_out.sightings},
          {"lost_views", held_out.lost_views},
          {"alternatives", alternatives}};
}

json TemporalJson(const CalibrationReport& report) {
  const calibration::TemporalNumbers& temporal = *report.quality.inputs.temporal;
  json cameras = json::array();
  for (std::size_t c = 0; c < temporal.cameras.size(); ++c) {
    const auto& camera = temporal.cameras[c];
    cameras.push_back({{"name", report.observations.cameras[c].name},
                       {"offset_ms", NumberOrNull(1e3 * camera.offset)},
                       {"offset_sd_ms", NumberOrNull(1e3 * camera.offset_sd)},
                       {"drift_us_per_s", NumberOrNull(1e6 * camera.drift)},
                       {"drift_sd_us_per_s", NumberOrNull(1e6 * camera.drift_sd)},
                       {"line_time_us", NumberOrNull(1e6 * camera.line_time)},
                       {"line_time_sd_us", NumberOrNull(1e6 * camera.line_time_sd)}});
  }
  return {{"reference_camera", report.observations.cameras[temporal.reference_camera.index()].name},
          {"frame_interval_ms", NumberOrNull(1e3 * temporal.frame_interval)},
          {"in_the_rig", temporal.in_the_rig},
          {"rms_with_px", NumberOrNull(temporal.rms_with)},
          {"rms_without_px", NumberOrNull(temporal.rms_without)},
          {"cameras", cameras}};
}

json WandsJson(const calibration::RigQuality& quality) {
  json wands = json::array();
  for (const calibration::WandNumbers& wand : quality.inputs.wands) {
    wands.push_back({{"name", wand.name},
                     {"nominal_length_mm", NumberOrNull(1e3 * wand.nominal_length)},
                     {"mean_length_mm", NumberOrNull(1e3 * wand.mean_length)},
                     {"bias_mm", NumberOrNull(1e3 * (wand.mean_length - wand.nominal_length))},
                     {"sd_length_mm", NumberOrNull(1e3 * wand.sd_length)},
                     {"instants", wand.instants},
                     {"held_out", wand.held_out}});
  }
  return wands;
}

json WorstViewsJson(const CalibrationReport& report) {
  json views = json::array();
  for (const calibration::WorstView& view : report.quality.worst_views) {
    views.push_back({{"camera", report.observations.cameras[view.camera.index()].name},
                     {"instant", view.frame},
                     {"sightings", view.sightings},
                     {"outliers", view.outliers},
                     {"rms_px", NumberOrNull(view.rms)}});
  }
  return views;
}

json ProvenanceJson(const StageProvenance& provenance) {
  json inputs = json::array();
  for (const ProvenanceInput& input : provenance.inputs) {
    inputs.push_back({{"name", input.name}, {"sha256", input.sha256}});
  }
  // Settings that are no JSON stay the text that they are.
  json options = json::parse(provenance.options_json, nullptr, false);
  if (options.is_discarded()) options = provenance.options_json;
  return {{"command", provenance.command},
          {"version", provenance.version},
          {"options", options},
          {"inputs", inputs}};
}

// Every sighting that was left out, so that a script can look at it.
json OutliersJson(const CalibrationReport& report) {
  json outliers = json::array();
  for (const calibration::OutlierSighting& outlier : report.result.outliers) {
    const TargetView& view = report.observations.views[outlier.view];
    const Eigen::Vector2d& xy = view.xy[outlier.sighting];
    outliers.push_back(
        {{"camera", report.observations.cameras[view.camera.index()].name},
         {"instant", view.frame},
         {"target", report.observations.targets[view.target].name},
         {"point", view.point[outlier.sighting]},
         {"xy_px", {xy.x(), xy.y()}},
         {"residual_px", {NumberOrNull(outlier.residual.x()), NumberOrNull(outlier.residual.y())}},
         {"standardized", NumberOrNull(outlier.standardized)}});
  }
  return outliers;
}

}  // namespace

json CalibrationReportJson(const CalibrationReport& report) {
  const calibration::RigQuality& quality = report.quality;
  json cameras = json::array();
  for (std::size_t c = 0; c < quality.cameras.size(); ++c) cameras.push_back(CameraJson(report, c));
  json out = {{"format", "medius-calibration-report"},
              {"version", 1},
              {"rig", report.rig_name},
              {"target", report.target},
              {"made", report.made},
              {"recorded", report.recorded},
              {"status", ToString(report.result.status)},
              {"verdict", VerdictJson(report)},
              {"rms_px", NumberOrNull(quality.rms)},
              {"noise_px", NumberOrNull(quality.noise_px)},
              {"sightings", quality.sightings},
              {"outliers", quality.outliers},
              {"instants", quality.instants},
              {"cpu_seconds", NumberOrNull(report.cpu_seconds)},
              {"cameras", cameras},
              {"pairs", PairsJson(report)},
              {"links", LinksJson(report)},
              {"wands", WandsJson(quality)},
              {"worst_views", WorstViewsJson(report)},
              {"outlier_sightings", OutliersJson(report)},
              {"warnings", report.warnings},
              {"provenance", ProvenanceJson(report.provenance)}};
  out["volume"] = quality.volume ? VolumeJson(*quality.volume) : json(nullptr);
  out["held_out"] = quality.inputs.held_out ? HeldOutJson(quality) : json(nullptr);
  out["temporal"] = quality.inputs.temporal ? TemporalJson(report) : json(nullptr);
  return out;
}

}  // namespace medius::apps
