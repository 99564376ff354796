// Recordings of other people, with force plates: no stance missed, none invented.

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/analyze.hpp"
#include "analysis/anatomy.hpp"
#include "analysis/joint_angles.hpp"
#include "analysis/rigid_fit.hpp"
#include "analysis/signal.hpp"
#include "analysis/snapshot.hpp"
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

// The clinic's own method (its joint centres, pelvis axes those of the lab in standing, no filter)
// from its own files, by our fits and frames.
class ClinicsMethod {
 public:
  ClinicsMethod() {
    MarkerSet axes;
    axes.lab = LabAxesFromWords("-z", "+y", "test");  // X right, Y up, Z backward
    standing_ = ReadReal(*RealData() / "rbds001-run/RBDS001static_rot.c3d", axes);
    run_ = ReadReal(*RealData() / "rbds001-run/RBDS001runT35_rot.c3d", axes);
    standing_block_ = standing_.read({0, 1});
    run_block_ = run_.read({0, run_.time_base.frame_count()});
  }

  [[nodiscard]] std::size_t frame_count() const { return run_.time_base.frame_count(); }
  [[nodiscard]] Eigen::Matrix3d Rotation(const std::string& segment, std::size_t frame) const {
    std::vector<Eigen::Vector3d> local, measured;
    const RigidTransform local_from_lab = StandingFrame(segment).Inverse();
    for (int i = 1; i <= 4; ++i) {
      const std::string label = segment + "_" + std::to_string(i);
      local.push_back(local_from_lab * Of(standing_, standing_block_, label, 0));
      measured.push_back(Of(run_, run_block_, label, frame));
    }
    return FitRigid(local, measured).target_from_local.rotation;
  }

 private:
  static Eigen::Vector3d Of(const Recording& recording, const TrajectoryBlock& block,
                            const std::string& label, std::size_t frame) {
    const std::size_t index = FindLabel(recording, label);
    if (index == recording.labels.size()) throw std::runtime_error("no marker " + label);
    return block.Position(frame, MarkerId(index));
  }
  [[nodiscard]] Eigen::Vector3d Standing(const std::string& label) const {
    return Of(standing_, standing_block_, label, 0);
  }
  [[nodiscard]] RigidTransform StandingFrame(const std::string& segment) const {
    if (segment == "pelvis") {
      RigidTransform upright;
      upright.rotation << 1, 0, 0, 0, 0, -1, 0, 1, 0;
      return upright;
    }
    const std::string own = segment.substr(0, 2);
    const std::string other = own == "R_" ? "L_" : "R_";
    const Side side = own == "R_" ? Side::kRight : Side::kLeft;
    const Eigen::Vector3d hip =
        Standing(own + "hip") + 0.25 * (Standing(other + "hip") - Standing(own + "hip"));
    const Eigen::Vector3d lateral_knee = Standing(own + "lat_knee");
    const Eigen::Vector3d medial_knee = Standing(own + "med_knee");
    if (segment == own + "thigh") return LongBoneFrame(hip, lateral_knee, medial_knee, side);
    return LongBoneFrame(0.5 * (lateral_knee + medial_knee), Standing(own + "lat_ankle"),
                         Standing(own + "med_ankle"), side);
  }

  Recording standing_, run_;
  TrajectoryBlock standing_block_, run_block_;
};

std::vector<Eigen::Vector3d> ReadAngles(const std::string& file) {
  std::ifstream stream(*RealData() / "rbds001-run" / file);
  std::vector<Eigen::Vector3d> angles;
  for (Eigen::Vector3d v; stream >> v.x() >> v.y() >> v.z();) angles.push_back(v);
  return angles;
}

TEST_F(RealRuns, JointRotationsAreThoseOfTheClinicsOwnProgramAndOurSignsUndoIts) {
  const ClinicsMethod method;
  struct Joint {
    std::string file, proximal, distal;
    Side side;
    double flexion_sign;
  };
  const std::vector<Joint> joints = {
      {"r_hip_angle_RBDSmat.txt", "pelvis", "R_thigh", Side::kRight, 1.0},
      {"L_hip_angle_RBDSmat.txt", "pelvis", "L_thigh", Side::kLeft, 1.0},
      {"r_knee_angle_RBDSmat.txt", "R_thigh", "R_shank", Side::kRight, -1.0},
      {"L_knee_angle_RBDSmat.txt", "L_thigh", "L_shank", Side::kLeft, -1.0}};
  for (const Joint& joint : joints) {
    const std::vector<Eigen::Vector3d> reference = ReadAngles(joint.file);
    ASSERT_EQ(reference.size(), method.frame_count());
    std::vector<double> difference;
    std::array<std::vector<double>, 3> agree, disagree;
    for (std::size_t t = 0; t < reference.size(); ++t) {
      const Eigen::Matrix3d proximal = method.Rotation(joint.proximal, t);
      const Eigen::Matrix3d distal = method.Rotation(joint.distal, t);
      const Eigen::Matrix3d m = proximal.transpose() * distal;
      const Eigen::Vector3d theirs_again =
          Eigen::Vector3d(std::atan2(m(1, 2), std::hypot(m(0, 2), m(2, 2))),
                          std::atan2(-m(0, 2), m(2, 2)), std::atan2(-m(1, 0), m(1, 1))) *
          kDegrees;
      difference.push_back((theirs_again - reference[t]).cwiseAbs().maxCoeff());
      const Eigen::Vector3d angles =
          JointAngles(proximal, distal, Eigen::Matrix3d::Zero(), joint.side).value;
      // Theirs: extension of the hip and of the knee's opposite, abduction and external rotation >
      // 0 on the right, mirrored on the left.
      const double mirror = joint.side == Side::kRight ? -1.0 : 1.0;
      const Eigen::Vector3d signs(-1.0, mirror, mirror);
      const Eigen::Vector3d columns(reference[t].z(), reference[t].x(), reference[t].y());
      // Their order of turns is another one: the angles are alike where the joint is hardly bent.
      if (joint.proximal == "pelvis" && std::abs(reference[t].z()) > 8.0) continue;
      for (std::size_t i = 0; i < 3; ++i) {
        const auto e = static_cast<Eigen::Index>(i);
        const double theirs = signs[e] * columns[e];
        agree[i].push_back(std::abs(kDegrees * angles[e] - theirs));
        disagree[i].push_back(std::abs(kDegrees * angles[e] + theirs));
      }
    }
    // C3D positions are float32 millimetres. Two frames of the clinic's own hip angles are off by
    // 100 degrees for one frame each.
    const auto far =
        std::count_if(difference.begin(), difference.end(), [](double d) { return d > 0.001; });
    fmt::print("{}: median difference {:.6f} deg, {} frames far\n", joint.file,
               Quantile(difference, 0.5), far);
    EXPECT_LE(far, 2);
    // A knee is always bent in running: of it only flexion is compared.
    const std::size_t alike = joint.proximal == "pelvis" ? 3 : 1;
    for (std::size_t i = 0; i < alike; ++i) {
      EXPECT_LT(Quantile(agree[i], 0.5), 0.5 * Quantile(disagree[i], 0.5)) << joint.file << i;
    }
  }
}

}  // namespace
}  // namespace medius::analysis
