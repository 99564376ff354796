// `medius calibrate board` as a user types it: on sightings of virtual boards, and on a recording
// that other people made.

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/board_sightings.hpp"
#include "storage/rig_toml.hpp"
#include "tests/calibration/board_scene.hpp"
#include "tests/pipeline/typed_command.hpp"

namespace medius::testing {
namespace {

namespace fs = std::filesystem;
using calibration::BoardScene;
using calibration::BoardSceneOptions;
using calibration::MakeBoardScene;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kBoard =
    "kind = \"chessboard\"\nname = \"board\"\ncolumns = 11\nrows = 8\nsquare_mm = 80\n";

class CalibrateBoard : public ::testing::Test {
 protected:
  CalibrateBoard() { WriteFile(folder_ / "board.toml", kBoard); }

  static BoardSceneOptions SmallRing() {
    BoardSceneOptions options;
    options.cameras = 4;
    options.frames = 60;
    options.state_sigma = true;
    return options;
  }

  void Save(const TargetObservations& observations) const {
    StageProvenance provenance;
    provenance.stage = "detect";
    apps::SaveBoardSightings(folder_ / "board.trial.h5", observations,
                             {"board", "", "", "board", "2026-01-01T00:00:00Z"}, provenance,
                             Parallelism(1));
  }

  [[nodiscard]] CommandResult Calibrate(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"calibrate",   "board",          "--board", "board.toml",
                                      "--sightings", "board.trial.h5", "-o",      "rig.toml"};
    words.insert(words.end(), more.begin(), more.end());
    return Medius(words, {folder_.path(), {"SOURCE_DATE_EPOCH=1767225600"}});
  }

  void ExpectRefusal(const TargetObservations& observations, const std::string& sentence,
                     int code = 4) const {
    Save(observations);
    const CommandResult result = Calibrate({"--quick"});
    EXPECT_EQ(result.exit_code, code) << result.error;
    EXPECT_THAT(result.error, StartsWith("medius: "));
    EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
    EXPECT_THAT(result.error, HasSubstr(sentence));
    EXPECT_FALSE(fs::exists(folder_ / "rig.toml"));
  }

