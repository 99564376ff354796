#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/scenario_toml.hpp"
#include "capture/virtual_body.hpp"
#include "core/error.hpp"
#include "storage/marker_set_toml.hpp"
#include "storage/rig_toml.hpp"

namespace medius::apps {
namespace {

constexpr double kDegree = 3.14159265358979323846 / 180.0;

class ScenarioFile : public ::testing::Test {
 protected:
  ~ScenarioFile() override { std::filesystem::remove(path_); }

  capture::Scenario Read(const std::string& text) {
    std::ofstream(path_) << text;
    return ReadScenario(path_);
  }
  std::string MessageOf(const std::string& text) {
    try {
      Read(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("medius-scenario-" + std::to_string(getpid()) + ".toml");
};

TEST_F(ScenarioFile, AFileWithoutFieldsIsTheDefaultScenario) {
  EXPECT_EQ(ScenarioJson(Read("# nothing\n")).dump(), ScenarioJson(capture::Scenario{}).dump());
}

TEST_F(ScenarioFile, ConvertsDegreesAndMillimetres) {
  const capture::Scenario scenario = Read(
      "seed = 12\n[run]\npelvic_drop_deg = { left = 3, right = 7.5 }\nhip_adduction_deg = 9\n"
      "[body]\nskin_thigh_mm = 4\nlimbs_hide = false\n[rig]\ncentre = [1, 2]\ncameras = 12\n");
  EXPECT_EQ(scenario.seed, 12U);
  EXPECT_DOUBLE_EQ(scenario.run.pelvic_drop.left, 3.0 * kDegree);
  EXPECT_DOUBLE_EQ(scenario.run.pelvic_drop.right, 7.5 * kDegree);
  EXPECT_DOUBLE_EQ(scenario.run.hip_adduction.left, 9.0 * kDegree);
  EXPECT_DOUBLE_EQ(scenario.run.hip_adduction.right, 9.0 * kDegree);
  EXPECT_DOUBLE_EQ(scenario.body.skin_thigh, 0.004);
  EXPECT_FALSE(scenario.body.limbs_hide);
  EXPECT_EQ(scenario.rig.centre, Eigen::Vector2d(1, 2));
  EXPECT_EQ(scenario.rig.cameras, 12);
  EXPECT_EQ(ScenarioJson(scenario)["run"]["pelvic_drop_deg"]["right"], 7.5);
}

TEST_F(ScenarioFile, NamesAMisspeltKeyWithItsLine) {
  const std::string message = MessageOf("[run]\nduration = 5\ncadense = 170\n");
  EXPECT_THAT(message, ::testing::HasSubstr(path_.string()));
  EXPECT_THAT(message, ::testing::HasSubstr("line 3"));
  EXPECT_THAT(message, ::testing::HasSubstr("cadense"));
  EXPECT_THAT(message, ::testing::HasSubstr("cadence"));
  EXPECT_THAT(MessageOf("[runner]\n"), ::testing::HasSubstr("runner"));
}

TEST_F(ScenarioFile, NamesAFieldOutOfRangeWithItsLineInItsOwnUnit) {
  const std::string message = MessageOf("[run]\n\npelvic_drop_deg = { right = 50 }\n");
  EXPECT_THAT(message, ::testing::HasSubstr("line 3: run.pelvic_drop.right is 50 degrees"));
  EXPECT_THAT(MessageOf("rate_hz = 1\n"), ::testing::HasSubstr("line 1: rate_hz is 1"));
}

TEST_F(ScenarioFile, NamesAFieldOfAnotherKind) {
  EXPECT_THAT(MessageOf("[run]\nspeed = \"fast\"\n"), ::testing::HasSubstr("speed"));
  EXPECT_THAT(MessageOf("run = 3\n"), ::testing::HasSubstr("[run] is not a table"));
  EXPECT_THAT(MessageOf("seed = 1.5\n"), ::testing::HasSubstr("seed"));
  EXPECT_THAT(MessageOf("[rig]\ncentre = [1]\n"), ::testing::HasSubstr("centre"));
}

TEST_F(ScenarioFile, ASideThatIsMisspeltIsNamed) {
  EXPECT_THAT(MessageOf("[run]\npelvic_drop_deg = { rigth = 5 }\n"), ::testing::HasSubstr("rigth"));
}

TEST(ScenarioPresets, AreValidAndTheirRunnersCanRun) {
  for (const char* name : {"demo", "full_run"}) {
    const capture::Scenario scenario =
        ReadScenario(std::string(MEDIUS_SOURCE_DIR) + "/datasets/scenarios/" + name + ".toml");
    EXPECT_NO_THROW(capture::VirtualRunner(scenario.body, scenario.run, {0, 0}, scenario.seed));
  }
}

TEST(VirtualLabMarkerSet, NamesOnlyMarkersThatTheVirtualRunnerHas) {
  const MarkerSet set = storage::ReadMarkerSet(std::string(MEDIUS_SOURCE_DIR) +
                                               "/datasets/marker_sets/virtual_lab.toml");
  const capture::BodyScenario body;
  const capture::Anthropometry anthropometry(body);
  std::set<std::string> labels;
  for (const capture::BodyMarker& marker : capture::PlaceMarkers(body, anthropometry, 1)) {
    labels.insert(marker.label);
  }
  for (const auto& [role, label] : set.roles) EXPECT_EQ(labels.count(label), 1U) << role;
  for (const auto& [segment, cluster] : set.clusters) {
    for (const std::string& label : cluster) EXPECT_EQ(labels.count(label), 1U) << segment;
  }
}

TEST(TreadmillRig, IsAValidRigOfEightCameras) {
  const CameraRig rig =
      storage::ReadRig(std::string(MEDIUS_SOURCE_DIR) + "/datasets/rigs/treadmill_8.toml");
  EXPECT_EQ(rig.cameras.size(), 8U);
  // Covers 2 m fore and aft and to the sides of its middle, from the floor to a head's height.
  for (const Camera& camera : rig.cameras) {
    for (const double x : {-0.3, 2.7}) {
      for (const double y : {-0.4, 1.6}) {
        const auto low = camera.Project({x, y, 0.05});
        const auto high = camera.Project({x, y, 1.6});
        ASSERT_TRUE(low && high);
        EXPECT_TRUE(camera.IsInImage(*low)) << camera.name << " " << x << " " << y;
        EXPECT_TRUE(camera.IsInImage(*high)) << camera.name << " " << x << " " << y;
      }
    }
  }
}

}  // namespace
}  // namespace medius::apps
