#include "apps/calibration_report_tables.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/svg_drawing.hpp"
#include "calibration/verdict.hpp"

namespace medius::apps {
namespace {

using calibration::CameraQuality;
using calibration::VerdictLimits;

constexpr double kDegrees = 180.0 / M_PI;

std::string Number(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "&ndash;";
}

std::string Cell(const std::string& html, std::string_view css = "") {
  return css.empty() ? "<td>" + html + "</td>" : fmt::format("<td class=\"{}\">{}</td>", css, html);
}

std::string_view CssAbove(double value, const VerdictLimits& limits) {
  if (value > limits.redo) return "off";
  return value > limits.limit ? "limit" : "";
}

std::string_view CssBelow(double value, const VerdictLimits& limits) {
  if (value < limits.redo) return "off";
  return value < limits.limit ? "limit" : "";
}

// Cells of a header row; "title|explanation" shows the explanation on hovering.
std::string HeaderRow(const std::vector<std::string>& titles) {
  std::string html = "<tr>";
  for (const std::string& title : titles) {
    const std::size_t bar = title.find('|');
    html += bar == std::string::npos ? fmt::format("<th scope=\"col\">{}</th>", title)
                                     : fmt::format("<th scope=\"col\" title=\"{}\">{}</th>",
                                                   title.substr(bar + 1), title.substr(0, bar));
  }
  return html + "</tr>\n";
}

std::string Tile(const std::string& number, const std::string& what) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", number, what);
}

const std::string& NameOf(const CalibrationReport& report, std::size_t camera) {
  return report.observations.cameras[camera].name;
}

bool HasRig(const CalibrationReport& report) {
  return !report.result.rig.cameras.empty();
}

std::string CornersOf(const CameraQuality& camera) {
  const auto seen = std::count(camera.coverage.corner.begin(), camera.coverage.corner.end(), true);
  return fmt::format("{}/4", seen);
}

// The table's last two residual columns: held-out rms and its ratio to the training rms.
std::string HeldOutCells(const CalibrationReport& report, std::size_t camera) {
  const auto& held_out = report.quality.inputs.held_out;
  if (!held_out || camera >= held_out->rms_of_camera.size()) return Cell("&ndash;");
  return Cell(Number(held_out->rms_of_camera[camera], 3));
}

// A pattern, coloured where it is not chance.
std::string PatternCell(const calibration::PlacePattern& pattern) {
  const bool chance = pattern.p > 0.01;
  return Cell(Number(pattern.rms, 2),
              chance ? "" : CssAbove(pattern.rms, calibration::kPlacePattern));
}

std::string CameraRow(const CalibrationReport& report, std::size_t c) {
  const CameraQuality& camera = report.quality.cameras[c];
  const auto& image = report.observations.cameras[c];
  std::string html = fmt::format(
      "<tr><th scope=\"row\" class=\"left\">{}<br/><span class=\"small-print\">{} &times; {} "
      "px</span></th>",
      EscapeHtml(image.name), image.width, image.height);
  html += Cell(fmt::format("{}", camera.numbers.views));
  html += Cell(fmt::format("{}", camera.numbers.sightings));
  html +=
      Cell(fmt::format("{} ({:.1f}&nbsp;%)", camera.numbers.outliers, 100.0 * camera.outlier_share),
           CssAbove(camera.outlier_share, calibration::kOutlierShare));
  html += Cell(Number(camera.spread.rms, 3)) + HeldOutCells(report, c);
  html += PatternCell(camera.misfit.smooth);
  html += Cell(fmt::format("{:.0f} %, {}", 100.0 * camera.coverage.share, CornersOf(camera)),
               CssBelow(camera.coverage.share, calibration::kCoverageShare));
  if (HasRig(report)) {
    const auto& intrinsics = report.result.rig.cameras[c].model.intrinsics();
    html += Cell(fmt::format("{:.1f} &plusmn; {:.1f}", intrinsics[0], camera.focal_sd.x()),
                 camera.focal_sd.x() > calibration::kFocalSd * intrinsics[0] ? "limit" : "");
    html += Cell(fmt::format("{:.0f}, {:.0f} &plusmn; {:.1f}", intrinsics[2], intrinsics[3],
                             camera.principal_sd.maxCoeff()));
    html += Cell(Number(1e3 * camera.centre_sd, 2)) + Cell(Number(kDegrees * camera.turn_sd, 3));
    html += Cell(Number(kDegrees * camera.numbers.largest_tilt, 0));
  }
  return html + "</tr>\n";
}

std::string PairCell(const CalibrationReport& report, std::size_t a, std::size_t b) {
  for (const calibration::PairNumbers& pair : report.quality.pairs) {
    if (pair.a.index() != std::min(a, b) || pair.b.index() != std::max(a, b)) continue;
    return fmt::format(
        "<td title=\"{} and {}: {} common views, {} common points, relative place known to {} mm, "
        "{} deg\">{}<br/><span class=\"small-print\">{} mm</span></td>",
        EscapeHtml(NameOf(report, a)), EscapeHtml(NameOf(report, b)), pair.common_views,
        pair.common_sightings, Number(1e3 * pair.relative_centre_sd, 2),
        Number(kDegrees * pair.relative_turn_sd, 3), pair.common_views,
        Number(1e3 * pair.relative_centre_sd, 2));
  }
  return "<td></td>";
}

std::string Alternatives(const calibration::HeldOutNumbers& held_out) {
  if (held_out.alternatives.empty()) return "";
  std::string html =
      "<p>Other models on the same views; the smaller held-out number counts, not the smaller "
      "training number:</p><table>\n" +
      HeaderRow({"Model", "Training, px", "Held out, px"});
  for (const auto& model : held_out.alternatives) {
    html += fmt::format("<tr><td class=\"left\">{}</td>{}{}</tr>\n", EscapeHtml(model.name),
                        Cell(Number(model.training_rms, 3)), Cell(Number(model.rms, 3)));
  }
  return html + "</table>\n";
}

std::string EstimatedTimes(const CalibrationReport& report) {
  const calibration::TemporalNumbers& temporal = *report.quality.inputs.temporal;
  std::string html = fmt::format(
      "<p>Estimated from the moving target, against {}; one image comes {:.2f} ms after the other. "
      "The rig {} these times.",
      EscapeHtml(NameOf(report, temporal.reference_camera.index())), 1e3 * temporal.frame_interval,
      temporal.in_the_rig ? "holds" : "does not hold");
  if (std::isfinite(temporal.rms_with)) {
    html += fmt::format(" Residual without them {} px, with them {} px per axis.",
                        Number(temporal.rms_without, 3), Number(temporal.rms_with, 3));
  }
  html += "</p>\n<table>" +
          HeaderRow({"Camera", "Offset, ms", "Offset, frames", "A marker at 3 m/s is off by, mm",
                     "Drift, &micro;s/s", "Row to row, &micro;s"});
  for (std::size_t c = 0; c < temporal.cameras.size(); ++c) {
    const auto& camera = temporal.cameras[c];
    html += fmt::format(
        "<tr><th scope=\"row\" class=\"left\">{}</th>{}{}{}{}{}</tr>\n",
        EscapeHtml(NameOf(report, c)),
        Cell(fmt::format("{:+.2f} &plusmn; {:.2f}", 1e3 * camera.offset, 1e3 * camera.offset_sd),
             CssAbove(std::abs(camera.offset), calibration::kTimeOffset)),
        Cell(temporal.frame_interval > 0.0
                 ? fmt::format("{:+.3f}", camera.offset / temporal.frame_interval)
                 : "&ndash;"),
        Cell(fmt::format("{:.0f}", 3e3 * std::abs(camera.offset))),
        Cell(fmt::format("{:+.1f} &plusmn; {:.1f}", 1e6 * camera.drift, 1e6 * camera.drift_sd)),
        Cell(fmt::format("{:+.2f} &plusmn; {:.2f}", 1e6 * camera.line_time,
                         1e6 * camera.line_time_sd)));
  }
  return html + "</table>\n";
}

std::string StampTable(const CalibrationReport& report) {
  std::string html =
      "<p>By the cameras' own time stamps, images of one instant were taken apart; "
      "against the camera with the most views:</p>\n<table>" +
      HeaderRow({"Camera", "Later by (median), ms", "Varying by (95 %), ms"});
  for (std::size_t c = 0; c < report.quality.cameras.size(); ++c) {
    const CameraQuality& camera = report.quality.cameras[c];
    html += fmt::format("<tr><th scope=\"row\" class=\"left\">{}</th>{}{}</tr>\n",
                        EscapeHtml(NameOf(report, c)),
                        Cell(Number(std::round(1e4 * camera.stamp_lag) / 10.0 + 0.0, 1),
                             CssAbove(std::abs(camera.stamp_lag), calibration::kTimeOffset)),
                        Cell(Number(1e3 * camera.stamp_jitter, 1),
                             CssAbove(camera.stamp_jitter, calibration::kTimeOffset)));
  }
  return html + "</table>\n";
}

}  // namespace