  TemporaryFolder folder_;
};

TEST_F(CalibrateBoard, GivesTheRigWithCovarianceReportAndHeldOutError) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  Save(scene.observations);
  const CommandResult result = Calibrate({"--report", "rig.html", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.error;
  const CameraRig rig = storage::ReadRig(folder_ / "rig.toml");
  ASSERT_EQ(rig.cameras.size(), 4U);
  EXPECT_TRUE(rig.joint_covariance.has_value());
  // Distances between cameras do not depend on the frame: a millimetre is a dozen of their sd.
  for (std::size_t c = 1; c < 4; ++c) {
    const double found = (rig.cameras[c].CentreInLab() - rig.cameras[0].CentreInLab()).norm();
    const auto& truth = scene.rig.cameras;
    EXPECT_NEAR(found, (truth[c].CentreInLab() - truth[0].CentreInLab()).norm(), 0.015);
  }
  const nlohmann::json json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json.at("output"), "rig.toml");
  EXPECT_EQ(json.size(), 3U);
  EXPECT_TRUE(json.at("wand_wave").is_null());
  EXPECT_TRUE(json.at("report").contains("cameras"));
  const auto stages = storage::ReadRigProvenance(folder_ / "rig.toml");
  ASSERT_EQ(stages.size(), 1U);
  EXPECT_EQ(stages[0].command.find("rig.html"), std::string::npos);
  const nlohmann::json options = nlohmann::json::parse(stages[0].options_json);
  for (const char* option : {"models", "image_sizes", "focal_guess_px", "refuse_unlikely_lens",
                             "reference_camera", "rate_hz", "mirrored", "min_points"}) {
    EXPECT_TRUE(options.contains(option)) << option;
  }
  EXPECT_EQ(stages[0].inputs[1].name, "board.trial.h5");
  EXPECT_THAT(ReadFile(folder_ / "rig.html"), StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(ReadFile(folder_ / "rig.html"), ::testing::Not(HasSubstr("http://")));
}

TEST_F(CalibrateBoard, GivesTheSameBytesWithAnyNumberOfThreads) {
  Save(MakeBoardScene(SmallRing()).observations);
  std::vector<std::string> rigs;
  for (const char* threads : {"1", "2", "7"}) {
    ASSERT_EQ(Calibrate({"--quick", "--threads", threads, "--report", "rig.html"}).exit_code, 0);
    rigs.push_back(ReadFile(folder_ / "rig.toml"));
  }
  EXPECT_EQ(rigs[0], rigs[1]);
  EXPECT_EQ(rigs[0], rigs[2]);
}

TEST_F(CalibrateBoard, SaysWhatToDoAboutDegenerateRecordings) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  TargetObservations few = scene.observations;
  std::size_t kept = 0;
  std::erase_if(few.views,
                [&](const TargetView& view) { return view.camera.index() == 2 && ++kept > 2; });
  ExpectRefusal(few, "camera cam3 has 2 views");

  TargetObservations apart = scene.observations;
  std::erase_if(apart.views, [](const TargetView& view) {
    return (view.camera.index() < 2) == (view.frame % 2 == 0);
  });
  ExpectRefusal(apart, "{cam1, cam2} and {cam3, cam4}");

  TargetObservations mirrored = scene.observations;
  for (TargetView& view : mirrored.views) {
    if (view.camera.index() != 3) continue;
    for (Eigen::Vector2d& xy : view.xy) xy.x() = 1919.0 - xy.x();
  }
  ExpectRefusal(mirrored, "cam4 sees the board mirrored");

  TargetObservations mislabelled = scene.observations;
  mislabelled.cameras[1].width = 1280;
  mislabelled.cameras[1].height = 720;
  ExpectRefusal(mislabelled, "cam2");
}

TEST_F(CalibrateBoard, RefusesFilesThatAreNotWhatTheyShouldBe) {
  Save(MakeBoardScene(SmallRing()).observations);
  WriteFile(folder_ / "other.toml",
            "kind = \"chessboard\"\nname = \"other\"\ncolumns = 11\nrows = 8\nsquare_mm = 80\n");
  const CommandSettings here{folder_.path(), {}};
  const auto expect = [&](std::vector<std::string> words, int code, const std::string& text) {
    words.insert(words.begin(), {"calibrate", "board", "-o", "rig.toml"});
    const CommandResult result = Medius(words, here);
    EXPECT_EQ(result.exit_code, code) << result.error;
    EXPECT_THAT(result.error, HasSubstr(text));
    EXPECT_FALSE(fs::exists(folder_ / "rig.toml"));
  };
  expect({"--board", "other.toml", "--sightings", "board.trial.h5"}, 3, "board.0");
  expect({"--board", "none.toml", "--sightings", "board.trial.h5"}, 3, "none.toml");
  expect({"--board", "board.toml", "--sightings", "none.h5"}, 3, "none.h5");
  expect({"--board", "board.toml", "--video", "cam1=none.mp4"}, 3, "none.mp4");
  expect({"--board", "board.toml", "--video", "none.mp4"}, 2, "CAM=VALUE");
  expect({"--board", "board.toml"}, 2, "--video");
  expect({"--board", "board.toml", "--sightings", "board.trial.h5", "--model", "pinhole"}, 2,
         "brown_conrady_5");
  expect({"--board", "board.toml", "--sightings", "board.trial.h5", "--fix", "intrinsics"}, 2,
         "--initial");
  WriteFile(folder_ / "cut.trial.h5", ReadFile(folder_ / "board.trial.h5").substr(0, 4000));
  expect({"--board", "board.toml", "--sightings", "cut.trial.h5"}, 3, "cut.trial.h5");
}

TEST_F(CalibrateBoard, HoldsWhatIsKnown) {
  const BoardScene scene = MakeBoardScene(SmallRing());
  Save(scene.observations);
  storage::WriteRig(folder_ / "known.toml", scene.rig);
  ASSERT_EQ(Calibrate({"--quick", "--initial", "known.toml", "--fix", "intrinsics"}).exit_code, 0);
  const CameraRig rig = storage::ReadRig(folder_ / "rig.toml");
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_EQ(rig.cameras[c].model.intrinsics(), scene.rig.cameras[c].model.intrinsics());
  }
}

