#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/progress_page.hpp"
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

SummaryRow Row(const std::string& metric, const std::string& unit, Side side, double mean) {
  SummaryRow row;
  row.metric = {metric, unit, "a definition"};
  row.side = side;
  row.mean = mean;
  row.sd = 0.1 * std::abs(mean);
  row.n = 36;
  return row;
}

// Sessions a week apart whose drop, left and right, is as given in degrees.
ProgressResult ResultOf(const std::vector<double>& left, const std::vector<double>& right) {
  std::vector<analysis::Session> sessions;
  ProgressResult result;
  for (std::size_t i = 0; i < left.size(); ++i) {
    analysis::Session session;
    session.name = "week " + std::to_string(i);
    session.created =
        "2026-11-" + std::string(i < 2 ? "0" : "") + std::to_string(2 + 7 * i) + "T09:00:00Z";
    session.where = "s" + std::to_string(i) + ".trial.h5";
    session.summary = {
        Row("contralateral_pelvic_drop_relative", "rad", Side::kLeft, kDegree * left[i]),
        Row("contralateral_pelvic_drop_relative", "rad", Side::kRight, kDegree * right[i]),
        Row("belt_speed", "m/s", Side::kLeft, 2.8), Row("belt_speed", "m/s", Side::kRight, 2.8)};
    SessionDetail detail{session.where, {}, {}};
    for (const Side side : kSides) {
      analysis::MeanCurve curve;
      curve.angle = {"pelvis_obliquity_relative", "rad", "a definition"};
      curve.side = side;
      curve.n = 36;
      curve.mean.fill(kDegree * static_cast<double>(i));
      curve.sd.fill(kDegree * 0.4);
      detail.curves.push_back(curve);
    }
    result.details.push_back(std::move(detail));
    sessions.push_back(std::move(session));
  }
  analysis::ComparisonOptions options;
  options.repeatability.name = "this lab's visits";
  options.repeatability.errors = {
      {"contralateral_pelvic_drop_relative", kDegree * 1.0, std::nullopt, false, "ours"}};
  result.subject = "P07";
  result.method = "medius";
  result.relevant_change = options.relevant_change;
  result.comparison = analysis::CompareSessions(std::move(sessions), options);
  return result;
}

TEST(ProgressPage, IsWellFormedAndNeedsNothingElse) {
  for (const std::size_t count : {2U, 3U, 5U, 12U}) {
    std::vector<double> drop;
    for (std::size_t i = 0; i < count; ++i) drop.push_back(6.0 - 0.1 * static_cast<double>(i));
    ProgressResult result = ResultOf(drop, drop);
    const std::string html = ProgressPage(result);
    EXPECT_EQ(TagProblem(html), "") << count;
    EXPECT_EQ(OutsideOf(html), "") << count;
    EXPECT_THAT(html, Not(::testing::ContainsRegex("[^a-z]nan[^a-z]"))) << count;
    EXPECT_LT(html.size(), 400'000U) << count;
  }
}

TEST(ProgressPage, SaysOnlyWhatTheComparisonShows) {
  // Left falls by 5 degrees (beyond 1.96 sqrt(2) 1.0 = 2.8), right by 1.
  const std::string text = TextOf(ProgressPage(ResultOf({8.0, 3.0}, {8.0, 7.0})));
  EXPECT_THAT(text, HasSubstr("changed: smaller than in the first session"));
  EXPECT_THAT(text, HasSubstr("not beyond what re-placing the markers does"));
  EXPECT_THAT(text, HasSubstr("\u22125.0"));
  EXPECT_THAT(text, HasSubstr("this lab&#39;s visits"));
  EXPECT_THAT(text, Not(HasSubstr("improve")));
  EXPECT_THAT(text, Not(HasSubstr("All sessions together")));  // from four on
}

TEST(ProgressPage, PutsWarningsBeforeNumbers) {
  ProgressResult result = ResultOf({8.0, 3.0}, {8.0, 7.0});
  result.comparison.warnings = {"week 1: run at 3.10 m/s, +10.7 % from week 0"};
  const std::string html = ProgressPage(result);
  const std::size_t warning = html.find("run at 3.10 m/s");
  ASSERT_NE(warning, std::string::npos);
  EXPECT_LT(warning, html.find("id=\"change\""));
}

TEST(ProgressPage, HasTrendAndControlChartFromFourSessionsOn) {
  const std::string text =
      TextOf(ProgressPage(ResultOf({8.0, 7.5, 6.8, 6.1}, {5.0, 5.2, 4.9, 5.1})));
  EXPECT_THAT(text, HasSubstr("All sessions together"));
  EXPECT_THAT(text, HasSubstr("per week"));
}

TEST(ProgressPage, ShowsNotesOnceInTheOrderOfTheirDays) {
  ProgressResult result = ResultOf({8.0, 3.0}, {8.0, 7.0});
  const TrialNote cue{"2026-11-08", "cue", "level pelvis"};
  const TrialNote clamshell{"2026-11-03", "exercise", "clamshell, 3 x 15"};
  result.details[0].notes = {cue, clamshell};
  result.details[1].notes = {clamshell};
  const std::string text = TextOf(ProgressPage(result));
  const std::size_t first = text.find("clamshell, 3 x 15");
  ASSERT_NE(first, std::string::npos);
  EXPECT_LT(first, text.find("level pelvis"));
  EXPECT_EQ(text.find("clamshell, 3 x 15", first + 1), std::string::npos);
}

TEST(ProgressPage, WithoutDatesOrRepeatabilityItStillReads) {
  ProgressResult result = ResultOf({8.0, 3.0}, {8.0, 7.0});
  std::vector<analysis::Session> sessions = result.comparison.sessions;
  for (analysis::Session& session : sessions) session.created.clear();
  result.comparison = analysis::CompareSessions(std::move(sessions), {});
  result.details.clear();
  const std::string html = ProgressPage(result);
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_THAT(html, Not(::testing::ContainsRegex("[^a-z]nan[^a-z]")));
  EXPECT_THAT(TextOf(html), HasSubstr("how well it repeats is not known"));
}

TEST(ProgressPage, EscapesEveryTextOfTheFiles) {
  const std::string evil = "<img src=x onerror=\"alert(1)\">&'";
  ProgressResult result = ResultOf({8.0, 3.0, 4.0, 4.0}, {8.0, 7.0, 4.0, 4.0});
  result.subject = result.method = evil;
  result.comparison.repeatability_name = evil;
  result.comparison.warnings = {evil};
  for (analysis::Session& session : result.comparison.sessions) {
    session.name = session.created = evil;
    for (SummaryRow& row : session.summary)
      row.metric.unit = row.metric.unit == "rad" ? "rad" : evil;
  }
  for (analysis::MetricProgress& progress : result.comparison.metrics) {
    progress.metric.name = evil;
    progress.metric.unit = evil;
    progress.primary = true;
  }
  result.details[0].notes = {{evil, evil, evil}};
  const std::string html = ProgressPage(result);
  EXPECT_EQ(TagProblem(html), "");
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, HasSubstr("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;"));
}

}  // namespace
}  // namespace medius::apps
