#include <cmath>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/analyze.hpp"
#include "analysis/cross_talk.hpp"
#include "analysis/functional_joint.hpp"
#include "core/error.hpp"
#include "tests/analysis/recordings.hpp"
#include "tests/analysis/synthetic_body.hpp"

namespace medius::analysis {
namespace {

using testing::BodyAngles;
using ::testing::HasSubstr;
using testing::kDegree;
using testing::Record;
using testing::RunningAngles;
using testing::SyntheticSet;
using testing::Turn;

const Eigen::Vector3d kCentre(-0.044, -0.083, 0.087);
const Eigen::Vector3d kInDistal(0.01, 0.02, -0.01);

// A distal segment that turns about kCentre; noise moves it, metres.
std::vector<RigidTransform> StarArc(double noise_sd = 0.0) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> noise(0.0, noise_sd > 0.0 ? noise_sd : 1.0);
  std::vector<RigidTransform> frames;
  for (int i = 0; i < 400; ++i) {
    const double u = 0.05 * i;
    RigidTransform frame;
    frame.rotation = Turn(2, 0.5 * std::sin(u)) * Turn(0, 0.3 * std::cos(1.3 * u)) *
                     Turn(1, 0.2 * std::sin(0.7 * u));
    frame.translation = kCentre - frame.rotation * kInDistal;
    if (noise_sd > 0.0) {
      for (int k = 0; k < 3; ++k) frame.translation[k] += noise(random);
    }
    frames.push_back(frame);
  }
  return frames;
}

TEST(SymmetricalCentre, FindsTheCentreOfAnExactMovement) {
  const JointCentre centre = SymmetricalCentre(StarArc());
  EXPECT_LT((centre.in_proximal - kCentre).norm(), 1e-9);
  EXPECT_LT((centre.in_distal - kInDistal).norm(), 1e-9);
  EXPECT_LT(centre.residual, 1e-9);
}

TEST(SymmetricalCentre, HasTheResidualOfTheNoise) {
  constexpr double kNoise = 0.003;
  const JointCentre centre = SymmetricalCentre(StarArc(kNoise));
  EXPECT_NEAR(centre.residual, kNoise * std::sqrt(3.0), 0.1 * kNoise);
  // 400 frames that turn by 0.2 rad rms about the least axis: sd / (0.2 sqrt(400)), three of them.
  EXPECT_LT((centre.in_proximal - kCentre).norm(), 3.0 * kNoise / (0.2 * 20.0));
}

TEST(SymmetricalCentre, LeavesOutFramesThatAreNotKnownAndRefusesAHinge) {
  std::vector<RigidTransform> frames = StarArc();
  frames[7].rotation.setConstant(std::nan(""));
  EXPECT_LT((SymmetricalCentre(frames).in_proximal - kCentre).norm(), 1e-9);
  std::vector<RigidTransform> hinge, still;
  for (int i = 0; i < 50; ++i) hinge.push_back({Turn(2, 0.02 * i), Eigen::Vector3d::Zero()});
  for (int i = 0; i < 50; ++i) still.push_back({Turn(2, 0.1), Eigen::Vector3d::Zero()});
  EXPECT_TRUE(SymmetricalCentre(hinge).in_proximal.hasNaN());
  EXPECT_TRUE(SymmetricalCentre(still).in_proximal.hasNaN());
  EXPECT_TRUE(SymmetricalCentre({}).in_proximal.hasNaN());
}

TEST(SphereCentre, FindsTheCommonCentreOfMarkersWithRadiiOfTheirOwn) {
  std::vector<std::vector<Eigen::Vector3d>> markers(2);
  for (const RigidTransform& frame : StarArc()) {
    markers[0].push_back(frame * Eigen::Vector3d(0.03, -0.3, 0.02));
    markers[1].push_back(frame * Eigen::Vector3d(-0.05, -0.2, 0.06));
  }
  EXPECT_LT((SphereCentre(markers) - kCentre).norm(), 1e-9);
  std::vector<std::vector<Eigen::Vector3d>> plane(1);
  for (int i = 0; i < 50; ++i) {
    plane[0].push_back(Turn(2, 0.02 * i) * Eigen::Vector3d(0.3, 0.0, 0.1));
  }
  EXPECT_TRUE(SphereCentre(plane).hasNaN());
}

TEST(SymmetricalAxis, FindsTheAxisOfAHinge) {
  const Eigen::Matrix3d askew = Turn(1, 0.2) * Turn(0, -0.1);
  std::vector<RigidTransform> frames;
  for (int i = 0; i < 100; ++i) {
    frames.push_back(
        {askew * Turn(2, -0.012 * i) * Turn(1, 0.05).transpose(), Eigen::Vector3d(0.0, -0.4, 0.0)});
  }
  const JointAxis axis = SymmetricalAxis(frames);
  EXPECT_NEAR(std::abs(axis.in_proximal.dot(askew.col(2))), 1.0, 1e-9);
  EXPECT_NEAR(std::abs(axis.in_distal.dot(Turn(1, 0.05).col(2))), 1.0, 1e-9);
  EXPECT_LT(axis.residual, 1e-6);
  const std::vector<RigidTransform> still(50, frames[0]);
  EXPECT_TRUE(SymmetricalAxis(still).in_proximal.hasNaN());
}

// The whole way: standing trial, functional trial, run.
class FunctionalTrial : public ::testing::Test {
 protected:
  static BodyAngles Moving(double t, double adduction) {
    BodyAngles a;
    for (std::size_t side = 0; side < 2; ++side) {
      a.hip[side] = Eigen::Vector3d(20.0 + 28.0 * std::sin(3.0 * t), adduction * std::cos(4.1 * t),
                                    8.0 * std::sin(1.7 * t)) *
                    kDegree;
      a.knee[side] = Eigen::Vector3d(40.0 + 35.0 * std::sin(2.0 * t), 0.0, 0.0) * kDegree;
    }
    return a;
  }
  FunctionalTrial()
      : standing_(Record("static", 200.0, 40, [](double) { return BodyAngles(); })),
        run_(Record("run", 200.0, 4000, [](double t) { return RunningAngles(t); })) {}