// Four webcams without a trigger; what other programs reach is in the documentation.
TEST_F(CalibrateBoard, SaysWhatIsWrongWithAWebcamSession) {
  const fs::path session = fs::path(MEDIUS_REAL_DATA_DIR) / "charuco-4cam";
  if (!fs::exists(session)) GTEST_SKIP() << "the recordings are not here";
  std::vector<std::string> words = {"calibrate",
                                    "board",
                                    "--board",
                                    (session / "charuco.toml").string(),
                                    "--timestamps",
                                    (session / "timestamps.csv").string(),
                                    "-o",
                                    "rig.toml",
                                    "--report",
                                    "rig.html",
                                    "--save-sightings",
                                    "board.trial.h5",
                                    "--json",
                                    "--video"};
  for (const char* camera : {"cam_0", "cam_1", "cam_2", "cam_3"}) {
    words.push_back(fmt::format("{}={}", camera, (session / camera).string() + ".mp4"));
  }
  const CommandResult result = Medius(words, {folder_.path(), {}});
  ASSERT_EQ(result.exit_code, 0) << result.error;
  const nlohmann::json report = nlohmann::json::parse(result.output).at("report");
  EXPECT_LE(report.at("held_out").at("rms_px").get<double>(), 0.98);
  double with_times = 1e9;
  for (const auto& other : report.at("held_out").at("alternatives")) {
    with_times = std::min(with_times, other.at("rms_px").get<double>());
  }
  EXPECT_LE(with_times, 0.88);
  EXPECT_THAT(ReadFile(folder_ / "rig.html"), HasSubstr("synchronized"));

  // The points alone give the same rig again, to the rounding of their pixels.
  const CameraRig rig = storage::ReadRig(folder_ / "rig.toml");
  const CommandResult again =
      Medius({"calibrate", "board", "--board", (session / "charuco.toml").string(), "--sightings",
              "board.trial.h5", "--quick", "-o", "again.toml"},
             {folder_.path(), {}});
  ASSERT_EQ(again.exit_code, 0) << again.error;
  const CameraRig same = storage::ReadRig(folder_ / "again.toml");
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_NEAR(rig.cameras[c].model.intrinsics()[0], same.cameras[c].model.intrinsics()[0], 0.1);
  }
}

TEST_F(CalibrateBoard, TakesAFocalLengthForOneCameraOnly) {
  Save(MakeBoardScene(SmallRing()).observations);
  const CommandResult result = Calibrate({"--quick", "--focal-px", "cam2=1300"});
  ASSERT_EQ(result.exit_code, 0) << result.error;
  const auto stages = storage::ReadRigProvenance(folder_ / "rig.toml");
  const auto options = nlohmann::json::parse(stages.at(0).options_json);
  EXPECT_EQ(options["focal_guess_px"], nlohmann::json({{"cam2", 1300.0}}));
}

// Pixels wider than high by a third: an anamorphic image, or one that was squeezed by mistake.
TEST_F(CalibrateBoard, TakesAnUnusualLensWhereItIsWanted) {
  TargetObservations squeezed = MakeBoardScene(SmallRing()).observations;
  squeezed.cameras[1].width = 1440;  // of 1920
  for (TargetView& view : squeezed.views) {
    if (view.camera.index() != 1) continue;
    for (Eigen::Vector2d& xy : view.xy) xy.x() = 0.75 * (xy.x() + 0.5) - 0.5;
  }
  ExpectRefusal(squeezed, "say --allow-unusual-lens");
  const CommandResult result = Calibrate({"--quick", "--allow-unusual-lens"});
  ASSERT_EQ(result.exit_code, 0) << result.error;
  const CameraRig rig = storage::ReadRig(folder_ / "rig.toml");
  const std::vector<double>& lens = rig.cameras[1].model.intrinsics();
  EXPECT_NEAR(lens[0] / lens[1], 0.75, 0.01);
}

}  // namespace
}  // namespace medius::testing