std::string KeyNumbers(const CalibrationReport& report) {
  if (!HasRig(report)) return "";
  const calibration::RigQuality& quality = report.quality;
  std::string html = "<section class=\"tiles\" id=\"numbers\">\n";
  if (quality.volume) {
    html += Tile(fmt::format("{} mm", Number(1e3 * quality.volume->percentile90, 2)),
                 "expected error of a marker, 1 sd, 90 % of the volume is better");
    html += Tile(fmt::format("{} mm", Number(1e3 * quality.volume->percentile90_calibration, 2)),
                 "of it by the calibration");
  }
  if (quality.inputs.held_out) {
    html += Tile(fmt::format("{} px", Number(quality.inputs.held_out->rms, 3)),
                 fmt::format("held-out residual per axis; {} px would be right",
                             Number(quality.expected_held_out, 3)));
  }
  html += Tile(fmt::format("{} px", Number(quality.rms, 3)),
               "training residual per axis; small is not the same as right");
  html += Tile(fmt::format("{}", quality.instants), "instants with the target");
  html += Tile(fmt::format("{}", quality.sightings),
               fmt::format("sightings used, {} left out", quality.outliers));
  if (report.cpu_seconds > 0.0) {
    html += Tile(fmt::format("{:.2f} s", report.cpu_seconds), "CPU time of the calibration");
  }
  return html + "</section>\n";
}