  AnalysisResult AnalyzeWith(const Recording& functional, bool sara = false) {
    AnalysisOptions options;
    options.body.hip_centre = HipCentreMethod::kFunctional;
    options.functional_knee_axis = sara;
    Companions companions(&standing_);
    companions.functional = &functional;
    return Analyze(SyntheticSet(), run_, companions, options, Parallelism(1), {});
  }

  Recording standing_, run_;
};

TEST_F(FunctionalTrial, GivesTheHipsThatTheBodyHas) {
  const Recording functional = Record("arc", 200.0, 2000, [](double t) { return Moving(t, 15.0); });
  const AnalysisResult result = AnalyzeWith(functional, true);
  ASSERT_TRUE(result.functional.has_value());
  for (const Side side : kSides) {
    const FunctionalHip& hip = result.functional->hip[IndexOf(side)];
    EXPECT_EQ(hip.refused, "");
    EXPECT_EQ(result.hip_centre[IndexOf(side)], HipCentreMethod::kFunctional);
    // The synthetic body's hips are where Harrington has them; the 10 Hz filter costs a little.
    EXPECT_LT(hip.from_regression, 0.0005);
    EXPECT_LT(hip.from_sphere, 0.0005);
    EXPECT_LT(hip.residual, 0.0005);
    EXPECT_NEAR(hip.flexion_range, 56.0 * kDegree, 1.0 * kDegree);
    EXPECT_TRUE(result.functional_knee_axis[IndexOf(side)]);
    EXPECT_NEAR(result.functional->knee[IndexOf(side)].axis_turn, 0.0, 0.2 * kDegree);
  }
}

TEST_F(FunctionalTrial, ThatHardlyMovesIsNotUsedAndHarringtonStandsIn) {
  const Recording functional = Record("arc", 200.0, 2000, [](double t) { return Moving(t, 4.0); });
  const AnalysisResult result = AnalyzeWith(functional);
  EXPECT_EQ(result.hip_centre[0], HipCentreMethod::kHarrington);
  EXPECT_THAT(result.warnings,
              ::testing::Contains(HasSubstr(
                  "functional trial arc: the left hip's centre is not used, since adduction ranges "
                  "over 8 deg, 20 needed; Harrington's equation gives it instead")));
  AnalysisOptions by_landmarks;
  const AnalysisResult without =
      Analyze(SyntheticSet(), run_, &standing_, by_landmarks, Parallelism(1), {});
  const auto& expected = without.kinematics.Find("left_hip_adduction")->value;
  const auto& got = result.kinematics.Find("left_hip_adduction")->value;
  for (std::size_t t = 0; t < expected.size(); t += 100) EXPECT_EQ(got[t], expected[t]);
}

TEST_F(FunctionalTrial, IsAskedForWhereItIsMissing) {
  AnalysisOptions options;
  options.body.hip_centre = HipCentreMethod::kFunctional;
  try {
    (void)Analyze(SyntheticSet(), run_, &standing_, options, Parallelism(1), {});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("needs a functional trial: --functional"));
  }
}

