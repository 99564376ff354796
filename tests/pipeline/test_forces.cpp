// A treadmill's force file beside the markers, as typed commands.

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "storage/trial_file.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(MEDIUS_REAL_DATA_DIR) / "rbds001-run";
// What the issue aims at; docs/methods.md has what the detectors reach.
constexpr double kStrikeRmse = 6.0;  // milliseconds
constexpr double kToeOffRmse = 9.0;

class Forces : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) {
      GTEST_SKIP() << "the recording is not on this machine: " << kFolder;
    }
    Type({"import", kFolder / "RBDS001runT25markers.txt", "--markers", "rbds", "--rate", "150",
          "-o", "run.trial.h5"});
    Type({"import", kFolder / "RBDS001static.txt", "--markers", "rbds", "--rate", "150",
          "--activity", "static", "-o", "static.trial.h5"});
  }
  CommandResult Type(const std::vector<std::string>& words, int exit_code = 0) {
    CommandResult result = Medius(words, {folder_.path(), {}});
    EXPECT_EQ(result.exit_code, exit_code) << words[0] << ": " << result.error;
    return result;
  }
  std::vector<std::string> Analyze(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"analyze",   "run.trial.h5", "--static", "static.trial.h5",
                                      "--markers", "rbds",         "-o",       "out.trial.h5",
                                      "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  TemporaryFolder folder_;
};

TEST_F(Forces, OfATreadmillHaveTheLastWordAndTheMarkersAgree) {
  const CommandResult result =
      Type(Analyze({"--forces", kFolder / "RBDS001runT25forces.txt", "--force-rate-hz", "300"}));
  const nlohmann::json json = nlohmann::json::parse(result.output);
  const nlohmann::json& agreement = json.at("force_agreement");
  fmt::print("{}\n", agreement.dump());
  EXPECT_EQ(agreement.at("threshold_n"), 50.0);
  EXPECT_EQ(agreement.at("cutoff_hz"), 50.0);
  EXPECT_GE(agreement.at("foot_strike").at("n"), 76);
  EXPECT_LE(agreement.at("foot_strike").at("rmse_ms"), kStrikeRmse);
  EXPECT_LE(agreement.at("toe_off").at("rmse_ms"), kToeOffRmse);
  EXPECT_EQ(agreement.at("stances_without_markers"), 0);

  const GaitEvents events = storage::TrialReader(folder_ / "out.trial.h5").ReadEvents();
  const auto by_force = std::count_if(events.begin(), events.end(), [](const GaitEvent& e) {
    return e.detector == EventDetector::kForce;
  });
  EXPECT_EQ(by_force, 2 * agreement.at("stances").get<long>());
}

TEST_F(Forces, ThatCountSamplesAreAskedForTheirRate) {
  EXPECT_THAT(Type(Analyze({"--forces", kFolder / "RBDS001runT25forces.txt"}), 3).error,
              ::testing::HasSubstr("say how many a second with --force-rate-hz"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.trial.h5"));
}

TEST_F(Forces, AndOtherSettingsStandInTheProvenance) {
  Type(Analyze({"--method", "opensim-order", "--hip-centre", "bell", "--view-direction", "180"}));
  const storage::TrialReader reader(folder_ / "out.trial.h5");
  EXPECT_EQ(reader.ReadKinematics().method, "opensim-order");
  const nlohmann::json options = nlohmann::json::parse(reader.ReadProvenance().back().options_json);
  EXPECT_EQ(options.at("method"), "opensim-order");
  EXPECT_EQ(options.at("pelvis_order"), "tilt-obliquity-rotation");
  EXPECT_EQ(options.at("hip_centre"), "bell");
  EXPECT_EQ(options.at("knee_axis"), "epicondyles");
  EXPECT_EQ(options.at("event_detector"), "markers");
}

TEST_F(Forces, AFunctionalHipWithoutItsTrialIsRefused) {
  EXPECT_THAT(Type(Analyze({"--hip-centre", "functional"}), 3).error,
              ::testing::HasSubstr("needs a functional trial: --functional"));
  EXPECT_THAT(Type(Analyze({"--view-direction", "90"}), 3).error,
              ::testing::HasSubstr("within 45 deg of 0 (from behind)"));
}

TEST_F(Forces, ARunIsNoFunctionalTrialOfTheHips) {
  // Running flexes the hip but hardly moves it sideways: Harrington stands in, and it is said.
  const CommandResult result = Type(Analyze({"--functional", "run.trial.h5"}));
  const nlohmann::json json = nlohmann::json::parse(result.output);
  EXPECT_NE(json.at("functional").at("left").at("hip_refused"), "");
  EXPECT_THAT(result.error, ::testing::HasSubstr("Harrington's equation gives it instead"));
}

}  // namespace
}  // namespace medius::testing