std::string CameraTable(const CalibrationReport& report) {
  std::vector<std::string> titles{
      "Camera",
      "Views",
      "Sightings",
      "Left out|sightings that the outlier rule left out",
      "Residual, px|per axis, views that the rig was made from",
      "Held out, px|per axis, views that the rig was not made from",
      "Lens misfit, px|residual per axis that smooth displacements of the image explain, noise "
      "taken off: the lens model, a rolling shutter, a bent board",
      "Coverage, corners|share of the image's cells with three sightings or more; corners seen"};
  if (HasRig(report)) {
    titles.insert(titles.end(), {"Focal length, px", "Principal point, px",
                                 "Centre, mm|1 sd over all axes, against the rig as a body",
                                 "Direction, deg|1 sd over all axes",
                                 "Tilt, deg|the most that the target was tilted to the image"});
  }
  std::string html = "<section id=\"cameras\"><h2>Cameras</h2>\n<div class=\"scroll\"><table>\n" +
                     HeaderRow(titles);
  for (std::size_t c = 0; c < report.quality.cameras.size(); ++c) html += CameraRow(report, c);
  html +=
      "</table></div>\n<p class=\"small-print\">&plusmn; and the columns of centre and "
      "direction are one standard deviation, from the residuals and the geometry. Coloured: "
      "beyond what is good.</p></section>\n";
  return html;
}

