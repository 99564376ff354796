#include "apps/calibration_report.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/calibration_pictures.hpp"
#include "apps/calibration_report_style.hpp"
#include "apps/calibration_report_tables.hpp"
#include "apps/html_page.hpp"
#include "apps/svg_drawing.hpp"
#include "storage/atomic_text_file.hpp"

namespace medius::apps {
namespace {

using calibration::Finding;
using calibration::Grade;
using calibration::Severity;

struct GradeWords {
  const char* css;
  const char* word;
  const char* sentence;
};

GradeWords WordsOf(Grade grade) {
  switch (grade) {
    case Grade::kGood:
      return {"good", "Good", "This rig can be used."};
    case Grade::kUsable:
      return {"usable", "Usable", "This rig can be used within the limits below."};
    case Grade::kRedo:
      break;
  }
  return {"redo", "Redo", "Do not use this rig. What to do stands below."};
}

const char* WordOf(Severity severity) {
  if (severity == Severity::kRedo) return "redo";
  return severity == Severity::kLimit ? "limit" : "note";
}

std::string VerdictHtml(const CalibrationReport& report) {
  const calibration::Verdict& verdict = report.quality.verdict;
  const GradeWords words = WordsOf(verdict.grade);
  std::string html = fmt::format(
      "<section class=\"verdict {}\" id=\"verdict\"><p class=\"grade\"><strong>{}</strong> "
      "{}</p>\n",
      words.css, words.word, words.sentence);
  if (verdict.findings.empty()) {
    html += "<p>Nothing was found that limits it.</p>\n";
  } else {
    html += "<ol>\n";
    for (const Finding& finding : verdict.findings) {
      html += fmt::format("<li class=\"{0}\"><span class=\"tag\">{0}</span> {1}.",
                          WordOf(finding.severity), EscapeHtml(WithoutFullStop(finding.text)));
      if (!finding.action.empty()) {
        html +=
            fmt::format("<br/><b>What to do:</b> {}.", EscapeHtml(WithoutFullStop(finding.action)));
      }
      html += "</li>\n";
    }
    html += "</ol>\n";
  }
  return html + "</section>\n";
}

std::string HeadHtml(const CalibrationReport& report) {
  std::string html = fmt::format("<header><h1>Calibration of {}</h1>\n<p class=\"sub\">",
                                 EscapeHtml(report.rig_name));
  html += fmt::format("{} cameras", report.observations.cameras.size());
  if (!report.target.empty()) html += " &middot; " + EscapeHtml(report.target);
  if (!report.recorded.empty()) html += " &middot; recorded " + EscapeHtml(report.recorded);
  if (!report.made.empty()) html += " &middot; computed " + EscapeHtml(report.made);
  return html + "</p></header>\n";
}

// Pixels, of the first camera.
double CellSide(const CalibrationReport& report) {
  const calibration::ImageGrid& grid = report.quality.cameras.front().coverage.grid;
  return static_cast<double>(grid.width) / grid.columns;
}

std::string PanelsHtml(const CalibrationReport& report) {
  const double scale = ArrowScale(report);
  const bool has_rig = !report.result.rig.cameras.empty();
  std::string html =
      "<section id=\"images\"><h2>What each camera saw</h2>\n<p>Grey dots: where "
      "the target was seen. Hatched: less than three sightings, the lens is "
      "extrapolated there.";
  if (has_rig) {
    html += fmt::format(
        " Arrows: mean residual of each cell, seen minus predicted, enlarged {:.0f} times in all "
        "cameras (as long as a cell: {:.2g} px); they should be short and point anywhere. Red "
        "crosses: sightings left out. Below "
        "each image: residuals outward from the principal point, which a wrong lens model bends "
        "away from zero.",
        scale, CellSide(report) / scale);
  }
  html += "</p>\n<div class=\"panels\">\n";
  for (std::size_t c = 0; c < report.observations.cameras.size(); ++c) {
    html += fmt::format("<figure><figcaption><b>{}</b> {}</figcaption>\n",
                        EscapeHtml(report.observations.cameras[c].name), ImageCaption(report, c));
    html += ImagePicture(report, c, scale);
    if (has_rig) html += RadialPicture(report, c);
    html += "</figure>\n";
  }
  return html + "</div></section>\n";
}

std::string VolumeHtml(const CalibrationReport& report) {
  if (!report.quality.volume) return "";
  const calibration::VolumePrecision& volume = *report.quality.volume;
  const Eigen::Vector3d size = volume.most - volume.least;
  const double scale = EllipseScale(report);
  std::string html = fmt::format(
      "<section id=\"precision\"><h2>3D precision in the volume</h2>\n<p>Expected error of one "
      "marker seen once, 1 sd over all three axes, in the {:.1f} &times; {:.1f} &times; {:.1f} m "
      "where the target was: half of the volume is better than <b>{:.2f} mm</b>, nine tenths are "
      "better than <b>{:.2f} mm</b>. The calibration alone makes {:.2f} and {:.2f} mm of it: that "
      "part stays the same from frame to frame and is not averaged out. A motion of the volume as "
      "a whole does not count: it changes no distance and no angle. Every camera whose image "
      "holds the place is taken to see it; a body in the way makes it worse. Sightings are taken "
      "to scatter by {:.2f} px.</p>\n",
      size.x(), size.y(), size.z(), 1e3 * volume.median, 1e3 * volume.percentile90,
      1e3 * volume.median_calibration, 1e3 * volume.percentile90_calibration, volume.noise_px);
  html += fmt::format(
      "<p>Seen from above at three heights, the same way up as the rig below. "
      "Ellipses: the error in the horizontal plane, 1 sd, enlarged {:.0f} times. "
      "Hatched: fewer than two cameras see it.</p>\n",
      scale);
  html += "<div class=\"panels slices\">\n";
  for (std::size_t i = 0; i < volume.slices.size(); ++i) {
    html += fmt::format("<figure><figcaption>height {:.2f} m</figcaption>\n{}</figure>\n",
                        volume.slices[i].height, PrecisionPicture(report, i, scale));
  }
  return html + "</div>\n<div class=\"legend\">" + PrecisionLegend() + "</div></section>\n";
}

std::string RigHtml(const CalibrationReport& report) {
  if (report.result.rig.cameras.empty()) return "";
  std::string html =
      "<section id=\"rig\"><h2>The rig</h2>\n<p>Grid in metres. Dots: where the "
      "target was. Dashed: the volume that is judged above. ";
  html += report.quality.view_frame.is_lab
              ? "Axes are those of the lab: X to the right, Y up the page, height from the floor."
              : "The floor is not known yet, so up is the mean upward direction of the images, "
                "height counts from the lowest place of the target, and the first camera looks up "
                "the page. <code>medius calibrate floor</code> puts the lab on its floor.";
  html += "</p>\n<div class=\"rigs\"><figure><figcaption>From above</figcaption>\n" +
          RigPicture(report, RigSide::kTop) +
          "</figure>\n<figure><figcaption>From the side (across and height)</figcaption>\n" +
          RigPicture(report, RigSide::kSide) + "</figure></div></section>\n";
  return html;
}

std::string SpreadHtml(const CalibrationReport& report) {
  if (report.result.rig.cameras.empty()) return "";
  return "<section id=\"residuals\"><h2>Residuals, held-out residuals and the bound</h2>\n" +
         ResidualTable(report) + "<figure class=\"narrow\">" + HistogramPicture(report) +
         "</figure></section>\n";
}

}  // namespace

std::string FormatCalibrationReport(const CalibrationReport& report) {
  const std::string title =
      fmt::format("{}: {}", WordsOf(report.quality.verdict.grade).word, report.rig_name);
  return FormatHtmlPage({title, std::string(CalibrationReportStyle()),
                         HeadHtml(report) + VerdictHtml(report) + KeyNumbers(report) +
                             TimeSection(report) + CameraTable(report) + PanelsHtml(report) +
                             VolumeHtml(report) + RigHtml(report) + PairTable(report) +
                             SpreadHtml(report) + ReferenceSection(report) +
                             WorstViewTable(report) + ProvenanceSection(report)});
}

void WriteCalibrationReport(const std::filesystem::path& path, const CalibrationReport& report) {
  storage::WriteTextFile(path, FormatCalibrationReport(report));
}

}  // namespace medius::apps
