// Accuracy and speed of calibration from a wand on a virtual ring: ours, the goal and what another
// program reaches on the same problem, side by side. Seeds here were not used for tuning.
//   benchmark_wand [--seeds N] [--first SEED] [--threads N] [section ...]
//   sections: modes wands hard

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <numbers>
#include <string>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <fmt/format.h>

#include "calibration/calibrate_wand.hpp"
#include "calibration/reduced_normal.hpp"
#include "calibration/rig_start.hpp"
#include "calibration/so3.hpp"
#include "calibration/uncertainty.hpp"
#include "tests/calibration/wand_scene.hpp"

namespace medius::calibration {
namespace {

enum class Mode { kKnown, kRough, kUnknown };

struct Settings {
  std::size_t seeds = 20;
  std::uint64_t first_seed = 5001;
  int threads = 1;
  std::vector<std::string> sections;

  [[nodiscard]] bool Wants(const std::string& section) const {
    return sections.empty() ||
           std::find(sections.begin(), sections.end(), section) != sections.end();
  }
};

void Row(const std::string& what, const std::string& ours, const std::string& goal,
         const std::string& anchors = "") {
  fmt::print("{:<50} | {:<32} | {:<16} | {}\n", what, ours, goal, anchors);
  std::fflush(stdout);
}

// 30 markers moving like a runner about the middle of the volume.
std::vector<Eigen::Vector3d> RunnerMarkers() {
  std::vector<Eigen::Vector3d> points;
  for (int t = 0; t < 20; ++t) {
    const double phase = 2.0 * std::numbers::pi * t / 20.0;
    for (int m = 0; m < 30; ++m) {
      const double side = m % 2 == 0 ? 1.0 : -1.0;
      const double height = 0.08 + 1.55 * m / 29.0;
      const double swing = 0.45 * (1.0 - height / 1.7) * std::sin(phase + (side > 0 ? 0.0 : 3.14));
      points.emplace_back(swing + 0.05 * std::sin(7.0 * m), side * (0.1 + 0.08 * height),
                          height + 0.04 * std::cos(2.0 * phase));
    }
  }
  return points;
}

// Maximum-likelihood point from exact pixels in a rig: what is left is the error of the rig.
Eigen::Vector3d Triangulate(const CameraRig& rig, const std::vector<bool>& sees,
                            const std::vector<Eigen::Vector2d>& xy, Eigen::Vector3d x) {
  for (int i = 0; i < 20; ++i) {
    Eigen::Matrix3d H = Eigen::Matrix3d::Zero();
    Eigen::Vector3d g = Eigen::Vector3d::Zero();
    for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
      if (!sees[c]) continue;
      const Camera& camera = rig.cameras[c];
      const auto pixel = camera.model.ProjectWithJacobian(camera.camera_from_lab * x);
      if (!pixel) continue;
      const Eigen::Matrix<double, 2, 3> J = pixel->d_xy_d_point * camera.camera_from_lab.rotation;
      H += J.transpose() * J;
      g += J.transpose() * (xy[c] - pixel->xy);
    }
    const Eigen::Vector3d step = H.ldlt().solve(g);
    x += step;
    if (step.norm() < 1e-12) break;
  }
  return x;
}

// Takes the best rigid motion of a cloud out of small changes of its points.
Eigen::MatrixXd RigidFree(const std::vector<Eigen::Vector3d>& points,
                          const Eigen::MatrixXd& change) {
  Eigen::MatrixXd M(change.rows(), 6);
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  for (const auto& p : points) mean += p / static_cast<double>(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(3 * i);
    M.block<3, 3>(row, 0) = -Skew(points[i] - mean);
    M.block<3, 3>(row, 3).setIdentity();
  }
  const Eigen::MatrixXd Q =
      M.householderQr().householderQ() * Eigen::MatrixXd::Identity(M.rows(), 6);
  return change - Q * (Q.transpose() * change);
}

// Mean square error of the runner's markers caused by the calibration, and its bound, mm^2.
struct Score {
  double error2 = 0.0;
  double bound2 = 0.0;
};

RigCovariance BoundOf(const WandScene& scene, const CalibrationOptions& options) {
  const SceneTruth truth = TruthOf(scene);
  const ReducedNormal normal =
      ReduceNormal(truth.data, truth.use, truth.state, options.parallelism);
  const HeldParameters held = HeldBy(options, truth.state);
  RigCovariance covariance;
  covariance.layout = normal.layout;
  covariance.matrix = scene.sigma * scene.sigma *
                      InvertFree(normal, FreeParameters(normal.layout, truth.state, held)).matrix;
  return covariance;
}

Score ScoreOf(const WandScene& scene, const WandCalibration& found) {
  const RigCovariance bound = BoundOf(scene, found.result.options);
  CameraRig truth = scene.rig;
  const RigidTransform reference_from_lab = truth.cameras[0].camera_from_lab;
  for (Camera& camera : truth.cameras) {
    camera.camera_from_lab = camera.camera_from_lab * reference_from_lab.Inverse();
  }
  // A rig that started from an initial one has its lab: only the markers' shape is compared.
  const RigidTransform found_from_reference = found.result.rig.cameras[0].camera_from_lab.Inverse();
  std::vector<Eigen::Vector3d> points;
  std::vector<Eigen::Vector3d> errors;
  std::vector<Eigen::MatrixXd> sensitivities;
  for (const Eigen::Vector3d& x_in_lab : RunnerMarkers()) {
    const Eigen::Vector3d x = reference_from_lab * x_in_lab;
    std::vector<bool> sees;
    std::vector<Eigen::Vector2d> xy;
    for (const Camera& camera : truth.cameras) {
      const auto pixel = camera.Project(x);
      sees.push_back(pixel && camera.IsInImage(*pixel));
      xy.push_back(sees.back() ? *pixel : Eigen::Vector2d::Zero());
    }
    const auto sensitivity = SensitivityOf(truth, bound.layout, x, sees);
    if (!sensitivity) continue;
    points.push_back(x);
    const Eigen::Vector3d there = Triangulate(found.result.rig, sees, xy, found_from_reference * x);
    errors.push_back(found_from_reference.Inverse() * there - x);
    sensitivities.push_back(sensitivity->by_parameters);
  }
  Eigen::MatrixXd error(static_cast<Eigen::Index>(3 * points.size()), 1);
  Eigen::MatrixXd G(error.rows(), bound.layout.size);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(3 * i);
    error.block<3, 1>(row, 0) = errors[i];
    G.middleRows<3>(row) = sensitivities[i];
  }
  const Eigen::MatrixXd free_G = RigidFree(points, G);
  const double scale = 1e6 / static_cast<double>(points.size());
  return {scale * RigidFree(points, error).squaredNorm(),
          scale * (free_G * bound.matrix).cwiseProduct(free_G).sum()};
}

