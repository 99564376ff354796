#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/calibration_report.hpp"
#include "apps/svg_drawing.hpp"
#include "calibration/calibrate.hpp"
#include "core/error.hpp"
#include "tests/apps/html_checks.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::apps {
namespace {

using medius::testing::OutsideOf;
using medius::testing::TagProblem;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ContentOf(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

CalibrationReport SmallReport() {
  calibration::BoardSceneOptions options;
  options.cameras = 3;
  options.frames = 40;
  options.outlier_share = 0.01;
  CalibrationReport report;
  report.rig_name = "morning.toml";
  report.target = "chessboard 11 x 8, 80 mm squares";
  report.made = "2026-03-02T07:05:00Z";
  report.observations = calibration::MakeBoardScene(options).observations;
  report.result = calibration::Calibrate(report.observations, {});
  report.cpu_seconds = 0.25;
  report.provenance.command = "medius calibrate board --board board.toml";
  report.provenance.version = "1.2.3";
  report.provenance.options_json = R"({"model":"brown_conrady_5"})";
  report.provenance.inputs = {{"cam1.mp4", std::string(64, 'a')}};
  return report;
}

void Judge(calibration::QualityInputs inputs, CalibrationReport* report) {
  report->quality =
      calibration::AssessQuality(report->observations, report->result, std::move(inputs));
}

calibration::QualityInputs AllInputs() {
  calibration::QualityInputs inputs;
  inputs.held_out = calibration::HeldOutNumbers{};
  inputs.held_out->method = "fitted on even instants, scored on odd";
  inputs.held_out->training_rms = 0.301;
  inputs.held_out->rms = 0.312;
  inputs.held_out->sightings = 2000;
  inputs.held_out->poses = 20;
  inputs.held_out->rms_of_camera = {0.31, 0.32, 0.333};
  inputs.held_out->alternatives = {{"brown_conrady_8", 0.299, 0.315}};
  inputs.temporal = calibration::TemporalNumbers{};
  inputs.temporal->cameras.resize(3);
  inputs.temporal->cameras[1].offset = 0.0123;
  inputs.temporal->cameras[1].offset_sd = 0.0002;
  inputs.temporal->frame_interval = 0.02;
  inputs.wands = {{"long wand", 0.5, 0.5001, 0.0003, 250, true}};
  return inputs;
}

TEST(FormatCalibrationReport, IsWellFormedAndNeedsNothingElse) {
  CalibrationReport report = SmallReport();
  Judge(AllInputs(), &report);
  report.warnings = {"cam2: 3 images without a time stamp"};
  const std::string html = FormatCalibrationReport(report);
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_EQ(OutsideOf(html), "");
  // Numbers that there are none of must not show as such.
  EXPECT_THAT(html, Not(::testing::ContainsRegex("[^a-z]nan[^a-z]")));
  EXPECT_THAT(html, Not(HasSubstr("inf ")));
  EXPECT_LT(html.size(), 500'000U);
}

TEST(FormatCalibrationReport, SaysVerdictNumbersAndWhereTheyCameFrom) {
  CalibrationReport report = SmallReport();
  Judge(AllInputs(), &report);
  const std::string html = FormatCalibrationReport(report);
  EXPECT_THAT(html, HasSubstr("<strong>Redo</strong>"));
  EXPECT_THAT(html, HasSubstr("The cameras are not synchronized"));
  EXPECT_THAT(html, HasSubstr("+12.30 &plusmn; 0.20"));
  EXPECT_THAT(html, HasSubstr("0.615"));  // of a frame
  EXPECT_THAT(html, HasSubstr("What to do:"));
  EXPECT_LT(html.find("id=\"verdict\""), html.find("id=\"cameras\""));
  EXPECT_THAT(html, HasSubstr("0.333"));            // held out, beside the residual
  EXPECT_THAT(html, HasSubstr("brown_conrady_8"));  // the other model
  EXPECT_THAT(html, HasSubstr("0.25 CPU seconds"));
  EXPECT_THAT(html, HasSubstr("500.100"));  // wand, mm
  EXPECT_THAT(html, HasSubstr("medius calibrate board --board board.toml"));
  EXPECT_THAT(html, HasSubstr(std::string(64, 'a')));
  for (const UncalibratedCamera& camera : report.observations.cameras) {
    EXPECT_THAT(html, HasSubstr("Image of " + camera.name));
  }
  EXPECT_THAT(html, HasSubstr("The rig from above"));
  EXPECT_THAT(html, HasSubstr("The rig from the side"));
}

TEST(FormatCalibrationReport, EscapesNames) {
  CalibrationReport report = SmallReport();
  report.observations.cameras[0].name = "<b>\"left\" & 'right'";
  report.result.rig.cameras[0].name = report.observations.cameras[0].name;
  report.rig_name = "<script>alert(1)</script>";
  report.warnings = {"a < b"};
  Judge({}, &report);
  const std::string html = FormatCalibrationReport(report);
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html, HasSubstr("&lt;b&gt;&quot;left&quot; &amp; &#39;right&#39;"));
  EXPECT_THAT(html, HasSubstr("a &lt; b"));
}

TEST(FormatCalibrationReport, ARecordingThatGaveNoRigHasAReportToo) {
  CalibrationReport report = SmallReport();
  report.observations.views.resize(3);
  report.result = calibration::Calibrate(report.observations, {});
  Judge({}, &report);
  const std::string html = FormatCalibrationReport(report);
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_THAT(html, HasSubstr("<strong>Redo</strong>"));
  EXPECT_THAT(html, Not(::testing::ContainsRegex("[^a-z]nan[^a-z]")));
  EXPECT_EQ(CalibrationReportJson(report)["status"], "degenerate");
  EXPECT_TRUE(CalibrationReportJson(report)["rms_px"].is_null());
}

TEST(FormatCalibrationReport, StaysSmallForManyCamerasAndFrames) {
  calibration::BoardSceneOptions options;
  options.cameras = 16;
  options.frames = 20;
  CalibrationReport report;
  report.rig_name = "large.toml";
  report.observations = calibration::MakeBoardScene(options).observations;
  report.result = calibration::Calibrate(report.observations, {});
  // The same views again and again: pictures must not grow with them.
  const std::vector<TargetView> views = report.observations.views;
  const auto residuals = report.result.residuals;
  for (std::size_t copy = 1; copy < 50; ++copy) {
    for (TargetView view : views) {
      view.frame += 20 * copy;
      report.observations.views.push_back(view);
    }
    report.result.residuals.insert(report.result.residuals.end(), residuals.begin(),
                                   residuals.end());
  }
  Judge({}, &report);
  const std::string html = FormatCalibrationReport(report);
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_LT(html.size(), 2'000'000U);
}

TEST(WriteCalibrationReport, WritesThePageOrSaysWhyNot) {
  CalibrationReport report = SmallReport();
  Judge({}, &report);
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("medius-report-" + std::to_string(::getpid()) + ".html");
  WriteCalibrationReport(path, report);
  EXPECT_EQ(ContentOf(path), FormatCalibrationReport(report));
  std::filesystem::remove(path);
  EXPECT_THROW(WriteCalibrationReport(path / "no" / "folder.html", report), InputError);
}

TEST(CalibrationReportJson, HasStableKeysWithUnits) {
  CalibrationReport report = SmallReport();
  Judge(AllInputs(), &report);
  const nlohmann::json json = CalibrationReportJson(report);
  EXPECT_EQ(json["format"], "medius-calibration-report");
  EXPECT_EQ(json["verdict"]["grade"], "redo");
  EXPECT_EQ(json["verdict"]["findings"][0]["key"], "time_offset");  // a cause comes first
  EXPECT_EQ(json["verdict"]["findings"][0]["cameras"][0], report.observations.cameras[1].name);
  ASSERT_EQ(json["cameras"].size(), 3U);
  for (const char* key :
       {"name", "width_px", "views", "sightings", "outliers", "coverage", "focal_sd_px",
        "principal_point_sd_px", "centre_sd_mm", "centre_m", "direction_sd_deg", "largest_tilt_deg",
        "residual", "lens_misfit", "residual_by_place", "held_out_rms_px", "time_stamp_lag_ms"}) {
    EXPECT_TRUE(json["cameras"][0].contains(key)) << key;
  }
  EXPECT_EQ(json["pairs"].size(), 3U);
  EXPECT_GT(json["volume"]["percentile90_mm"].get<double>(), 0.0);
  EXPECT_EQ(json["volume"]["slices"].size(), 3U);
  EXPECT_NEAR(json["temporal"]["cameras"][1]["offset_ms"].get<double>(), 12.3, 1e-9);
  EXPECT_NEAR(json["wands"][0]["bias_mm"].get<double>(), 0.1, 1e-9);
  EXPECT_EQ(json["provenance"]["options"]["model"], "brown_conrady_5");
  // Text that can be read back: nothing in it is NaN.
  EXPECT_EQ(nlohmann::json::parse(json.dump()), json);
}

TEST(EscapeHtml, ReplacesWhatHasAMeaningAndLeavesOutControlCharacters) {
  EXPECT_EQ(EscapeHtml("a<b>&\"c'\x01\x7f"), "a&lt;b&gt;&amp;&quot;c&#39;\x7f");
  EXPECT_EQ(EscapeHtml("Kamera größer"), "Kamera größer");
}

}  // namespace
}  // namespace medius::apps
