#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include <Eigen/Geometry>
#include <gtest/gtest.h>

#include "capture/body_limbs.hpp"
#include "capture/virtual_body.hpp"
#include "core/error.hpp"

namespace medius::capture {
namespace {

constexpr std::size_t kTrunkLimbs = 3;
constexpr std::size_t kAllLimbs = kTrunkLimbs + 6;

// The virtual lab's markers, as datasets/marker_sets/virtual_lab.toml names them.
MarkerSet VirtualLabSet() {
  MarkerSet set;
  set.name = "virtual_lab";
  set.roles = {{"right_acromion", "RACR"}, {"left_acromion", "LACR"}};
  for (const std::string side : {"right", "left"}) {
    const std::string s = side == "right" ? "R" : "L";
    for (const auto& [role, label] :
         std::map<std::string, std::string>{{"asis", "ASI"},
                                            {"psis", "PSI"},
                                            {"lateral_epicondyle", "LEC"},
                                            {"medial_epicondyle", "MEC"},
                                            {"lateral_malleolus", "LMA"},
                                            {"medial_malleolus", "MMA"},
                                            {"heel", "HEE"},
                                            {"toe", "TOE"},
                                            {"first_metatarsal", "MT1"},
                                            {"fifth_metatarsal", "MT5"}}) {
      set.roles[side + "_" + role] = s + label;
    }
    for (int i = 1; i <= 4; ++i) {
      set.clusters[side + "_thigh"].push_back(s + "TH" + std::to_string(i));
      set.clusters[side + "_shank"].push_back(s + "SH" + std::to_string(i));
    }
  }
  return set;
}

// A runner whose markers do not move on the skin, and the same body standing.
class BodyLimbsTest : public ::testing::Test {
 protected:
  static BodyScenario Rigid() {
    BodyScenario body;
    body.skin_pelvis = body.skin_thigh = body.skin_shank = body.skin_foot = body.skin_trunk =
        body.skin_arm = 0.0;
    return body;
  }

  BodyLimbsTest() {
    const Anthropometry& anthropometry = runner_.anthropometry();
    const StandingState state = Stand(anthropometry, scenario_.standing, {0.3, -0.2});
    const StandingScene scene(state, anthropometry, Rigid(), 5);
    SceneState still;
    scene.At(0.4, still);
    // Where the standing trial was recorded is no matter: turned and moved.
    const Eigen::AngleAxisd turn(1.2, Eigen::Vector3d(0.2, 0.3, 0.9).normalized());
    for (std::size_t m = 0; m < still.markers.size(); ++m) {
      standing_[scene.labels()[m]] = turn * still.markers[m] + Eigen::Vector3d(3.0, 1.0, -2.0);
    }
  }

  std::size_t Index(const std::string& label) const {
    const auto& labels = run_.labels();
    return static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) -
                                    labels.begin());
  }

  Scenario scenario_;
  VirtualRunner runner_{Rigid(), scenario_.run, {0.3, -0.2}, 5};
  RunnerScene run_{runner_, Rigid(), 5};
  std::map<std::string, Eigen::Vector3d> standing_;
};

TEST_F(BodyLimbsTest, PutShanksBetweenTheTrueKneesAndAnkles) {
  const BodyLimbs body(run_.labels(), VirtualLabSet(), standing_);
  SceneState state;
  std::vector<Limb> limbs;
  for (const double time : {0.0, 0.31, 0.77}) {
    run_.At(time, state);
    body.At(state.markers, limbs);
    ASSERT_EQ(limbs.size(), kAllLimbs);
    for (const std::size_t shank : {kTrunkLimbs + 1, kTrunkLimbs + 4}) {
      const bool found = std::any_of(state.limbs.begin(), state.limbs.end(), [&](const Limb& own) {
        return (own.from - limbs[shank].from).norm() < 1e-6 &&
               (own.to - limbs[shank].to).norm() < 1e-6;
      });
      EXPECT_TRUE(found) << time << " s";
    }
  }
}

TEST_F(BodyLimbsTest, LeaveTheMarkersOfALegOnItsSurface) {
  const BodyLimbs body(run_.labels(), VirtualLabSet(), standing_);
  SceneState state;
  std::vector<Limb> limbs;
  for (double time = 0.0; time < 1.0; time += 0.02) {
    run_.At(time, state);
    body.At(state.markers, limbs);
    for (const std::string side : {"L", "R"}) {
      const std::size_t thigh = side == "L" ? kTrunkLimbs : kTrunkLimbs + 3;
      for (const std::string number : {"1", "2", "3", "4"}) {
        const Eigen::Vector3d& marker = state.markers[Index(side + "SH" + number)];
        // A line to the marker from straight outside is free; through the limb it is not.
        const Limb& shank = limbs[thigh + 1];
        const Eigen::Vector3d axis = (shank.to - shank.from).normalized();
        const Eigen::Vector3d offset = marker - shank.from;
        const Eigen::Vector3d out = (offset - axis.dot(offset) * axis).normalized();
        EXPECT_FALSE(Hides(shank, marker + 3.0 * out, marker)) << time;
        EXPECT_TRUE(Hides(shank, marker - 3.0 * out, marker)) << time;
      }
    }
  }
}

TEST_F(BodyLimbsTest, LeaveOutWhatTheMarkersOfTheMomentDoNotGive) {
  const BodyLimbs body(run_.labels(), VirtualLabSet(), standing_);
  SceneState state;
  run_.At(0.2, state);
  std::vector<Limb> limbs;
  const Eigen::Vector3d gone = Eigen::Vector3d::Constant(std::numeric_limits<double>::quiet_NaN());
  std::vector<Eigen::Vector3d> markers = state.markers;
  markers[Index("RASI")] = gone;
  body.At(markers, limbs);
  EXPECT_EQ(limbs.size(), 4U) << "shanks and feet are left without the pelvis";
  markers = state.markers;
  markers[Index("LTH1")] = gone;
  body.At(markers, limbs);
  EXPECT_EQ(limbs.size(), kAllLimbs) << "three of a cluster are enough";
  markers[Index("LTH2")] = gone;
  body.At(markers, limbs);
  EXPECT_EQ(limbs.size(), kAllLimbs - 2) << "two are not: no left knee";
  for (const Limb& limb : limbs) EXPECT_TRUE(limb.from.allFinite() && limb.to.allFinite());
}

TEST_F(BodyLimbsTest, SayWhichMarkersABodyPartNeeds) {
  const auto message = [&](const MarkerSet& set, const auto& standing) -> std::string {
    try {
      const BodyLimbs body(run_.labels(), set, standing);
    } catch (const InputError& error) {
      return error.what();
    }
    return "nothing";
  };
  const std::map<std::string, Eigen::Vector3d> nobody;
  EXPECT_NE(message(VirtualLabSet(), nobody).find("left_medial_epicondyle"), std::string::npos);
  EXPECT_NE(message(VirtualLabSet(), nobody).find("--static"), std::string::npos);
  MarkerSet no_sacrum = VirtualLabSet();
  no_sacrum.roles.erase("left_psis");
  EXPECT_NE(message(no_sacrum, standing_).find("sacrum"), std::string::npos);
  MarkerSet no_heel = VirtualLabSet();
  no_heel.roles.erase("right_heel");
  EXPECT_NE(message(no_heel, standing_).find("right_heel"), std::string::npos);
  EXPECT_EQ(message(VirtualLabSet(), standing_), "nothing");
}

}  // namespace
}  // namespace medius::capture
