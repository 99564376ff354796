#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/metric_words.hpp"
#include "apps/trial_report.hpp"
#include "tests/apps/html_checks.hpp"

namespace medius::apps {
namespace {

using medius::testing::OutsideOf;
using medius::testing::TagProblem;
using medius::testing::TextOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kDegree = 0.017453292519943295;

SummaryRow Row(const std::string& metric, Side side, double mean_deg, double half_deg) {
  SummaryRow row;
  row.metric = {metric, "rad", "a definition"};
  row.side = side;
  row.mean = kDegree * mean_deg;
  row.sd = kDegree * 0.5;
  row.n = 40;
  row.ci_low = kDegree * (mean_deg - half_deg);
  row.ci_high = kDegree * (mean_deg + half_deg);
  row.trend_per_minute = kDegree * 0.3;
  return row;
}

analysis::MeanCurve Curve(const std::string& angle, Side side, double mean_deg) {
  analysis::MeanCurve curve;
  curve.angle = {angle, "rad", "a definition"};
  curve.side = side;
  curve.n = 40;
  curve.mean.fill(kDegree * mean_deg);
  curve.sd.fill(kDegree * 0.5);
  return curve;
}

void AddStrides(TrialReport* report) {
  StrideTable& strides = report->strides;
  StrideColumn drop{{"contralateral_pelvic_drop_relative", "rad", "a definition"}, {}};
  for (std::size_t i = 0; i < 80; ++i) {
    strides.side.push_back(i % 2 == 0 ? Side::kLeft : Side::kRight);
    strides.start.push_back(0.35 * static_cast<double>(i));
    strides.accepted.push_back(1);
    drop.value.push_back(kDegree * 5.0);
  }
  strides.metrics.push_back(std::move(drop));
}

TrialReport SmallReport() {
  TrialReport report;
  report.file = "run.trial.h5";
  report.header = {"run 3", "P07", "week-3", "running", "2026-03-01T09:30:00Z"};
  report.rate_hz = 200.0;
  report.duration = 30.0;
  report.frames = 6001;
  report.samples.total = 1000;
  report.samples.by_source = {10, 950, 40, 0, 0, 0};
  report.samples.residual_rms_px = 0.35;
  report.samples.mean_rays = 5.5;
  report.cameras = {{"cam1", 0.34, 0.1, ""}, {"cam2", 0.36, 0.1, ""}};
  report.noise_over_sigma = 1.02;
  report.found = {41, 41};
  report.accepted = {40, 40};
  report.rejections = {{"contact time out of range", {1, 0}}, {"the pelvis is missing", {0, 1}}};
  report.segments = {{"pelvis", 4, 2.9, 6001, 3}, {"left_thigh", 4, 1.2, 6001, 0}};
  report.belt_speed = 2.8;
  report.summary = {Row("contralateral_pelvic_drop_relative", Side::kLeft, 5.2, 0.4),
                    Row("contralateral_pelvic_drop_relative", Side::kRight, -1.3, 0.4)};
  report.curves = {Curve("pelvis_obliquity_relative", Side::kLeft, -3.0),
                   Curve("pelvis_obliquity_relative", Side::kRight, 2.0)};
  AddStrides(&report);
  StageProvenance analyze;
  analyze.stage = "analyze";
  analyze.command = "medius analyze run.trial.h5 --static static.trial.h5";
  analyze.options_json = R"({"method":"medius","marker_set":"my_lab","cutoff_hz":10.0})";
  analyze.version = "1.2.3";
  analyze.started = "2026-03-01T10:00:00Z";
  analyze.inputs = {{"run.trial.h5", std::string(64, 'a')}};
  report.provenance.push_back(std::move(analyze));
  return report;
}

TEST(FormatTrialReport, IsWellFormedAndNeedsNothingElse) {
  const std::string html = FormatTrialReport(SmallReport());
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_EQ(OutsideOf(html), "");
  EXPECT_LT(html.size(), 200'000U);
}

TEST(FormatTrialReport, SaysWhoWhenAndHow) {
  const std::string text = TextOf(FormatTrialReport(SmallReport()));
  for (const char* said : {"P07", "week-3", "run 3", "2026-03-01 09:30 UTC", "2.8 m/s",
                           "marker set my_lab", "low-passed at 10 Hz", "Medius 1.2.3",
                           "medius analyze run.trial.h5 --static static.trial.h5",
                           "Medius measures; it does not diagnose"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
}

TEST(FormatTrialReport, PutsTheQualityBeforeTheFindings) {
  const std::string html = FormatTrialReport(SmallReport());
  EXPECT_LT(html.find("id=\"quality\""), html.find("id=\"findings\""));
  EXPECT_LT(html.find("id=\"findings\""), html.find("id=\"curves\""));
  const std::string text = TextOf(html);
  for (const char* said :
       {"2 cameras", "0.35 px", "95.0 % measured, 4.0 % filled in, 1.0 % missing",
        "left 40 of 41, right 40 of 41", "contact time out of range (1 left, 0 right)",
        "left thigh 1.2 mm", "Nothing was found that limits the numbers below"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
}

TEST(FormatTrialReport, ShowsMeansWithTheirIntervalsAndAProperMinus) {
  const std::string text = TextOf(FormatTrialReport(SmallReport()));
  EXPECT_THAT(text, HasSubstr("5.2 (4.8 to 5.6)"));
  EXPECT_THAT(text, HasSubstr("\u22121.3 (\u22121.7 to \u22120.9)"));
}

TEST(FormatTrialReport, SaysWhatToLookAt) {
  TrialReport report = SmallReport();
  report.accepted = {9, 40};
  report.segments[0].residual_mm = 8.4;
  report.cameras[1].finding = "cam2 lags by 4.1 ms";
  report.provenance[0].warnings = {"was the heel marker moved?"};
  const std::string text = TextOf(FormatTrialReport(report));
  EXPECT_THAT(text, HasSubstr("4 points to look at"));
  EXPECT_THAT(text, HasSubstr("cam2 lags by 4.1 ms"));
  EXPECT_THAT(text, HasSubstr("was the heel marker moved?"));
  EXPECT_THAT(text, HasSubstr("15 a side or more"));
}

TEST(FormatTrialReport, EscapesEveryTextOfTheFile) {
  const std::string evil = "<img src=x onerror=\"alert(1)\">&'";
  TrialReport report = SmallReport();
  report.file = evil;
  report.header = {evil, evil, evil, evil, evil};
  report.cameras[0] = {evil, 0.3, 0.1, evil};
  report.rejections[0].reason = evil;
  report.segments[0].name = evil;
  for (SummaryRow& row : report.summary) row.metric.definition = evil;
  SummaryRow odd = Row("knee_abduction_peak", Side::kLeft, 1.0, 0.1);
  odd.metric.unit = evil;
  report.summary.push_back(odd);
  StageProvenance& stage = report.provenance[0];
  stage.command = evil;
  stage.version = evil;
  stage.started = evil;
  stage.inputs = {{evil, evil}};
  stage.warnings = {evil};
  stage.options_json = R"({"method":"<script>","marker_set":"<b>"})";
  const std::string html = FormatTrialReport(report);
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<b>,")));
  EXPECT_THAT(html, HasSubstr("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;"));
}

TEST(FormatTrialReport, NeverShowsThatANumberIsNone) {
  TrialReport report = SmallReport();
  report.samples = {};
  report.cameras.clear();
  report.segments.clear();
  report.noise_over_sigma = kNaN;
  report.belt_speed = kNaN;
  report.provenance.clear();
  for (SummaryRow& row : report.summary) {
    row.sd = row.ci_low = row.ci_high = row.trend_per_minute = kNaN;
    row.n = 1;
  }
  for (analysis::MeanCurve& curve : report.curves) {
    curve.sd.fill(kNaN);
    curve.mean[40] = kNaN;
  }
  const std::string html = FormatTrialReport(report);
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_THAT(html, Not(::testing::ContainsRegex("[^a-z]nan[^a-z]")));
  EXPECT_THAT(html, Not(::testing::ContainsRegex("[^a-z]inf[^a-z]")));
  EXPECT_THAT(TextOf(html), HasSubstr("5.2 (\u2013)"));
}

TEST(FormatTrialReport, ATrialWithoutAnglesSaysSo) {
  TrialReport report = SmallReport();
  report.summary.clear();
  report.curves.clear();
  report.strides = {};
  const std::string html = FormatTrialReport(report);
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_THAT(html, HasSubstr("No angle of the frontal plane could be measured"));
}

TEST(FormatTrialReport, LongTextsAreCutAndManyStridesThinned) {
  TrialReport report = SmallReport();
  // Of two bytes a letter: a cut must not leave half of one.
  std::string longest;
  for (int i = 0; i < 5000; ++i) longest += "\u00e9";
  report.header.subject = longest;
  report.provenance[0].warnings.assign(50, longest + "1");
  for (std::size_t i = 0; i < 50; ++i) report.provenance[0].warnings[i] += std::to_string(i);
  for (std::size_t i = 0; i < 20'000; ++i) {
    report.strides.side.push_back(Side::kLeft);
    report.strides.start.push_back(0.0);
    report.strides.accepted.push_back(1);
    report.strides.metrics[0].value.push_back(0.1);
  }
  const std::string html = FormatTrialReport(report);
  EXPECT_LT(html.size(), 200'000U);
  EXPECT_THAT(html, HasSubstr("and 48 more"));
  for (std::size_t at = html.find("\u2026"); at != std::string::npos;
       at = html.find("\u2026", at + 1)) {
    EXPECT_EQ(static_cast<unsigned char>(html[at - 1]), 0xA9U);  // the second byte
  }
}

TEST(ShownNumber, IsInTheUnitThatPeopleRead) {
  const QuantityDescription angle{"hip_adduction_peak", "rad", ""};
  EXPECT_EQ(ShownNumber(angle, 0.1), "5.7");
  EXPECT_EQ(ShownNumber(angle, -0.0004), "0.0");
  EXPECT_EQ(ShownNumber(angle, kNaN), "\u2013");
  EXPECT_EQ(ShownChange(angle, 0.1), "+5.7");
  EXPECT_EQ(ShownChange(angle, -0.1), "\u22125.7");
  EXPECT_EQ(ShownChange(angle, 0.0001), "0.0");
  const QuantityDescription contact{"contact_time", "s", ""};
  EXPECT_EQ(ShownNumber(contact, 0.2564), "256");
  EXPECT_EQ(ShownUnit(contact), "ms");
  EXPECT_EQ(TitleOf({"some_new_metric", "rad", ""}), "Some new metric");
}

}  // namespace
}  // namespace medius::apps
