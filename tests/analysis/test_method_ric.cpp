// The clinic's own angles of every frame of a run, from its own markers.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/analyze.hpp"
#include "core/error.hpp"
#include "tests/analysis/recordings.hpp"

namespace medius::analysis {
namespace {

using testing::Preset;
using testing::ReadReal;
using testing::RealData;

constexpr double kDegrees = 57.29577951308232;
constexpr std::size_t kFrames = 4500;
// Positions are float32 millimetres in the files and float32 metres here: 6e-8 of 2.4 m over the
// 0.1 m of a cluster is 1e-4 degrees at most.
constexpr double kLargestRms = 1e-3;

// One series of ours and the clinic's column of it with the sign that its columns have.
struct Series {
  std::string angle, file;
  Eigen::Index column;
  double sign;
};

// Its columns X Y Z are frontal, transverse and sagittal; of the pelvis transverse, frontal,
// sagittal. On the right abduction and external rotation are > 0, on the left the other way round;
// extension of the hip and flexion of the knee are > 0.
std::vector<Series> AllSeries() {
  std::vector<Series> all = {{"pelvis_rotation", "pelvis_angle_RBDS.txt", 0, 1.0},
                             {"pelvis_obliquity", "pelvis_angle_RBDS.txt", 1, 1.0},
                             {"pelvis_tilt", "pelvis_angle_RBDS.txt", 2, 1.0}};
  for (const Side side : kSides) {
    const double mirror = side == Side::kRight ? -1.0 : 1.0;
    const std::string letter = side == Side::kRight ? "r" : "L";
    for (const std::string joint : {"hip", "knee"}) {
      const std::string name = std::string(ToString(side)) + "_" + joint;
      const std::string file = letter + "_" + joint + "_angle_RBDSmat.txt";
      all.push_back({name + "_adduction", file, 0, mirror});
      all.push_back({name + "_rotation", file, 1, mirror});
      all.push_back({name + "_flexion", file, 2, joint == "hip" ? -1.0 : 1.0});
    }
  }
  return all;
}

std::vector<Eigen::Vector3d> ReadAngles(const std::string& file) {
  std::ifstream stream(*RealData() / "rbds001-run" / file);
  std::vector<Eigen::Vector3d> angles;
  for (Eigen::Vector3d v; stream >> v.x() >> v.y() >> v.z();) angles.push_back(v);
  return angles;
}

class MethodRic : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RealData()) GTEST_SKIP() << "the real recordings are not here";
  }

  static AnalysisResult AnalyzeClinicsRun(bool zeros_are_places) {
    const MarkerSet set = Preset("ric");
    const auto folder = *RealData() / "rbds001-run";
    const Recording run =
        ReadReal(folder / "RBDS001runT35_rot.c3d", set, std::nullopt, zeros_are_places);
    const Recording standing = ReadReal(folder / "RBDS001static_rot.c3d", set);
    return Analyze(set, run, &standing, AnalysisOptionsOf(FindMethod("ric"), set), Parallelism(2),
                   {});
  }

  // Root mean square difference, degrees; NaN where a frame has no angle or the file not all.
  static double Rms(const AnalysisResult& result, const Series& series,
                    const std::vector<std::size_t>& without = {}) {
    const std::vector<Eigen::Vector3d> theirs = ReadAngles(series.file);
    const std::vector<double>& ours = result.kinematics.Find(series.angle)->value;
    if (theirs.size() != kFrames || ours.size() != kFrames) return std::nan("");
    double square = 0.0;
    for (std::size_t t = 0; t < kFrames; ++t) {
      if (std::find(without.begin(), without.end(), t) != without.end()) continue;
      const double difference = kDegrees * ours[t] - series.sign * theirs[t][series.column];
      square += difference * difference;
    }
    return std::sqrt(square / static_cast<double>(kFrames - without.size()));
  }
};

TEST_F(MethodRic, GivesTheClinicsOwnAnglesOfPelvisHipsAndKneesInEveryFrame) {
  const AnalysisResult result = AnalyzeClinicsRun(true);
  EXPECT_EQ(result.kinematics.method, "ric");
  EXPECT_EQ(AllSeries().size(), 15U);
  for (const Series& series : AllSeries()) {
    const double rms = Rms(result, series);
    fmt::print("{:22} rms {:.7f} deg\n", series.angle, rms);
    EXPECT_LE(rms, kLargestRms) << series.angle;
  }
}

TEST_F(MethodRic, RefitsWhereTheClinicTookALostMarkerForOneAtZero) {
  // In two frames pelvis_1 is three zeros. The clinic's program fitted them, and its pelvis turns
  // by 100 degrees for a frame; taken as missing the three others carry on.
  const AnalysisResult result = AnalyzeClinicsRun(false);
  const std::vector<std::size_t> lost = {900, 4057};
  for (const Series& series : AllSeries()) {
    EXPECT_LE(Rms(result, series, lost), kLargestRms) << series.angle;
  }
  // Its residual of 3.7 mm over the shell's 100 mm.
  constexpr double kRefit = 2.1;
  const std::vector<double>& tilt = result.kinematics.Find("pelvis_tilt")->value;
  for (const std::size_t t : lost) {
    EXPECT_NEAR(kDegrees * tilt[t], kDegrees * 0.5 * (tilt[t - 1] + tilt[t + 1]), kRefit);
  }
}

TEST_F(MethodRic, HasAnklesAndStridesToo) {
  const AnalysisResult result = AnalyzeClinicsRun(false);
  EXPECT_EQ(result.not_computed, "");
  ASSERT_NE(result.kinematics.Find("right_ankle_flexion"), nullptr);
  EXPECT_EQ(result.kinematics.Find("trunk_lateral_lean"), nullptr);
  EXPECT_GE(result.strides.stride_count(), 60U);
  EXPECT_NEAR(result.belt_speed, 3.5, 0.07);
}

TEST_F(MethodRic, NeedsAStandingTrial) {
  const MarkerSet set = Preset("ric");
  const Recording run = ReadReal(*RealData() / "rbds001-run/RBDS001runT35_rot.c3d", set);
  try {
    (void)Analyze(set, run, nullptr, AnalysisOptionsOf(FindMethod("ric"), set), Parallelism(1), {});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("give one with --static"));
  }
}

TEST(Methods, AreFoundByNameAndAnUnknownOneIsAnsweredWithThem) {
  EXPECT_EQ(FindMethod("opensim-order").pelvis_order, PelvisOrder::kTiltObliquityRotation);
  try {
    (void)FindMethod("vicon");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "method \"vicon\": one of medius, ric, opensim-order expected");
  }
}

}  // namespace
}  // namespace medius::analysis
