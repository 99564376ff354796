#include <limits>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/csv_export.hpp"

namespace medius::storage {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kDegree = std::numbers::pi / 180.0;

struct Text {
  std::string text;
  TextSink Sink() {
    return [this](std::string_view part) { text += part; };
  }
};

TEST(CsvExport, WritesAnglesInDegreesWithTheirUnitInTheName) {
  Kinematics kinematics;
  kinematics.angles.push_back(
      {{"pelvis_obliquity", "rad", "Right side up is positive"}, {90 * kDegree, kNaN}, {}});
  kinematics.angles.push_back({{"left_hip_adduction", "rad", "Toward the midline"},
                               {-45 * kDegree, 0.0},
                               {static_cast<float>(0.5 * kDegree), 0.0F}});
  Text csv;
  WriteKinematicsCsv(kinematics, TimeBase::Uniform(200, 2, 1.0), csv.Sink());
  EXPECT_EQ(csv.text,
            "time_s,pelvis_obliquity_deg,left_hip_adduction_deg,left_hip_adduction_sigma_deg\n"
            "1,90,-45,0.5\n"
            "1.005,,0,0\n");
}

TEST(CsvExport, WritesEventsInWords) {
  Text csv;
  WriteEventsCsv(
      {{0.25, Side::kLeft, EventType::kFootStrike}, {0.5, Side::kRight, EventType::kToeOff}},
      csv.Sink());
  EXPECT_EQ(csv.text, "time_s,side,type\n0.25,left,foot_strike\n0.5,right,toe_off\n");
}

StrideTable OneStride() {
  StrideTable strides;
  strides.side = {Side::kRight};
  strides.start = {1.0};
  strides.toe_off = {1.25};
  strides.end = {1.75};
  strides.accepted = {0};
  strides.rejection_reason = {"too long, by far"};
  strides.metrics.push_back({{"contralateral_pelvic_drop_peak", "rad", "..."}, {90 * kDegree}});
  strides.metrics.push_back({{"cadence", "1/min", "..."}, {160.0}});
  strides.metrics.push_back({{"step_width", "m", "..."}, {0.0625}});
  strides.metrics.push_back({{"stance", "s", "..."}, {kNaN}});
  strides.metrics.push_back({{"speed", "m/s", "..."}, {3.5}});
  strides.metrics.push_back({{"ratio", "", "..."}, {0.5}});
  strides.curves.push_back({{"pelvis_obliquity", "rad", "..."}, std::vector<float>(kCurvePoints)});
  for (std::size_t i = 0; i < kCurvePoints; ++i) {
    strides.curves[0].value[i] = static_cast<float>(static_cast<double>(i) * kDegree);
  }
  return strides;
}

TEST(CsvExport, WritesOneRowAStride) {
  Text csv;
  const std::vector<TableColumn> columns = WriteStridesCsv(OneStride(), csv.Sink());
  const std::size_t line = csv.text.find('\n');
  EXPECT_EQ(csv.text.substr(0, line),
            "side,start_s,toe_off_s,end_s,contralateral_pelvic_drop_peak_deg,cadence_per_min,"
            "step_width_mm,stance_s,speed_m_per_s,ratio,accepted,rejection_reason");
  EXPECT_EQ(csv.text.substr(line + 1),
            "right,1,1.25,1.75,90,160,62.5,,3.5,0.5,0,\"too long, by far\"\n");
  EXPECT_EQ(columns[4].unit, "deg");
  EXPECT_EQ(columns[5].unit, "1/min");
}

TEST(CsvExport, WritesCurvesOneRowAPercent) {
  Text csv;
  WriteCurvesCsv(OneStride(), csv.Sink());
  EXPECT_TRUE(
      csv.text.starts_with("stride,side,start_s,accepted,percent,pelvis_obliquity_deg\n1,right,1,0,"
                           "0,0\n1,right,1,0,1,1\n"));
  EXPECT_TRUE(csv.text.ends_with("1,right,1,0,100,100\n"));
}

TEST(CsvExport, WritesTheSummaryInTheMetricsUnits) {
  SummaryRow row;
  row.metric = {"contralateral_pelvic_drop_peak", "rad", "..."};
  row.side = Side::kLeft;
  row.mean = 5 * kDegree;
  row.sd = 1 * kDegree;
  row.median = 4 * kDegree;
  row.n = 40;
  row.ci_low = 4.5 * kDegree;
  row.ci_high = 5.5 * kDegree;
  row.trend_per_minute = kNaN;
  row.measurement_sigma = 0.25 * kDegree;
  Text csv;
  WriteSummaryCsv({row}, csv.Sink());
  EXPECT_EQ(csv.text,
            "metric,unit,side,n,mean,median,sd,standard_error,ci_low,ci_high,trend_per_minute,"
            "measurement_sigma,noise_sigma\n"
            "contralateral_pelvic_drop_peak_deg,deg,left,40,5,4,1,,4.5,5.5,,0.25,\n");
}

TEST(CsvExport, WritesALongTableForOneThatWantsRows) {
  Text csv;
  WriteStridesCsv(OneStride(), csv.Sink(), CsvShape::kLong);
  EXPECT_TRUE(
      csv.text.starts_with("side,start_s,toe_off_s,end_s,variable,unit,value\n"
                           "right,1,1.25,1.75,contralateral_pelvic_drop_peak_deg,deg,90\n"
                           "right,1,1.25,1.75,cadence_per_min,1/min,160\n"));
  EXPECT_TRUE(
      csv.text.ends_with("right,1,1.25,1.75,stance_s,s,\n"
                         "right,1,1.25,1.75,speed_m_per_s,m/s,3.5\n"
                         "right,1,1.25,1.75,ratio,,0.5\n"
                         "right,1,1.25,1.75,accepted,,0\n"
                         "right,1,1.25,1.75,rejection_reason,,\"too long, by far\"\n"));
  Kinematics kinematics;
  kinematics.angles.push_back({{"pelvis_tilt", "rad", ""}, {90 * kDegree, kNaN}, {}});
  Text angles;
  WriteKinematicsCsv(kinematics, TimeBase::Uniform(100, 2), angles.Sink(), CsvShape::kLong);
  EXPECT_EQ(angles.text,
            "time_s,variable,unit,value\n0,pelvis_tilt_deg,deg,90\n0.01,pelvis_tilt_deg,deg,\n");
  Text events;
  WriteEventsCsv({{0.25, Side::kLeft, EventType::kFootStrike}}, events.Sink(), CsvShape::kLong);
  EXPECT_EQ(events.text, "time_s,side,variable,unit,value\n0.25,left,type,,foot_strike\n");
}

TEST(CsvExport, WritesAsymmetryWindowsAndTrends) {
  const QuantityDescription drop{"contralateral_pelvic_drop_peak", "rad", ""};
  AsymmetryRow asymmetry;
  asymmetry.metric = drop;
  asymmetry.difference = -90 * kDegree;
  asymmetry.standard_error = 45 * kDegree;
  asymmetry.ci_low = -180 * kDegree;
  asymmetry.ci_high = 0.0;
  asymmetry.n_left = 4;
  asymmetry.n_right = 5;
  Text csv;
  WriteAsymmetryCsv({asymmetry}, csv.Sink());
  EXPECT_EQ(csv.text,
            "metric,unit,n_left,n_right,difference,standard_error,measurement_sigma,ci_low,ci_high,"
            "symmetry_index_percent\n"
            "contralateral_pelvic_drop_peak_deg,deg,4,5,-90,45,0,-180,0,\n");
  Text windows;
  WriteWindowsCsv({{drop, Side::kRight, 0.5, 60.5, 84, 90 * kDegree, 45 * kDegree, 0.0, kNaN}},
                  windows.Sink());
  EXPECT_EQ(windows.text,
            "metric,unit,side,start_s,end_s,n,mean,sd,ci_low,ci_high\n"
            "contralateral_pelvic_drop_peak_deg,deg,right,0.5,60.5,84,90,45,0,\n");
  TrendRow trend;
  trend.metric = {"contact_time", "s", ""};
  trend.slope_per_minute = 0.001;
  trend.change_point = 30.0;
  trend.change_point_p = 0.5;
  Text trends;
  WriteTrendsCsv({trend}, trends.Sink());
  EXPECT_TRUE(trends.text.ends_with("\ncontact_time_s,s,left,0.001,0,0,0,0,0,0,0,0,30,0.5\n"));
}

TEST(CsvExport, WritesPositionsInMillimetresByBlocks) {
  const TimeBase time_base = TimeBase::Uniform(100, 3);
  Text csv;
  TrajectoriesCsvWriter writer(csv.Sink(), time_base, {"A"});
  TrajectoryBlock first({0, 2}, 1);
  first.position = {1.0F,
                    0.5F,
                    2.33784F,
                    static_cast<float>(kNaN),
                    static_cast<float>(kNaN),
                    static_cast<float>(kNaN)};
  TrajectoryBlock second({2, 1}, 1);
  second.position = {0.0F, -1e-4F, 1e-7F};
  writer.Append(first);
  writer.Append(second);
  EXPECT_EQ(csv.text,
            "time_s,A_x_mm,A_y_mm,A_z_mm\n0,1000,500,2337.84\n0.01,,,\n0.02,0,-0.1,0.0001\n");
}

TEST(CsvExport, QuotesTextAndDisarmsFormulas) {
  EXPECT_EQ(CsvCell("RASI"), "RASI");
  EXPECT_EQ(CsvCell("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvCell("say \"x\"\n"), "\"say \"\"x\"\"\n\"");
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx"}) {
    EXPECT_EQ(CsvCell(formula), std::string("'") + formula);
  }
  EXPECT_EQ(CsvCell("*12"), "*12");
  EXPECT_EQ(CsvCell(""), "");
}

TEST(CsvExport, WritesADataDictionary) {
  EXPECT_EQ(DataDictionaryCsv({{"a_deg", "deg", "One, two"}}),
            "column,unit,definition\na_deg,deg,\"One, two\"\n");
}

TEST(CsvExport, WritesHeadersOfEmptyTables) {
  Text events;
  WriteEventsCsv({}, events.Sink());
  EXPECT_EQ(events.text, "time_s,side,type\n");
  Text strides;
  WriteStridesCsv({}, strides.Sink());
  EXPECT_EQ(strides.text, "side,start_s,toe_off_s,end_s,accepted,rejection_reason\n");
}

}  // namespace
}  // namespace medius::storage
