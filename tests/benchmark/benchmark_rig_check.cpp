// `medius calibrate check` on the virtual lab: untouched trials must not alarm, moved cameras must
// be found, named and mended. Prints ours beside the goals. Not a Google Benchmark.
//
//   benchmark_rig_check [untouched trials] [moved trials] [first seed]

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "calibration/frame_sample.hpp"
#include "calibration/rig_check.hpp"
#include "calibration/so3.hpp"
#include "capture/virtual_body.hpp"
#include "capture/virtual_cameras.hpp"
#include "capture/virtual_rig.hpp"
#include "capture/virtual_runner.hpp"
#include "tests/calibration/rig_errors.hpp"

namespace medius {
namespace {

using calibration::CameraVerdict;
using calibration::RigCheck;

constexpr double kDegree = 3.14159265358979323846 / 180.0;
constexpr std::size_t kFrames = 600;

struct Trial {
  CameraRig truth;
  CameraRig rig;  // as calibrated: with an error of its covariance, or without either
  ObservationBlock seen;
  std::vector<double> time;
};

Trial Record(std::uint64_t seed, bool labels, bool uncertain, const CameraRig* moved = nullptr) {
  capture::Scenario scenario;
  scenario.seed = seed;
  scenario.run.duration = 20.0;
  scenario.effects.labels = labels;
  const CameraRig ring = capture::BuildRing(scenario.rig, seed);
  const capture::VirtualRunner runner(scenario.body, scenario.run, scenario.rig.centre, seed);
  const capture::RunnerScene scene(runner, scenario.body, seed);
  const TimeBase time_base = TimeBase::Uniform(scenario.rate_hz, 4001);
  Trial trial;
  trial.truth = moved != nullptr ? *moved : ring;
  trial.rig = uncertain ? calibration::WithBoardErrors(ring, seed) : ring;
  for (const std::size_t frame : calibration::FramesToCheck(time_base.frame_count(), kFrames)) {
    calibration::AppendFrames(
        capture::Look(scene, trial.truth, time_base, {frame, 1}, scenario.effects, seed),
        &trial.seen);
    trial.time.push_back(time_base.time[frame]);
  }
  return trial;
}

std::vector<std::size_t> Accused(const RigCheck& check) {
  std::vector<std::size_t> accused;
  for (std::size_t c = 0; c < check.cameras.size(); ++c) {
    const CameraVerdict v = check.cameras[c].verdict;
    if (v != CameraVerdict::kStill && v != CameraVerdict::kNotJudged) accused.push_back(c);
  }
  return accused;
}

void Untouched(std::size_t count, std::uint64_t first, bool labels, bool uncertain) {
  std::size_t alarms = 0;
  std::size_t changes = 0;
  std::size_t unjudged = 0;
  double least = 1.0;
  double most_reduction = 0.0;
  double mean_reduction = 0.0;
  double judged = 0.0;
  double cpu = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    const Trial trial = Record(first + i, labels, uncertain);
    const std::clock_t start = std::clock();
    const RigCheck check = calibration::CheckRig(trial.rig, trial.seen, trial.time, {});
    cpu += static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    alarms += Accused(check).empty() ? 0 : 1;
    for (const auto& camera : check.cameras) {
      changes += camera.change ? 1 : 0;
      unjudged += camera.verdict == CameraVerdict::kNotJudged ? 1 : 0;
      least = std::min(least, camera.probability);
      most_reduction = std::max(most_reduction, camera.reduction);
      mean_reduction += camera.reduction;
      judged += 1.0;
    }
  }
  fmt::print(
      "untouched, {:<10} rig {:<24}: {} trials, {} alarms (goal 0), {} changes, {} not judged, "
      "least p {:.1e}, reduction mean {:.1f} (6 expected) most {:.0f}, {:.2f} CPU s each\n",
      labels ? "labelled," : "unlabelled,", uncertain ? "with board calibration" : "true", count,
      alarms, changes, unjudged, least, mean_reduction / judged, most_reduction,
      cpu / static_cast<double>(count));
}

double TurnBetween(const Camera& a, const Camera& b) {
  return calibration::RotationAngle(a.camera_from_lab.rotation *
                                    b.camera_from_lab.rotation.transpose());
}

struct Move {
  std::string name;
  std::vector<std::size_t> cameras;
  double degrees;
  int axis;  // 0 x, 1 y, 2 z of the camera, 3 any
  double millimetres;
};

CameraRig Moved(CameraRig rig, const Move& move, std::uint64_t seed) {
  for (const std::size_t c : move.cameras) {
    Eigen::Vector3d axis = Eigen::Vector3d::Zero();
    if (move.axis < 3) {
      axis(move.axis) = 1.0;
    } else {
      axis = Eigen::Vector3d(std::sin(1.0 + static_cast<double>(seed)),
                             std::cos(3.0 * static_cast<double>(seed + c)), 0.3)
                 .normalized();
    }
    Camera& camera = rig.cameras[c];
    const Eigen::Vector3d centre =
        camera.CentreInLab() + 1e-3 * move.millimetres *
                                   Eigen::Vector3d(std::cos(static_cast<double>(seed)),
                                                   std::sin(static_cast<double>(seed)), 0.4)
                                       .normalized();
    const Eigen::Matrix3d turn = calibration::RotationFromVector(move.degrees * kDegree * axis);
    camera.camera_from_lab.rotation = turn * camera.camera_from_lab.rotation;
    camera.camera_from_lab.translation = -camera.camera_from_lab.rotation * centre;
  }
  return rig;
}

void Touched(std::size_t count, std::uint64_t first, bool labels, bool uncertain, Move move) {
  std::size_t named = 0;
  double worst = 0.0;
  double sum = 0.0;
  double worst_mm = 0.0;
  std::string wrong;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t seed = first + i;
    Move here = move;
    for (std::size_t& c : here.cameras) c = (c + i) % 8;
    std::sort(here.cameras.begin(), here.cameras.end());
    const CameraRig moved = Moved(capture::BuildRing({}, seed), here, seed);
    const Trial trial = Record(seed, labels, uncertain, &moved);
    const RigCheck check = calibration::CheckRig(trial.rig, trial.seen, trial.time, {});
    if (check.With(CameraVerdict::kMoved) == here.cameras && Accused(check) == here.cameras) {
      ++named;
    } else {
      wrong += fmt::format(" {}", seed);
    }
    // An untouched camera of this rig would stand where the calibration says, in error as it is.
    const CameraRig ideal = Moved(trial.rig, here, seed);
    for (const std::size_t c : here.cameras) {
      const double error = TurnBetween(check.mended.cameras[c], ideal.cameras[c]) / kDegree;
      worst = std::max(worst, error);
      sum += error / static_cast<double>(here.cameras.size());
      worst_mm = std::max(
          worst_mm,
          1e3 * (check.mended.cameras[c].CentreInLab() - moved.cameras[c].CentreInLab()).norm());
    }
  }
  fmt::print(
      "{:<34} {:<10} rig {:<24}: named {} of {}, mended error mean {:.4f} worst {:.4f} deg (goal "
      "0.01), worst {:.2f} mm{}\n",
      move.name + ",", labels ? "labelled," : "unlabelled,",
      uncertain ? "with board calibration" : "true", named, count, sum / static_cast<double>(count),
      worst, worst_mm, wrong.empty() ? "" : "; wrong seeds" + wrong);
}

}  // namespace
}  // namespace medius