// What each mode knows of the lenses. Roughly: focal lengths off by 5 to 10 %, no distortion.
WandOptions OptionsOf(Mode mode, const WandScene& scene, const Settings& settings) {
  WandOptions options;
  options.calibration.parallelism = Parallelism(settings.threads);
  options.calibration.held_intrinsics = {8};  // the lens of the problem has no k3
  if (mode == Mode::kRough) {
    for (std::size_t c = 0; c < scene.rig.cameras.size(); ++c) {
      const double factor = (c % 2 == 0 ? 1.0 : -1.0) * (0.05 + 0.01 * static_cast<double>(c));
      options.calibration.focal_guess.push_back((1.0 + factor) *
                                                scene.rig.cameras[c].model.intrinsics()[0]);
    }
  }
  if (mode == Mode::kKnown) {
    options.calibration.initial = scene.rig;
    options.calibration.hold_intrinsics = true;
    // Nothing is known of the places.
    for (Camera& camera : options.calibration.initial->cameras) camera.camera_from_lab = {};
  }
  return options;
}

struct Outcome {
  std::vector<double> ratio2;
  double error2 = 0.0;
  double cpu = 0.0;
  double slowest = 0.0;
  std::size_t failed = 0;
  std::size_t usable = 0;  // by the truth
  std::size_t used = 0;

  [[nodiscard]] double Mean() const {
    double sum = 0.0;
    for (const double r : ratio2) sum += r;
    return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, ratio2.size())));
  }
  [[nodiscard]] double Worst() const {
    return ratio2.empty() ? 0.0 : std::sqrt(*std::max_element(ratio2.begin(), ratio2.end()));
  }
};

