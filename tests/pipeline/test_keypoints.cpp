// Keypoints of several cameras, as RTMPose writes them, all the way to positions.

#include <cmath>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "storage/rig_toml.hpp"
#include "storage/trial_file.hpp"
#include "tests/pipeline/typed_command.hpp"
#include "tests/reconstruct/keypoint_scene.hpp"

namespace medius::testing {
namespace {

using reconstruct::FilmPersons;
using reconstruct::KeypointAt;
using reconstruct::KeypointScene;
using reconstruct::KeypointSceneOptions;
using ::testing::HasSubstr;

constexpr const char* kRig = MEDIUS_RIG;

// What one camera saw as MMPose's list of frames; a keypoint that was not seen has score 0.
std::string MmposeText(const CameraObservations& seen, double sigma_base_px) {
  nlohmann::json frames = nlohmann::json::array();
  for (std::size_t k = 0; k < seen.frame_count(); ++k) {
    std::map<std::int16_t, nlohmann::json> instances;
    for (std::uint64_t row = seen.frame_start[k]; row < seen.frame_start[k + 1]; ++row) {
      nlohmann::json& instance = instances[seen.instance[row]];
      if (instance.is_null()) {
        instance = {{"keypoints", std::vector<std::vector<float>>(17, {0.0F, 0.0F})},
                    {"keypoint_scores", std::vector<double>(17, 0.0)}};
      }
      const auto label = static_cast<std::size_t>(seen.label[row]);
      instance["keypoints"][label] = {seen.xy[row].x(), seen.xy[row].y()};
      instance["keypoint_scores"][label] = sigma_base_px / static_cast<double>(seen.sigma[row]);
    }
    nlohmann::json list = nlohmann::json::array();
    for (const auto& [number, instance] : instances) list.push_back(instance);
    frames.push_back({{"frame_id", k}, {"instances", list}});
  }
  return frames.dump();
}

class Keypoints : public ::testing::Test {
 protected:
  void SetUp() override {
    rig_ = storage::ReadRig(kRig);
    options_.frames = 45;
    scene_ = FilmPersons(rig_, options_);
    import_ = {"import", "--rate-hz", "60", "--sigma-base-px", "4", "--rig", kRig};
    for (std::size_t c = 0; c < rig_.cameras.size(); ++c) {
      const std::string file = rig_.cameras[c].name + ".json";
      WriteFile(folder_ / file, MmposeText(scene_.block.cameras[c], options_.noise_px));
      import_.push_back("--keypoints");
      import_.push_back(rig_.cameras[c].name + "=" + file);
    }
    import_.insert(import_.end(), {"-o", "seen.trial.h5"});
    settings_.folder = folder_.path();
    settings_.environment = {"SOURCE_DATE_EPOCH=1700000000"};
  }

  TemporaryFolder folder_;
  CommandSettings settings_;
  CameraRig rig_;
  KeypointSceneOptions options_;
  KeypointScene scene_;
  std::vector<std::string> import_;
};

TEST_F(Keypoints, BecomeThePositionsOfTheRunner) {
  const CommandResult imported = Medius(import_, settings_);
  ASSERT_EQ(imported.exit_code, 0) << imported.error;
  std::string bytes;
  for (const char* threads : {"1", "2", "7"}) {
    const CommandResult result = Medius({"reconstruct", "seen.trial.h5", "--rig", kRig, "--json",
                                         "--threads", threads, "-o", "found.trial.h5"},
                                        settings_);
    ASSERT_EQ(result.exit_code, 0) << result.error;
    const auto summary = nlohmann::json::parse(result.output);
    ASSERT_GE(summary["persons"].size(), 2U);
    EXPECT_TRUE(summary["persons"][0]["reconstructed"].get<bool>());
    const std::string now = ReadFile(folder_ / "found.trial.h5");
    EXPECT_TRUE(bytes.empty() || bytes == now) << threads << " threads";
    bytes = now;
  }
  const storage::TrialReader trial(folder_ / "found.trial.h5");
  const TrajectoryBlock found = trial.ReadTrajectories({0, options_.frames});
  ASSERT_EQ(trial.labels(), reconstruct::CocoLabels());
  std::size_t good = 0;
  std::string bad;
  for (std::size_t k = 0; k < options_.frames; ++k) {
    for (std::size_t m = 0; m < 17; ++m) {
      const double time = static_cast<double>(k) / options_.rate_hz;
      const Eigen::Vector3d error = found.Position(k, MarkerId(m)) - KeypointAt(m, 0, time);
      // 4 to 8 px at 3 to 5 m with 1000 px and more are 12 to 40 mm a ray; five sigmas of two.
      if (error.norm() < 0.15) {
        ++good;
      } else {
        bad += fmt::format("{}:{} {:.2f} m; ", k, trial.labels()[m], error.norm());
      }
    }
  }
  EXPECT_GE(static_cast<double>(good), 0.99 * 17.0 * static_cast<double>(options_.frames)) << bad;
}

TEST_F(Keypoints, OfAnotherPersonAreFoundByNumber) {
  ASSERT_EQ(Medius(import_, settings_).exit_code, 0);
  const CommandResult second = Medius(
      {"reconstruct", "seen.trial.h5", "--rig", kRig, "--person", "2", "-o", "second.trial.h5"},
      settings_);
  EXPECT_EQ(second.exit_code, 0) << second.error;
  EXPECT_THAT(second.output, HasSubstr("person 2 (reconstructed)"));
  const CommandResult none = Medius(
      {"reconstruct", "seen.trial.h5", "--rig", kRig, "--person", "99", "-o", "none.trial.h5"},
      settings_);
  EXPECT_EQ(none.exit_code, 4);
  EXPECT_THAT(none.error, HasSubstr("no --person 99"));
}

TEST_F(Keypoints, NeedARateNamesAndOneKindOfInput) {
  const std::string entry = rig_.cameras[0].name + "=" + rig_.cameras[0].name + ".json";
  const auto run = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> all = {"import", "-o", "x.trial.h5"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return Medius(all, settings_);
  };
  EXPECT_EQ(run({"--keypoints", entry}).exit_code, 2);
  EXPECT_THAT(run({"--keypoints", entry}).error, HasSubstr("--rate"));
  EXPECT_EQ(run({}).exit_code, 2);
  EXPECT_EQ(run({"run.c3d", "--keypoints", entry}).exit_code, 2);
  EXPECT_EQ(run({"--rate", "60", "--keypoints", "nameless.json"}).exit_code, 2);
  EXPECT_EQ(run({"--rate", "60", "--keypoints", entry, "--keypoints", entry}).exit_code, 2);
  const CommandResult unknown =
      run({"--rate", "60", "--keypoints", "no_such_camera=" + entry.substr(entry.find('=') + 1),
           "--rig", kRig});
  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.error, HasSubstr("has no camera no_such_camera"));
  const CommandResult absent = run({"--rate", "60", "--keypoints", "a=absent"});
  EXPECT_EQ(absent.exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.trial.h5"));
}

}  // namespace
}  // namespace medius::testing
