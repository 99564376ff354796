// The report of a recording that other people made: it must say what is wrong with it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/calibration_report.hpp"
#include "calibration/calibrate.hpp"
#include "calibration/held_out.hpp"
#include "capture/board_detector.hpp"

namespace medius::apps {
namespace {

using ::testing::HasSubstr;

TargetObservations SightingsOf(const std::filesystem::path& folder) {
  capture::Board board;
  board.kind = capture::BoardKind::kCharuco;
  board.columns = 4;
  board.rows = 5;
  board.pitch = 0.054;
  board.dictionary = "DICT_4X4_1000";
  board.inverted = true;
  std::vector<std::string> names;
  std::vector<capture::CameraImages> cameras;
  for (const char* name : {"cam_0", "cam_1", "cam_2", "cam_3"}) {
    names.emplace_back(name);
    cameras.push_back({name, capture::OpenImages(folder / (std::string(name) + ".mp4"))});
  }
  std::ifstream file(folder / "timestamps.csv");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const capture::FrameGrouping grouping = capture::GroupByTimeStamps(
      names, capture::ParseTimeStamps(text, "timestamps.csv"), 0.0, "timestamps.csv");
  return capture::DetectBoards({board}, cameras, grouping, {}, Parallelism(2)).observations;
}

calibration::HeldOutNumbers HeldOutOf(const TargetObservations& observations) {
  const TargetObservations even = calibration::EverySecondInstant(observations, false);
  const TargetObservations odd = calibration::EverySecondInstant(observations, true);
  const CameraRig rig = calibration::Calibrate(even, {}).rig;
  const calibration::HeldOutScore training = calibration::ScoreHeldOut(rig, even, Parallelism(2));
  const calibration::HeldOutScore score = calibration::ScoreHeldOut(rig, odd, Parallelism(2));
  calibration::HeldOutNumbers numbers;
  numbers.method = "fitted on even instants, scored on odd";
  numbers.training_rms = training.rms;
  numbers.rms = score.rms;
  numbers.sightings = score.sightings;
  numbers.poses = score.poses;
  numbers.lost_views = score.lost_views;
  numbers.rms_of_camera = score.rms_of_camera;
  return numbers;
}

TEST(CalibrationReport, SaysThatTheWebcamsOfARealSessionAreNotSynchronized) {
  const std::filesystem::path folder = std::filesystem::path(MEDIUS_REAL_DATA_DIR) / "charuco-4cam";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the recordings are not here";
  CalibrationReport report;
  report.rig_name = "charuco-4cam.toml";
  report.target = "ChArUco 4 x 5, 54 mm squares";
  report.observations = SightingsOf(folder);
  report.result = calibration::Calibrate(report.observations, {});
  ASSERT_EQ(report.result.status, calibration::CalibrationStatus::kConverged);
  calibration::QualityInputs inputs;
  inputs.held_out = HeldOutOf(report.observations);
  report.quality = calibration::AssessQuality(report.observations, report.result, inputs);
  EXPECT_NE(report.quality.verdict.grade, calibration::Grade::kGood);
  const auto& findings = report.quality.verdict.findings;
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [](const auto& one) { return one.key == "time_stamps"; });
  ASSERT_NE(found, findings.end());
  EXPECT_THAT(found->action, HasSubstr("Synchronize the cameras"));
  const std::filesystem::path page =
      std::filesystem::path(::testing::TempDir()) / "medius-real.html";
  WriteCalibrationReport(page, report);
  EXPECT_GT(std::filesystem::file_size(page), 10'000U);
}

}  // namespace
}  // namespace medius::apps