std::string PairTable(const CalibrationReport& report) {
  const std::size_t cameras = report.observations.cameras.size();
  if (report.quality.pairs.empty()) return "";
  std::string html =
      "<section id=\"pairs\"><h2>Pairs of cameras</h2>\n<p>Views of the target that both had, and "
      "below how well the place of one is known in the frame of the other (1 sd). Two cameras that "
      "face each other may have none: what counts is that all hang together.</p>\n<div "
      "class=\"scroll\"><table>\n<tr><th></th>";
  for (std::size_t c = 0; c < cameras; ++c) {
    html += fmt::format("<th scope=\"col\">{}</th>", EscapeHtml(NameOf(report, c)));
  }
  html += "</tr>\n";
  for (std::size_t a = 0; a < cameras; ++a) {
    html +=
        fmt::format("<tr><th scope=\"row\" class=\"left\">{}</th>", EscapeHtml(NameOf(report, a)));
    for (std::size_t b = 0; b < cameras; ++b) {
      html += a == b ? std::string("<td class=\"self\"></td>") : PairCell(report, a, b);
    }
    html += "</tr>\n";
  }
  html += "</table></div>\n";
  if (!report.quality.links.empty()) {
    const calibration::RigLink& weakest = report.quality.links.front();
    std::string part;
    for (const CameraId camera : weakest.part) {
      part += (part.empty() ? "" : ", ") + NameOf(report, camera.index());
    }
    html += fmt::format(
        "<p>The weakest link: {} views ({} points) hold {} to the others. More "
        "would help most where the target is seen by {}.</p>\n",
        weakest.common_views, weakest.common_sightings, EscapeHtml(part),
        EscapeHtml(FramesThatHelp(report.observations, weakest, report.quality.pairs)));
  }
  return html + "</section>\n";
}

std::string ResidualTable(const CalibrationReport& report) {
  const calibration::RigQuality& quality = report.quality;
  const auto& held_out = quality.inputs.held_out;
  std::string html = "<table>\n" + HeaderRow({"All cameras", "px per axis", ""});
  const auto row = [&html](const char* name, const std::string& number, const std::string& what) {
    html +=
        fmt::format("<tr><td class=\"left\">{}</td><td>{}</td><td class=\"left\">{}</td></tr>\n",
                    name, number, what);
  };
  row("Training", Number(quality.rms, 3), "views that the rig was made from, outliers left out");
  row("Noise", Number(quality.noise_px, 3), "the same, with what the fit took off put back");
  if (held_out) {
    row("Training, scored alike", Number(held_out->training_rms, 3),
        "as the next line: " + EscapeHtml(held_out->method) + ", outliers count");
    row("Held out", Number(held_out->rms, 3),
        fmt::format("{} sightings that the rig was not made from; no place was found for the "
                    "target in {} views",
                    held_out->sightings, held_out->lost_views));
    row("Expected of held out", Number(quality.expected_held_out, 3),
        "if the model were right and noise were all");
  }
  html += "</table>\n";
  html +=
      "<p class=\"small-print\">The standard deviations in this report are the Cram&eacute;r-"
      "Rao bound at the noise above: no unbiased estimate from these sightings can be better, "
      "and this one reaches it where the model is right. Where held-out residuals or residuals "
      "by place are larger than expected, the true error is larger than stated.";
  if (report.cpu_seconds > 0.0) {
    html += fmt::format(" The calibration took {:.2f} CPU seconds and {} iterations.",
                        report.cpu_seconds, report.result.iterations);
  }
  html += "</p>\n";
  return held_out ? html + Alternatives(*held_out) : html;
}

std::string TimeSection(const CalibrationReport& report) {
  const bool stamps =
      std::any_of(report.quality.cameras.begin(), report.quality.cameras.end(),
                  [](const CameraQuality& camera) { return std::isfinite(camera.stamp_lag); });
  const bool estimated = report.quality.inputs.temporal.has_value();
  if (!stamps && !estimated) return "";
  std::string html = "<section id=\"times\"><h2>Are the cameras synchronized?</h2>\n";
  if (estimated) html += EstimatedTimes(report);
  if (stamps) html += StampTable(report);
  return html + "</section>\n";
}