int main(int argc, char** argv) {
  const auto number = [&](int i, unsigned long otherwise) {
    return argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise;
  };
  const std::size_t untouched = number(1, 100);
  const std::size_t moved = number(2, 8);
  const std::uint64_t first = number(3, 5000);
  using medius::Move;
  for (const bool labels : {true, false}) {
    for (const bool uncertain : {true, false}) {
      medius::Untouched(labels == uncertain ? untouched : untouched / 4, first, labels, uncertain);
    }
    for (const Move& move :
         {Move{"0.1 deg about x", {0}, 0.1, 0, 0.0}, Move{"0.1 deg about y", {1}, 0.1, 1, 0.0},
          Move{"0.1 deg about its axis", {2}, 0.1, 2, 0.0},
          Move{"0.1 deg and 3 mm", {3}, 0.1, 3, 3.0}, Move{"1 deg", {4}, 1.0, 3, 5.0},
          Move{"two cameras, 0.1 deg", {1, 4}, 0.1, 3, 0.0}}) {
      medius::Touched(moved, first + 1000, labels, false, move);
    }
    medius::Touched(moved, first + 2000, labels, true, {"0.1 deg about x", {5}, 0.1, 0, 0.0});
    medius::Touched(moved, first + 2000, labels, true,
                    {"0.1 deg about its axis", {5}, 0.1, 2, 0.0});
  }
  return 0;
}
