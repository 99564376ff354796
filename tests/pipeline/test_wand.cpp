#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "storage/rig_toml.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

using ::testing::HasSubstr;

// The virtual lab's wand wave: noise, lost frames, reflections; labels are not looked at.
class WandWave : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    WriteSmallScenario(*folder_ / "small.toml", 2.0);
    const CommandResult made =
        Medius({"simulate", *folder_ / "small.toml", "-o", *folder_ / "lab"});
    ASSERT_EQ(made.exit_code, 0) << made.error;
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string Lab(const std::string& name) { return *folder_ / ("lab/" + name); }
  static std::string Out(const std::string& name) { return *folder_ / name; }

 private:
  static TemporaryFolder* folder_;
};

TemporaryFolder* WandWave::folder_ = nullptr;

// Largest error of a distance between two cameras, metres: what no choice of the lab frame changes.
double WorstDistance(const CameraRig& rig, const CameraRig& truth) {
  double worst = 0.0;
  for (const Camera& a : truth.cameras) {
    for (const Camera& b : truth.cameras) {
      const Camera& found_a = rig[*rig.Find(a.name)];
      const Camera& found_b = rig[*rig.Find(b.name)];
      worst = std::max(worst, std::abs((found_a.CentreInLab() - found_b.CentreInLab()).norm() -
                                       (a.CentreInLab() - b.CentreInLab()).norm()));
    }
  }
  return worst;
}

TEST_F(WandWave, GivesTheTrueRigFromNothing) {
  const CommandResult made = Medius({"calibrate", "wand", "--wand", "virtual_lab_500",
                                     Lab("wand.trial.h5"), "-o", Out("rig.toml"), "--json"});
  ASSERT_EQ(made.exit_code, 0) << made.error;
  const auto summary = nlohmann::json::parse(made.output);
  const auto& wave = summary["wand_wave"];
  EXPECT_GT(wave["used_sightings"].get<double>(), 0.99 * wave["usable_sightings"].get<double>());
  EXPECT_NEAR(wave["wand"][0]["mean_mm"].get<double>(), 500.0, 0.5);
  std::vector<std::string> keys;
  for (const auto& item : summary.items()) keys.push_back(item.key());
  EXPECT_THAT(keys, ::testing::ElementsAre("output", "report", "wand_wave"));
  const auto stages = storage::ReadRigProvenance(Out("rig.toml"));
  ASSERT_EQ(stages.size(), 1U);
  EXPECT_EQ(stages[0].stage, "calibrate wand");
  EXPECT_THAT(stages[0].options_json, HasSubstr("\"most_frames\":"));
  ASSERT_EQ(stages[0].inputs.size(), 2U);
  // Thousands of sightings of 0.3 px some 4 m away: a few millimetres between any two cameras.
  EXPECT_LT(
      WorstDistance(storage::ReadRig(Out("rig.toml")), storage::ReadRig(Lab("truth/rig.toml"))),
      0.01);
}

TEST_F(WandWave, HoldsTheLensesOfAnInitialRig) {
  const CommandResult made =
      Medius({"calibrate", "wand", "--wand", "virtual_lab_500", Lab("wand.trial.h5"), "--initial",
              Lab("truth/rig.toml"), "--fix", "intrinsics", "--focal-px", "cam2=1500", "-o",
              Out("held.toml")});
  ASSERT_EQ(made.exit_code, 0) << made.error;
  EXPECT_THAT(made.output, HasSubstr("wand, marker 1 to 3: "));
  const CameraRig rig = storage::ReadRig(Out("held.toml"));
  const CameraRig truth = storage::ReadRig(Lab("truth/rig.toml"));
  EXPECT_EQ(rig.cameras[1].model.intrinsics(), truth.cameras[1].model.intrinsics());
  EXPECT_LT(WorstDistance(rig, truth), 0.005);
}

TEST_F(WandWave, OfAnotherWandIsRefusedAndLeavesNoFile) {
  WriteFile(Out("other.toml"), "markers_mm = [[0, 0, 0], [80, 0, 0], [500, 0, 0]]\n");
  const CommandResult made = Medius({"calibrate", "wand", "--wand", Out("other.toml"),
                                     Lab("wand.trial.h5"), "-o", Out("none.toml")});
  EXPECT_EQ(made.exit_code, 4);
  EXPECT_THAT(made.error, HasSubstr("check the wand file"));
  EXPECT_FALSE(std::filesystem::exists(Out("none.toml")));
}

TEST_F(WandWave, BadFilesAndWordsAreNamed) {
  WriteFile(Out("bad.toml"), "name = \"x\"\nmarkers_mm = [[0, 0], [500, 0]]\n");
  const auto run = [&](const std::string& wand, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"calibrate",          "wand", "--wand",        wand,
                                      Lab("wand.trial.h5"), "-o",   Out("none.toml")};
    words.insert(words.end(), more.begin(), more.end());
    return Medius(words);
  };
  const CommandResult flat = run(Out("bad.toml"), {});
  EXPECT_EQ(flat.exit_code, 3);
  EXPECT_THAT(flat.error, HasSubstr("bad.toml: line 2: markers_mm: 2 numbers a marker"));
  const CommandResult missing = run("no_such_wand", {});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.error, HasSubstr("presets are five_markers_t, two_markers_600"));
  EXPECT_EQ(run("virtual_lab_500", {"--size", "big"}).exit_code, 2);
  EXPECT_EQ(run("virtual_lab_500", {"--fix", "intrinsics"}).exit_code, 2);
  const CommandResult small = run("virtual_lab_500", {"--size", "640x480"});
  EXPECT_EQ(small.exit_code, 4);
  EXPECT_THAT(small.error, HasSubstr("outside its image of 640 x 480 px"));
}

}  // namespace
}  // namespace medius::testing