std::string ReferenceSection(const CalibrationReport& report) {
  std::string html;
  for (const calibration::WandNumbers& wand : report.quality.inputs.wands) {
    html += fmt::format(
        "<tr><td class=\"left\">{}</td><td>{:.3f}</td><td>{:.3f}</td><td class=\"{}\">{:+.3f}</td>"
        "<td>{:.3f}</td><td>{}</td><td class=\"left\">{}</td></tr>\n",
        EscapeHtml(wand.name), 1e3 * wand.nominal_length, 1e3 * wand.mean_length,
        CssAbove(std::abs(wand.mean_length / wand.nominal_length - 1.0), calibration::kWandBias),
        1e3 * (wand.mean_length - wand.nominal_length), 1e3 * wand.sd_length, wand.instants,
        wand.held_out ? "not used in the calibration" : "used in the calibration");
  }
  if (!html.empty()) {
    html =
        "<section id=\"wand\"><h2>Wand</h2>\n<table>" +
        HeaderRow({"Wand", "Nominal, mm", "Mean, mm", "Bias, mm", "Sd, mm", "Instants", ""}) +
        html +
        "</table><p class=\"small-print\">The length of a wand checks the scale. It says little "
        "about the rest: cameras that are far off can still measure a wand well.</p></section>\n";
  }
  return html;
}

std::string WorstViewTable(const CalibrationReport& report) {
  if (report.quality.worst_views.empty()) return "";
  std::string html =
      "<section id=\"worst\"><h2>Worst views</h2>\n<p>Look at these images first "
      "where something is wrong.</p>\n<table>\n" +
      HeaderRow({"Camera", "Instant", "Sightings", "Left out", "Residual, px"});
  for (const calibration::WorstView& view : report.quality.worst_views) {
    html += fmt::format(
        "<tr><td class=\"left\">{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{:.2f}</td></tr>\n",
        EscapeHtml(NameOf(report, view.camera.index())), view.frame, view.sightings, view.outliers,
        view.rms);
  }
  html +=
      "</table>\n<p class=\"small-print\">Instants count from 0. Residuals are per axis and "
      "take in what was left out.</p></section>\n";
  return html;
}

std::string ProvenanceSection(const CalibrationReport& report) {
  const StageProvenance& provenance = report.provenance;
  std::string html = "<section id=\"provenance\"><h2>How it was made</h2>\n";
  if (!report.warnings.empty()) {
    html += "<p>Warnings:</p><ul>\n";
    for (const std::string& warning : report.warnings) {
      html += "<li>" + EscapeHtml(warning) + "</li>\n";
    }
    html += "</ul>\n";
  }
  if (!provenance.command.empty()) html += "<pre>" + EscapeHtml(provenance.command) + "</pre>\n";
  html += fmt::format("<p class=\"small-print\">Medius {}. Settings: <code>{}</code></p>\n",
                      EscapeHtml(provenance.version), EscapeHtml(provenance.options_json));
  if (!provenance.inputs.empty()) {
    html += "<div class=\"scroll\"><table>\n" + HeaderRow({"Input", "SHA-256"});
    for (const ProvenanceInput& input : provenance.inputs) {
      html += fmt::format(
          "<tr><td class=\"left\">{}</td><td class=\"left\"><code>{}</code></td>"
          "</tr>\n",
          EscapeHtml(input.name), EscapeHtml(input.sha256));
    }
    html += "</table></div>\n";
  }
  return html + "</section>\n";
}

std::string ImageCaption(const CalibrationReport& report, std::size_t camera) {
  const CameraQuality& quality = report.quality.cameras[camera];
  std::string html = fmt::format("coverage {:.0f} %", 100.0 * quality.coverage.share);
  if (!HasRig(report)) return html;
  const calibration::PlacePattern& misfit = quality.misfit.smooth;
  return html + fmt::format(", residual {:.2f} px, ", quality.spread.rms) +
         (misfit.p <= 0.01 ? fmt::format("lens misfit {:.2f} px", misfit.rms)
                           : std::string("no lens misfit"));
}

}  // namespace medius::apps
