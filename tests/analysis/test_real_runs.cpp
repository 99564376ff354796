// Recordings of other people, with force plates: no stance missed, none invented.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/analyze.hpp"
#include "analysis/signal.hpp"
#include "tests/analysis/recordings.hpp"

namespace medius::analysis {
namespace {

using testing::PlateStance;
using testing::PlateStances;
using testing::Preset;
using testing::ReadReal;
using testing::ReadTable;
using testing::RealData;

constexpr double kDegrees = 57.29577951308232;
// The detectors' published spread is 6 ms for strikes and 4-9 ms for toe offs (docs/methods.md);
// half a frame of the slowest recording (60 Hz) comes on top, three times.
constexpr double kLargestError = 0.030;
constexpr double kLargestMean = 0.015;

struct Differences {
  std::vector<double> values;  // seconds
  void Print(const std::string& what) const {
    double sum = 0.0, square = 0.0;
    for (const double v : values) sum += v;
    const double mean = sum / static_cast<double>(values.size());
    for (const double v : values) square += (v - mean) * (v - mean);
    fmt::print("{}: {} differences, mean {:+.1f} ms, sd {:.1f} ms\n", what, values.size(),
               1e3 * mean, 1e3 * std::sqrt(square / static_cast<double>(values.size() - 1)));
    EXPECT_LT(std::abs(mean), kLargestMean) << what;
    for (const double v : values) EXPECT_LT(std::abs(v), kLargestError) << what;
  }
};

std::vector<PlateStance> StancesOf(const GaitEvents& events, const std::vector<Side>& sides) {
  std::vector<PlateStance> stances;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].type != EventType::kFootStrike) continue;
    if (std::find(sides.begin(), sides.end(), events[i].side) == sides.end()) continue;
    const auto next =
        std::find_if(events.begin() + static_cast<std::ptrdiff_t>(i) + 1, events.end(),
                     [&](const GaitEvent& e) { return e.side == events[i].side; });
    const bool off = next != events.end() && next->type == EventType::kToeOff;
    stances.push_back({events[i].time, off ? next->time : std::nan("")});
  }
  return stances;
}

// Compares within a margin of the recording's ends, where either may be cut.
void CompareWithPlate(const std::string& what, const std::vector<PlateStance>& found,
                      const std::vector<PlateStance>& plate, double begin, double end) {
  constexpr double kMargin = 0.3;
  constexpr double kSame = 0.1;
  Differences strikes, toe_offs;
  for (const PlateStance& stance : plate) {
    if (stance.strike < begin + kMargin || stance.toe_off > end - kMargin) continue;
    const auto match = std::find_if(found.begin(), found.end(), [&](const PlateStance& f) {
      return std::abs(f.strike - stance.strike) < kSame;
    });
    ASSERT_NE(match, found.end()) << what << ": stance at " << stance.strike << " s missed";
    ASSERT_FALSE(std::isnan(match->toe_off)) << what << " at " << stance.strike;
    strikes.values.push_back(match->strike - stance.strike);
    toe_offs.values.push_back(match->toe_off - stance.toe_off);
  }
  for (const PlateStance& f : found) {
    if (f.strike < begin + kMargin || f.strike > end - kMargin) continue;
    EXPECT_TRUE(std::any_of(
        plate.begin(), plate.end(),
        [&](const PlateStance& stance) { return std::abs(f.strike - stance.strike) < kSame; }))
        << what << ": stance at " << f.strike << " s is not on the plate";
  }
  ASSERT_GE(strikes.values.size(), 5U);
  strikes.Print(what + " foot strike");
  toe_offs.Print(what + " toe off");
}

struct RealRun {
  Recording run;
  AnalysisResult result;
};

RealRun AnalyzeReal(const std::string& set, const std::string& run_file,
                    const std::string& static_file, std::optional<double> rate_hz = std::nullopt) {
  const MarkerSet markers = Preset(set);
  Recording run = ReadReal(*RealData() / run_file, markers, rate_hz);
  const Recording standing = ReadReal(*RealData() / static_file, markers, rate_hz);
  AnalysisResult result = Analyze(markers, run, &standing, {}, Parallelism(2), {});
  for (const std::string& warning : result.warnings) fmt::print("{}: {}\n", set, warning);
  return {std::move(run), std::move(result)};
}

double MedianDegrees(const AnalysisResult& result, const std::string& angle) {
  return kDegrees * Quantile(result.kinematics.Find(angle)->value, 0.5);
}

