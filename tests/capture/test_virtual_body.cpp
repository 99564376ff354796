#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "capture/virtual_body.hpp"
#include "tests/capture/runner_angles.hpp"

namespace medius::capture {
namespace {

struct Body {
  Scenario scenario;
  VirtualRunner runner{scenario.body, scenario.run, {0.3, -0.2}, 5};
};

BodyScenario RigidBody() {
  BodyScenario body;
  body.skin_pelvis = body.skin_thigh = body.skin_shank = body.skin_foot = body.skin_trunk =
      body.skin_arm = 0.0;
  return body;
}

// The whole chain by hand: from the markers of the standing trial to hip angles.
TEST(StandingScene, ItsMarkersGiveTheStandingAngles) {
  const Body body;
  const Anthropometry& anthropometry = body.runner.anthropometry();
  const StandingState standing = Stand(anthropometry, body.scenario.standing, {0.3, -0.2});
  const StandingScene scene(standing, anthropometry, body.scenario.body, 5);
  const auto m = MarkersByLabel(scene, 0.4);
  const Eigen::Matrix3d pelvis = PelvisFromMarkers(m);
  EXPECT_NEAR(std::asin(pelvis(1, 2)), body.scenario.standing.pelvis_obliquity, 1e-9);
  EXPECT_NEAR(std::atan2(pelvis(1, 0), pelvis(1, 1)), body.scenario.standing.pelvis_tilt, 1e-9);
  for (const bool right : {true, false}) {
    const std::string s = right ? "R" : "L";
    const double sign = right ? 1.0 : -1.0;
    const std::size_t i = right ? 1 : 0;
    const Eigen::Vector3d knee = 0.5 * (m.at(s + "LEC") + m.at(s + "MEC"));
    const Eigen::Matrix3d thigh = AxesFromUpAndRight(HipFromMarkers(m, right) - knee,
                                                     sign * (m.at(s + "LEC") - m.at(s + "MEC")));
    const Eigen::Matrix3d hip = pelvis.transpose() * thigh;
    EXPECT_NEAR(sign * std::asin(hip(2, 1)), standing.angles.hip_adduction[i], 1e-9) << s;
    EXPECT_NEAR(std::atan2(-hip(0, 1), hip(1, 1)), standing.angles.hip_flexion[i], 1e-9) << s;
    EXPECT_NEAR(sign * std::atan2(-hip(2, 0), hip(2, 2)), standing.angles.hip_rotation[i], 1e-9);
    const Eigen::Vector3d ankle = 0.5 * (m.at(s + "LMA") + m.at(s + "MMA"));
    const Eigen::Matrix3d shank =
        AxesFromUpAndRight(knee - ankle, sign * (m.at(s + "LMA") - m.at(s + "MMA")));
    const Eigen::Matrix3d knee_joint = thigh.transpose() * shank;
    EXPECT_NEAR(-std::atan2(-knee_joint(0, 1), knee_joint(1, 1)), standing.angles.knee_flexion[i],
                1e-9);
    EXPECT_NEAR(ankle.y(), anthropometry.ankle_height, 1e-9) << "the soles are on the floor";
  }
}

// The same in the run, without skin motion: the medial epicondyle is carried by the thigh's cluster
// and found again by the rigid motion of three of its markers.
TEST(RunnerScene, ItsMarkersGiveTheTrueAnglesWhereTheSkinIsStill) {
  const Body body;
  const BodyScenario rigid = RigidBody();
  const Anthropometry& anthropometry = body.runner.anthropometry();
  const RunnerScene run(body.runner, rigid, 5);
  const StandingScene still(Stand(anthropometry, body.scenario.standing, {0.3, -0.2}),
                            anthropometry, rigid, 5);
  const auto reference = MarkersByLabel(still, 0.0);
  for (double time = 0.0; time < 2.0; time += 0.0173) {
    const auto m = MarkersByLabel(run, time);
    const BodyAngles& truth = body.runner.At(time).angles;
    const Eigen::Matrix3d pelvis = PelvisFromMarkers(m);
    ASSERT_NEAR(std::asin(pelvis(1, 2)), truth.pelvis_obliquity, 1e-9);
    ASSERT_NEAR(std::atan2(pelvis(1, 0), pelvis(1, 1)), truth.pelvis_tilt, 1e-9);
    ASSERT_NEAR(std::atan2(pelvis(0, 2), pelvis(2, 2)), truth.pelvis_rotation, 1e-9);
    for (const bool right : {true, false}) {
      const std::string s = right ? "R" : "L";
      const double sign = right ? 1.0 : -1.0;
      const std::size_t i = right ? 1 : 0;
      const auto triad = [&](const std::map<std::string, Eigen::Vector3d>& markers) {
        return AxesFromUpAndRight(markers.at(s + "TH1") - markers.at(s + "TH3"),
                                  markers.at(s + "TH2") - markers.at(s + "TH3"));
      };
      const Eigen::Matrix3d turn = triad(m) * triad(reference).transpose();
      const auto carried = [&](const std::string& label) -> Eigen::Vector3d {
        return m.at(s + "TH1") + turn * (reference.at(label) - reference.at(s + "TH1"));
      };
      const Eigen::Vector3d lateral = carried(s + "LEC");
      const Eigen::Vector3d medial = carried(s + "MEC");
      ASSERT_NEAR((lateral - m.at(s + "LEC")).norm(), 0.0, 1e-9);
      const Eigen::Matrix3d thigh = AxesFromUpAndRight(
          HipFromMarkers(m, right) - 0.5 * (lateral + medial), sign * (lateral - medial));
      const Eigen::Matrix3d hip = pelvis.transpose() * thigh;
      ASSERT_NEAR(sign * std::asin(hip(2, 1)), truth.hip_adduction[i], 1e-9);
      ASSERT_NEAR(std::atan2(-hip(0, 1), hip(1, 1)), truth.hip_flexion[i], 1e-9);
      ASSERT_NEAR(sign * std::atan2(-hip(2, 0), hip(2, 2)), truth.hip_rotation[i], 1e-9);
    }
  }
}

TEST(RunnerScene, HasTheStandingMarkersLessTheMedialOnes) {
  const Body body;
  const RunnerScene run(body.runner, body.scenario.body, 5);
  const StandingScene still(Stand(body.runner.anthropometry(), body.scenario.standing, {0, 0}),
                            body.runner.anthropometry(), body.scenario.body, 5);
  const std::set<std::string> running(run.labels().begin(), run.labels().end());
  std::set<std::string> standing(still.labels().begin(), still.labels().end());
  EXPECT_EQ(running.size(), 41U);
  EXPECT_EQ(standing.size(), 45U);
  for (const char* medial : {"RMEC", "LMEC", "RMMA", "LMMA"}) {
    EXPECT_EQ(running.count(medial), 0U) << medial;
    EXPECT_EQ(standing.erase(medial), 1U) << medial;
  }
  EXPECT_EQ(running, standing);
}

TEST(RunnerScene, NoMarkerIsInsideALimb) {
  const Body body;
  const RunnerScene run(body.runner, RigidBody(), 5);
  SceneState state;
  for (double time = 0.0; time < 1.0; time += 0.01) {
    BodyScenario solid = RigidBody();
    RunnerScene(body.runner, solid, 5).At(time, state);
    for (std::size_t m = 0; m < state.markers.size(); ++m) {
      for (std::size_t l = 0; l < state.limbs.size(); ++l) {
        // Arms may touch the trunk's markers; a leg's own marker must stand off its own limb.
        const bool own = !Hides(state.limbs[l], state.markers[m], state.markers[m]);
        ASSERT_TRUE(own) << run.labels()[m] << " is inside limb " << l << " at " << time;
      }
    }
  }
}

TEST(SkinMotion, HasTheRmsAskedForAndMostlyRepeats) {
  constexpr double kRms = 0.003;
  double squares = 0.0, repeating = 0.0;
  constexpr int kMarkers = 60;
  constexpr int kSamples = 500;
  for (std::uint32_t marker = 0; marker < kMarkers; ++marker) {
    const SkinMotion skin(kRms, 11, marker);
    for (int i = 0; i < kSamples; ++i) {
      const double stride = 0.0937 * i;
      const Eigen::Vector3d here = skin.At(stride);
      squares += here.squaredNorm();
      repeating += here.dot(skin.At(stride + 40.0));
    }
  }
  // Waves at one frequency add or cancel by their phases, which averages out over the markers.
  EXPECT_NEAR(std::sqrt(squares / (kMarkers * kSamples)), kRms, 0.1 * kRms);
  EXPECT_NEAR(repeating / squares, 0.8, 0.1);
}

}  // namespace
}  // namespace medius::capture
