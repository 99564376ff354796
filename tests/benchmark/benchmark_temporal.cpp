// Time offsets between cameras: error against truth on virtual recordings of a moving board and a
// moving wand, and the held-out residual of a real session of webcams. Seeds were not used for
// tuning.
//   benchmark_temporal [section ...]   sections: board wand jitter real
//   --seeds N, --first SEED, --threads N

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "calibration/calibrate.hpp"
#include "calibration/cross_validation.hpp"
#include "calibration/temporal.hpp"
#include "capture/board_detector.hpp"
#include "tests/calibration/moving_scene.hpp"

namespace medius::calibration {
namespace {

struct Settings {
  std::size_t seeds = 24;
  std::uint64_t first_seed = 7001;
  int threads = 1;
  std::vector<std::string> sections;

  [[nodiscard]] bool Wants(const std::string& section) const {
    return sections.empty() ||
           std::find(sections.begin(), sections.end(), section) != sections.end();
  }
};

void Row(const std::string& what, const std::string& ours, const std::string& goal,
         const std::string& anchors = "") {
  fmt::print("{:<58} | {:<28} | {:<20} | {}\n", what, ours, goal, anchors);
  std::fflush(stdout);
}

// Errors of the offsets over seeds, in frames.
struct OffsetScore {
  double squares = 0.0;
  double stated = 0.0;
  double worst = 0.0;
  double nees = 0.0;
  double count = 0.0;
  double cpu = 0.0;
  double runs = 0.0;
  std::size_t failed = 0;
};

CalibrationResult StartOf(const MovingSceneOptions& options, const MovingScene& scene,
                          int threads) {
  if (options.target == MovingSceneOptions::Target::kWand) return StartNearTruth(scene);
  CalibrationOptions calibration;
  calibration.parallelism = Parallelism(threads);
  return Calibrate(scene.observations, calibration);
}

void ScoreOffsets(const MovingSceneOptions& options, const MovingScene& scene,
                  const TemporalResult& result, OffsetScore* score) {
  const auto cameras = static_cast<Eigen::Index>(scene.rig.cameras.size());
  Eigen::VectorXd error(cameras - 1);
  Eigen::MatrixXd covariance(cameras - 1, cameras - 1);
  for (Eigen::Index a = 1; a < cameras; ++a) {
    const Camera& truth = scene.rig.cameras[static_cast<std::size_t>(a)];
    error[a - 1] = result.timing[static_cast<std::size_t>(a)].offset - truth.time_offset;
    for (Eigen::Index b = 1; b < cameras; ++b) {
      covariance(a - 1, b - 1) = result.timing_covariance(3 * a, 3 * b);
    }
  }
  score->nees += error.dot(covariance.ldlt().solve(error));
  score->count += static_cast<double>(cameras - 1);
  score->squares += (error * options.rate_hz).squaredNorm();
  score->stated += covariance.trace() * options.rate_hz * options.rate_hz;
  score->worst = std::max(score->worst, (error * options.rate_hz).cwiseAbs().maxCoeff());
}

void Offsets(const Settings& settings, const std::string& name, MovingSceneOptions options) {
  OffsetScore score;
  for (std::size_t i = 0; i < settings.seeds; ++i) {
    options.seed = settings.first_seed + i;
    const MovingScene scene = MakeMovingScene(options);
    const CalibrationResult start = StartOf(options, scene, settings.threads);
    TemporalOptions timing;
    timing.frame_jitter = options.frame_jitter > 0.0;
    if (start.status != CalibrationStatus::kConverged) {
      ++score.failed;
      fmt::print("  seed {}: no start: {}\n", options.seed, start.degeneracy.sentence);
      continue;
    }
    const std::clock_t begin = std::clock();
    const TemporalResult result = AdjustTemporal(scene.observations, start, timing);
    score.cpu += static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    score.runs += 1.0;
    if (result.calibration.status != CalibrationStatus::kConverged ||
        !result.unobservable.empty()) {
      ++score.failed;
      fmt::print("  seed {}: status {}, {} offsets not told\n", options.seed,
                 static_cast<int>(result.calibration.status), result.unobservable.size());
      continue;
    }
    ScoreOffsets(options, scene, result, &score);
  }
  Row(name + ": rms error, worst, frames",
      fmt::format("{:.5f}, {:.4f} ({} failed)", std::sqrt(score.squares / score.count), score.worst,
                  score.failed),
      "<= 0.02", "no other program of the page estimates them");
  Row(name + ": NEES / n",
      fmt::format("{:.3f} (n = {:.0f})", score.nees / score.count, score.count),
      fmt::format("1 +- {:.3f}", 1.96 * std::sqrt(2.0 / score.count)));
  Row(name + ": stated over observed sd",
      fmt::format("{:.3f}", std::sqrt(score.stated / score.squares)), "0.9-1.1");
  Row(name + ": CPU s of the adjustment", fmt::format("{:.2f}", score.cpu / score.runs), "a few");
}

TargetObservations RealSession(const std::filesystem::path& folder) {
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
  const auto grouping = capture::GroupByTimeStamps(
      names, capture::ParseTimeStamps(text, "timestamps.csv"), 0.0, "timestamps.csv");
  return capture::DetectBoards({board}, cameras, grouping, {}, Parallelism(1)).observations;
}

void Real(const Settings& settings) {
  const auto folder = std::filesystem::path(MEDIUS_REAL_DATA_DIR) / "charuco-4cam";
  if (!std::filesystem::exists(folder)) {
    fmt::print("real session: the recordings are not here\n");
    return;
  }
  const TargetObservations observations = RealSession(folder);
  CalibrationOptions options;
  options.parallelism = Parallelism(settings.threads);
  const CalibrationResult start = Calibrate(observations, options);
  const std::clock_t begin = std::clock();
  const TimingDiagnosis diagnosis = DiagnoseTiming(observations, start);
  const double cpu = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  for (std::size_t i = 0; i < diagnosis.advice.scores.size(); ++i) {
    const CrossValidation& score = diagnosis.advice.scores[i];
    const std::string& name = diagnosis.advice.candidates[i].name;
    if (!score.valid) {
      Row("held out, px: " + name, score.problem, "");
      continue;
    }
    Row("held out, px: " + name, fmt::format("{:.3f} +- {:.3f}", score.rms, score.rms_se),
        i == 0 ? "<= 0.98" : "<= 0.88",
        i == 0 ? "MC-Calib 0.992, mrcal 0.995, caliscope 1.115, aniposelib 1.162"
               : "none models it");
    Row("  first half on second, second on first, corrected",
        fmt::format("{:.3f}, {:.3f}, {:.3f}", score.half[0].rms, score.half[1].rms,
                    score.corrected),
        "");
  }
  Row("diagnosis: CPU s", fmt::format("{:.1f}", cpu), "");
  for (const std::string& sentence : diagnosis.sentences) fmt::print("  {}\n", sentence);
}

}  // namespace

int Run(const std::vector<std::string>& arguments) {
  Settings settings;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto number = [&] { return std::stoul(arguments.at(++i)); };
    if (arguments[i] == "--seeds") {
      settings.seeds = number();
    } else if (arguments[i] == "--first") {
      settings.first_seed = number();
    } else if (arguments[i] == "--threads") {
      settings.threads = static_cast<int>(number());
    } else {
      settings.sections.push_back(arguments[i]);
    }
  }
  Row("quantity", "ours", "goal", "others");
  MovingSceneOptions scene;
  scene.cameras = 6;
  scene.frames = 300;
  if (settings.Wants("board")) Offsets(settings, "board, 6 cameras, 300 frames", scene);
  MovingSceneOptions wand = scene;
  wand.target = MovingSceneOptions::Target::kWand;
  if (settings.Wants("wand")) Offsets(settings, "wand, 6 cameras, 300 frames", wand);
  MovingSceneOptions jitter = scene;
  jitter.frame_jitter = 0.1 / scene.rate_hz;
  if (settings.Wants("jitter")) Offsets(settings, "board, frames jitter by 0.1 frame", jitter);
  if (settings.Wants("real")) Real(settings);
  return 0;
}

}  // namespace medius::calibration

int main(int argc, char** argv) {
  return medius::calibration::Run(std::vector<std::string>(argv + 1, argv + argc));
}