const SummaryRow& Row(const AnalysisResult& result, const std::string& metric, Side side) {
  for (const SummaryRow& row : result.summary) {
    if (row.metric.name == metric && row.side == side) return row;
  }
  throw std::logic_error("no row " + metric);
}

void ExpectARunnersNumbers(const AnalysisResult& result, std::size_t least_strides) {
  EXPECT_EQ(result.not_computed, "");
  for (const Side side : kSides) {
    const SummaryRow& drop = Row(result, "contralateral_pelvic_drop_relative", side);
    fmt::print("{}: drop from standing {:.2f} [{:.2f} {:.2f}] deg, n {}\n", ToString(side),
               kDegrees * drop.mean, kDegrees * drop.ci_low, kDegrees * drop.ci_high, drop.n);
    EXPECT_GE(drop.n, least_strides);
    EXPECT_GT(drop.mean * kDegrees, 0.0);
    EXPECT_LT(drop.mean * kDegrees, 10.0);
    const double adduction = kDegrees * Row(result, "hip_adduction_peak", side).mean;
    EXPECT_GT(adduction, 0.0);
    EXPECT_LT(adduction, 20.0);
    const double flexion = MedianDegrees(result, std::string(ToString(side)) + "_knee_flexion");
    EXPECT_GT(flexion, 20.0);
    EXPECT_LT(flexion, 60.0);
  }
}

class RealRuns : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RealData()) GTEST_SKIP() << "the real recordings are not here";
  }
};

TEST_F(RealRuns, RbdsRunAgreesWithItsTreadmill) {
  const RealRun rbds = AnalyzeReal("rbds", "rbds001-run/RBDS001runT25markers.txt",
                                   "rbds001-run/RBDS001static.txt", 150.0);
  const auto plate = ReadTable(*RealData() / "rbds001-run/RBDS001runT25forces.txt", "Time");
  const auto found = StancesOf(rbds.result.events, {Side::kLeft, Side::kRight});
  const double start = rbds.run.time_base.time.front();
  CompareWithPlate("RBDS001", found, PlateStances(plate.Column("Fy"), 300.0, start), start,
                   start + 30.0);
  ExpectARunnersNumbers(rbds.result, 35);
  EXPECT_NEAR(rbds.result.belt_speed, 2.5, 0.025);
  EXPECT_NEAR(MedianDegrees(rbds.result, "pelvis_tilt"), -16.0, 1.0);
  // Residuals of four-marker pelvis and skin clusters as others measured them.
  EXPECT_NEAR(rbds.result.quality[0].median_rms, 0.0032, 0.0009);
  EXPECT_NEAR(rbds.result.quality[1].median_rms, 0.0012, 0.0008);
}

TEST_F(RealRuns, HamnerRunAgreesWithItsPlates) {
  const RealRun hamner = AnalyzeReal("hamner", "hamner-subject02-run/subject02_running.trc",
                                     "hamner-subject02-run/subject02_static.trc");
  const auto plate =
      ReadTable(*RealData() / "hamner-subject02-run/subject02_running_grf.mot", "time");
  CompareWithPlate("Hamner right", StancesOf(hamner.result.events, {Side::kRight}),
                   PlateStances(plate.Column("ground_force_vy"), 60.0, 0.0), 0.0, 10.0);
  CompareWithPlate("Hamner left", StancesOf(hamner.result.events, {Side::kLeft}),
                   PlateStances(plate.Column("1_ground_force_vy"), 60.0, 0.0), 0.0, 10.0);
  ExpectARunnersNumbers(hamner.result, 10);
  EXPECT_NEAR(hamner.result.belt_speed, 3.96, 0.06);
}

TEST_F(RealRuns, RajagopalRunAgreesWithItsPlates) {
  const RealRun rajagopal = AnalyzeReal("rajagopal", "rajagopal-run/motion_capture_run.trc",
                                        "rajagopal-run/static_run.trc");
  const auto plate = ReadTable(*RealData() / "rajagopal-run/grf_run.mot", "time");
  // The positions start at 0.23 s as the forces do; an import may count from zero.
  const double start = rajagopal.run.time_base.time.front();
  CompareWithPlate("Rajagopal right", StancesOf(rajagopal.result.events, {Side::kRight}),
                   PlateStances(plate.Column("R_ground_force_vy"), 1000.0, start), start,
                   start + 5.09);
  CompareWithPlate("Rajagopal left", StancesOf(rajagopal.result.events, {Side::kLeft}),
                   PlateStances(plate.Column("L_ground_force_vy"), 1000.0, start), start,
                   start + 5.09);
  ExpectARunnersNumbers(rajagopal.result, 4);
}

}  // namespace
}  // namespace medius::analysis