TEST_F(FunctionalTrial, UndoesMisplacedEpicondylesAndTheirCrossTalk) {
  // Epicondyle markers turned about the thigh by 12 degrees: flexion leaks into adduction.
  MarkerSet set = SyntheticSet();
  const auto turned = [](const std::function<BodyAngles(double)>& motion, const std::string& where,
                         std::size_t frames) { return Record(where, 200.0, frames, motion); };
  Recording standing = turned([](double) { return BodyAngles(); }, "static", 40);
  standing.read = [read = standing.read, labels = standing.labels](FrameRange range) {
    TrajectoryBlock block = read(range);
    for (std::size_t t = 0; t < range.count; ++t) {
      for (std::size_t m = 0; m < labels.size(); ++m) {
        if (labels[m] != "RLEP" && labels[m] != "RMEP") continue;
        MarkerSample sample = block.Get(t, MarkerId(m));
        sample.position.x() += (labels[m] == "RLEP" ? 1.0 : -1.0) * 0.05 * std::tan(12 * kDegree);
        block.Set(t, MarkerId(m), sample);
      }
    }
    return block;
  };
  const Recording functional = Record("arc", 200.0, 2000, [](double t) { return Moving(t, 15.0); });
  AnalysisOptions options;
  Companions companions(&standing);
  companions.functional = &functional;
  const AnalysisResult wrong = Analyze(set, run_, companions, options, Parallelism(1), {});
  EXPECT_GT(std::abs(wrong.knee_cross_talk[1]), 0.5);
  EXPECT_THAT(wrong.warnings,
              ::testing::Contains(HasSubstr("right knee: adduction follows flexion")));
  options.functional_knee_axis = true;
  const AnalysisResult righted = Analyze(set, run_, companions, options, Parallelism(1), {});
  EXPECT_NEAR(std::abs(righted.functional->knee[1].axis_turn), 12.0 * kDegree, 0.5 * kDegree);
  const auto& adduction = righted.kinematics.Find("right_knee_adduction")->value;
  const auto& other = wrong.kinematics.Find("right_knee_adduction")->value;
  double error = 0.0, error_before = 0.0;
  for (std::size_t t = 200; t < 3800; t += 10) {
    const double truth = RunningAngles(static_cast<double>(t) / 200.0).knee[1][1];
    error = std::max(error, std::abs(adduction[t] - truth));
    error_before = std::max(error_before, std::abs(other[t] - truth));
  }
  EXPECT_LT(error, 0.6 * kDegree);
  EXPECT_GT(error_before, 5.0 * kDegree);
}

TEST(KneeCrossTalk, IsTheCorrelationAndNotKnownOfAKneeThatIsNotThere) {
  Kinematics kinematics;
  AngleSeries flexion, adduction;
  flexion.description.name = "left_knee_flexion";
  adduction.description.name = "left_knee_adduction";
  flexion.value = {0.0, 1.0, 2.0, std::nan(""), 3.0};
  adduction.value = {1.0, 3.0, 5.0, 9.0, 7.0};
  kinematics.angles = {flexion, adduction};
  EXPECT_NEAR(KneeCrossTalk(kinematics, Side::kLeft), 1.0, 1e-12);
  EXPECT_TRUE(std::isnan(KneeCrossTalk(kinematics, Side::kRight)));
}

}  // namespace
}  // namespace medius::analysis