Outcome Run(const Settings& settings, const WandSceneOptions& base, Mode mode) {
  Outcome outcome;
  for (std::size_t i = 0; i < settings.seeds; ++i) {
    WandSceneOptions scene_options = base;
    scene_options.rig.seed = settings.first_seed + i;
    const WandScene scene = MakeWandScene(scene_options);
    const WandOptions options = OptionsOf(mode, scene, settings);
    const std::clock_t start = std::clock();
    const WandCalibration found = CalibrateWand(scene.dots, scene.wand, options);
    const double cpu = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    outcome.cpu += cpu / static_cast<double>(settings.seeds);
    outcome.slowest = std::max(outcome.slowest, cpu);
    if (found.result.status != CalibrationStatus::kConverged) {
      ++outcome.failed;
      fmt::print("  seed {}: {}\n", scene_options.rig.seed, found.result.degeneracy.sentence);
      continue;
    }
    const Score score = ScoreOf(scene, found);
    outcome.ratio2.push_back(score.error2 / score.bound2);
    outcome.error2 += score.error2;
    for (const TargetView& view : UsableTruth(scene).views) outcome.usable += view.xy.size();
    outcome.used += found.used;
  }
  return outcome;
}

void Print(const std::string& name, const Outcome& outcome, const std::string& goal,
           const std::string& anchor) {
  const auto count = static_cast<double>(std::max<std::size_t>(1, outcome.ratio2.size()));
  Row(name + ": markers x bound",
      fmt::format("{:.3f} (worst {:.2f}, {} failed)", outcome.Mean(), outcome.Worst(),
                  outcome.failed),
      goal, anchor);
  Row(name + ": markers' error, mm", fmt::format("{:.3f}", std::sqrt(outcome.error2 / count)), "");
  Row(name + ": used of usable sightings",
      fmt::format("{} of {} ({:.2f} %)", outcome.used, outcome.usable,
                  100.0 * static_cast<double>(outcome.used) /
                      static_cast<double>(std::max<std::size_t>(1, outcome.usable))),
      "every one");
  Row(name + ": CPU s, mean and slowest",
      fmt::format("{:.2f}, {:.2f}", outcome.cpu, outcome.slowest), "<= 1", "argus 8");
}

void Modes(const Settings& settings) {
  const std::string argus = "argus 2.4-3.7, stalls where distortion is free";
  const WandSceneOptions scene;
  Print("3 markers, lenses known", Run(settings, scene, Mode::kKnown), "<= 1.1", argus);
  Print("3 markers, roughly known", Run(settings, scene, Mode::kRough), "<= 1.1", argus);
  Print("3 markers, unknown", Run(settings, scene, Mode::kUnknown), "<= 1.1", argus);
}

void Wands(const Settings& settings) {
  WandSceneOptions scene;
  scene.wand = TwoMarkerWand();
  Print("2 markers, unknown", Run(settings, scene, Mode::kUnknown), "<= 1.1", "");
  scene.wand = FiveMarkerWand();
  Print("5 markers in a T, unknown", Run(settings, scene, Mode::kUnknown), "<= 1.1", "");
  scene.wand = ThreeMarkerWand();
  scene.clutter = 1.0;
  Print("3 markers, one false dot a view", Run(settings, scene, Mode::kUnknown), "<= 1.1", "");
}

void Hard(const Settings& settings) {
  WandSceneOptions scene;
  scene.frames = 100;
  Print("3 markers, 100 frames", Run(settings, scene, Mode::kUnknown), "", "");
  scene.frames = 600;
  scene.rig.places = BoardSceneOptions::Places::kChain;
  scene.rig.cameras = 6;
  scene.volume = {4.0, 0.5, 0.8};
  scene.visible_share = 0.9;
  Print("chain of 6, neighbours overlap", Run(settings, scene, Mode::kUnknown), "", "");
}

}  // namespace

int Main(const std::vector<std::string>& arguments) {
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
  if (settings.Wants("modes")) Modes(settings);
  if (settings.Wants("wands")) Wands(settings);
  if (settings.Wants("hard")) Hard(settings);
  return 0;
}

}  // namespace medius::calibration

int main(int argc, char** argv) {
  return medius::calibration::Main(std::vector<std::string>(argv + 1, argv + argc));
}
