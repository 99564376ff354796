// Accuracy and speed of calibration from boards on virtual rigs: ours, the goal and what other
// programs reach on the same problem, side by side. Seeds here were not used for tuning.
//   benchmark_calibration [section ...]   sections: speed ring outliers hard random covariance map
//   scaling bend triangulation
//   --seeds N, --first SEED, --threads N, --cameras N (of the ring)

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/SVD>
#include <fmt/format.h>
#include <sys/resource.h>

#include "calibration/calibrate.hpp"
#include "calibration/reduced_normal.hpp"
#include "calibration/so3.hpp"
#include "calibration/uncertainty.hpp"
#include "reconstruct/triangulation.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

struct Settings {
  std::size_t seeds = 20;
  std::uint64_t first_seed = 1001;
  int threads = 1;
  std::size_t cameras = 6;  // of the rings
  std::vector<std::string> sections;

  [[nodiscard]] bool Wants(const std::string& section) const {
    return sections.empty() ||
           std::find(sections.begin(), sections.end(), section) != sections.end();
  }
};

void Row(const std::string& what, const std::string& ours, const std::string& goal,
         const std::string& anchors = "") {
  fmt::print("{:<46} | {:<26} | {:<18} | {}\n", what, ours, goal, anchors);
  std::fflush(stdout);
}

double PeakMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

struct Timed {
  CalibrationResult result;
  double cpu = 0.0;
  double wall = 0.0;
};

Timed TimedCalibrate(const TargetObservations& observations, const CalibrationOptions& options) {
  Timed timed;
  const auto wall = std::chrono::steady_clock::now();
  const std::clock_t cpu = std::clock();
  timed.result = Calibrate(observations, options);
  timed.cpu = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  timed.wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
  return timed;
}

// 30 markers moving like a runner about the middle of the volume, [instants * markers].
std::vector<Eigen::Vector3d> RunnerMarkers() {
  std::vector<Eigen::Vector3d> points;
  for (int t = 0; t < 20; ++t) {
    const double phase = 2.0 * std::numbers::pi * t / 20.0;
    for (int m = 0; m < 30; ++m) {
      const double side = m % 2 == 0 ? 1.0 : -1.0;
      const double height = 0.08 + 1.55 * m / 29.0;
      const double swing =
          (0.45 * (1.0 - height / 1.7)) * std::sin(phase + (side > 0 ? 0.0 : 3.14));
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

// Truth, bound and errors of one calibrated scene.
struct Score {
  double marker_error2 = 0.0;  // mm^2, mean square 3D error of the markers, rigidly aligned
  double marker_bound2 = 0.0;
  double marker_spread = 0.0;  // variance of marker_error2 over marker_bound2, by the bound itself
  double centre_error2 = 0.0;  // mm^2, in the gauge of the cameras' centres
  double centre_bound2 = 0.0;
  double focal_error2 = 0.0;  // px^2
  double focal_bound2 = 0.0;
  double nees = 0.0;  // normalized squared error of all parameters, over their number
  double nees_count = 0.0;
  double centre_stated2 = 0.0;
  double focal_stated2 = 0.0;
  double marker_stated2 = 0.0;
};

// Columns of free parameters of the truth, and the bound in the reference's gauge.
struct Bound {
  SceneTruth truth;
  RigCovariance covariance;
  std::vector<std::uint8_t> free;
};

Bound BoundOf(const BoardScene& scene, const BoardSceneOptions& options,
              const std::vector<int>& held_intrinsics) {
  Bound bound{TruthOf(scene), {}, {}};
  const ReducedNormal normal =
      ReduceNormal(bound.truth.data, bound.truth.use, bound.truth.state, Parallelism::Max());
  HeldParameters held;
  held.intrinsics.assign(bound.truth.state.kind.size(), held_intrinsics);
  held.pose.assign(bound.truth.state.group.size(), 0);
  held.pose[0] = 1;
  bound.free = FreeParameters(normal.layout, bound.truth.state, held);
  bound.covariance.layout = normal.layout;
  bound.covariance.matrix = options.sigma * options.sigma * InvertFree(normal, bound.free).matrix;
  return bound;
}

CameraRig TrueRigInReference(const BoardScene& scene) {
  CameraRig rig = scene.rig;
  const RigidTransform lab_from_reference = rig.cameras[0].camera_from_lab.Inverse();
  for (Camera& camera : rig.cameras) {
    camera.camera_from_lab = camera.camera_from_lab * lab_from_reference;
  }
  return rig;
}

// Estimated minus true parameters, in the columns of the covariance (rotation on the left).
Eigen::VectorXd ParameterError(const CameraRig& estimate, const CameraRig& truth,
                               const CameraLayout& layout) {
  Eigen::VectorXd error(layout.size);
  for (std::size_t c = 0; c < truth.cameras.size(); ++c) {
    const auto& a = estimate.cameras[c];
    const auto& b = truth.cameras[c];
    for (int i = 0; i < layout.intrinsics_count[c]; ++i) {
      const auto k = static_cast<std::size_t>(i);
      error[layout.intrinsics_offset[c] + i] = a.model.intrinsics()[k] - b.model.intrinsics()[k];
    }
    error.segment<3>(layout.pose_offset[c]) =
        VectorFromRotation(a.camera_from_lab.rotation * b.camera_from_lab.rotation.transpose());
    error.segment<3>(layout.pose_offset[c] + 3) =
        a.camera_from_lab.translation - b.camera_from_lab.translation;
  }
  return error;
}

// [3 cameras, size] how the centres move.
Eigen::MatrixXd CentreJacobian(const CameraRig& rig, const CameraLayout& layout) {
  Eigen::MatrixXd J =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(3 * rig.cameras.size()), layout.size);
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    const RigidTransform& pose = rig.cameras[c].camera_from_lab;
    const auto row = static_cast<Eigen::Index>(3 * c);
    J.block<3, 3>(row, layout.pose_offset[c]) = -pose.rotation.transpose() * Skew(pose.translation);
    J.block<3, 3>(row, layout.pose_offset[c] + 3) = -pose.rotation.transpose();
  }
  return J;
}

// Removes the best rigid motion of a cloud from small changes of its points.
class RigidFree {
 public:
  explicit RigidFree(const std::vector<Eigen::Vector3d>& points) {
    Eigen::MatrixXd M(static_cast<Eigen::Index>(3 * points.size()), 6);
    Eigen::Vector3d mean = Eigen::Vector3d::Zero();
    for (const auto& p : points) mean += p / static_cast<double>(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      const auto row = static_cast<Eigen::Index>(3 * i);
      M.block<3, 3>(row, 0) = -Skew(points[i] - mean);
      M.block<3, 3>(row, 3).setIdentity();
    }
    Q_ = Eigen::MatrixXd(M.householderQr().householderQ() * Eigen::MatrixXd::Identity(M.rows(), 6));
  }
  [[nodiscard]] Eigen::MatrixXd Apply(const Eigen::MatrixXd& change) const {
    return change - Q_ * (Q_.transpose() * change);
  }

 private:
  Eigen::MatrixXd Q_;
};

void ScoreMarkers(const BoardScene& scene, const CalibrationResult& result, const Bound& bound,
                  Score* score) {
  const CameraRig truth = TrueRigInReference(scene);
  const RigidTransform reference_from_lab = scene.rig.cameras[0].camera_from_lab;
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
    const auto sensitivity = SensitivityOf(truth, bound.covariance.layout, x, sees);
    if (!sensitivity) continue;
    points.push_back(x);
    errors.push_back(Triangulate(result.rig, sees, xy, x) - x);
    sensitivities.push_back(sensitivity->by_parameters);
  }
  const auto rows = static_cast<Eigen::Index>(3 * points.size());
  Eigen::MatrixXd error(rows, 1);
  Eigen::MatrixXd G(rows, bound.covariance.layout.size);
  for (std::size_t i = 0; i < points.size(); ++i) {
    error.block<3, 1>(static_cast<Eigen::Index>(3 * i), 0) = errors[i];
    G.middleRows<3>(static_cast<Eigen::Index>(3 * i)) = sensitivities[i];
  }
  const RigidFree rigid_free(points);
  const Eigen::MatrixXd free_G = rigid_free.Apply(G);
  const double scale = 1e6 / static_cast<double>(points.size());
  score->marker_error2 = scale * rigid_free.Apply(error).squaredNorm();
  score->marker_bound2 = scale * (free_G * bound.covariance.matrix).cwiseProduct(free_G).sum();
  // The error is a sum of few squares: var(e^T e) = 2 tr(C^2) with C the covariance of e.
  const Eigen::MatrixXd C = bound.covariance.matrix * (free_G.transpose() * free_G);
  score->marker_spread = 2.0 * C.cwiseProduct(C.transpose()).sum() / (C.trace() * C.trace());
  score->marker_stated2 = scale * (free_G * result.covariance.matrix).cwiseProduct(free_G).sum();
}

void ScoreParameters(const BoardScene& scene, const CalibrationResult& result, const Bound& bound,
                     Score* score) {
  const CameraRig truth = TrueRigInReference(scene);
  const CameraLayout& layout = bound.covariance.layout;
  const Eigen::VectorXd error = ParameterError(result.rig, truth, layout);
  const Eigen::MatrixXd P =
      GaugeProjection(layout, bound.truth.state.camera_from_lab, RigGauge::kCameraCentres);
  const Eigen::MatrixXd J = CentreJacobian(truth, layout) * P;
  const double per_camera = 1e6 / static_cast<double>(truth.cameras.size());
  score->centre_error2 = per_camera * (J * error).squaredNorm();
  score->centre_bound2 = per_camera * (J * bound.covariance.matrix).cwiseProduct(J).sum();
  score->centre_stated2 = per_camera * (J * result.covariance.matrix).cwiseProduct(J).sum();
  for (std::size_t c = 0; c < truth.cameras.size(); ++c) {
    const int i = layout.intrinsics_offset[c];
    score->focal_error2 += error.segment<2>(i).squaredNorm();
    score->focal_bound2 += bound.covariance.matrix.diagonal().segment<2>(i).sum();
    score->focal_stated2 += result.covariance.matrix.diagonal().segment<2>(i).sum();
  }
  std::vector<int> index;
  for (int i = 0; i < layout.size; ++i) {
    if (bound.free[static_cast<std::size_t>(i)] != 0) index.push_back(i);
  }
  Eigen::MatrixXd covariance = result.covariance.matrix(index, index);
  Eigen::VectorXd reduced = error(index);
  const Eigen::VectorXd sd = covariance.diagonal().cwiseSqrt();
  covariance = sd.cwiseInverse().asDiagonal() * covariance * sd.cwiseInverse().asDiagonal();
  reduced = reduced.cwiseQuotient(sd);
  score->nees = reduced.dot(covariance.ldlt().solve(reduced));
  score->nees_count = static_cast<double>(index.size());
}

Score ScoreOf(const BoardScene& scene, const BoardSceneOptions& scene_options,
              const CalibrationResult& result) {
  const Bound bound = BoundOf(scene, scene_options, result.options.held_intrinsics);
  Score score;
  ScoreMarkers(scene, result, bound, &score);
  ScoreParameters(scene, result, bound, &score);
  return score;
}

// Root of the mean of squared ratios over seeds.
struct Ratios {
  std::vector<double> squares;
  double variance = 0.0;
  void Add(double error2, double bound2, double spread = 0.0) {
    squares.push_back(error2 / bound2);
    variance += spread;
  }
  // By how much the mean scatters about 1 for an estimate that reaches the bound, 1 sd.
  [[nodiscard]] double Scatter() const {
    return 0.5 * std::sqrt(variance) / static_cast<double>(squares.size());
  }
  [[nodiscard]] double Mean() const {
    double sum = 0.0;
    for (const double s : squares) sum += s;
    return std::sqrt(sum / static_cast<double>(squares.size()));
  }
  [[nodiscard]] double Worst() const {
    return std::sqrt(*std::max_element(squares.begin(), squares.end()));
  }
};

// The lens of the problem has no k3: it is held, as the other programs' scores assume.
CalibrationOptions RingOptions(const Settings& settings) {
  CalibrationOptions options;
  options.parallelism = Parallelism(settings.threads);
  options.held_intrinsics = {8};
  return options;
}

struct RingScores {
  Ratios marker, centre, focal;
  double cpu = 0.0;
  double worst_precision = 1.0;
  double worst_recall = 1.0;
  std::size_t failed = 0;
  double marker_mm = 0.0;
};

void CountOutliers(const BoardScene& scene, const CalibrationResult& result, RingScores* scores) {
  double truly = 0.0;
  for (const auto& view : scene.is_outlier) {
    truly += static_cast<double>(std::count(view.begin(), view.end(), 1));
  }
  double hits = 0.0;
  for (const OutlierSighting& outlier : result.outliers) {
    hits += scene.is_outlier[outlier.view][outlier.sighting];
  }
  if (!result.outliers.empty()) {
    scores->worst_precision =
        std::min(scores->worst_precision, hits / static_cast<double>(result.outliers.size()));
  }
  if (truly > 0.0) scores->worst_recall = std::min(scores->worst_recall, hits / truly);
}

RingScores RunRing(const Settings& settings, const BoardSceneOptions& base, std::size_t seeds) {
  RingScores scores;
  for (std::size_t i = 0; i < seeds; ++i) {
    BoardSceneOptions scene_options = base;
    scene_options.seed = settings.first_seed + i;
    const BoardScene scene = MakeBoardScene(scene_options);
    const Timed timed = TimedCalibrate(scene.observations, RingOptions(settings));
    scores.cpu += timed.cpu / static_cast<double>(seeds);
    if (timed.result.status != CalibrationStatus::kConverged) {
      ++scores.failed;
      fmt::print("  seed {}: {}\n", scene_options.seed, timed.result.degeneracy.sentence);
      continue;
    }
    const Score score = ScoreOf(scene, scene_options, timed.result);
    scores.marker.Add(score.marker_error2, score.marker_bound2, score.marker_spread);
    scores.centre.Add(score.centre_error2, score.centre_bound2);
    scores.focal.Add(score.focal_error2, score.focal_bound2);
    scores.marker_mm += std::sqrt(score.marker_bound2) / static_cast<double>(seeds);
    CountOutliers(scene, timed.result, &scores);
  }
  return scores;
}

void PrintRing(const std::string& name, const RingScores& scores, const std::string& goal,
               const std::string& anchors) {
  if (scores.marker.squares.empty()) return Row(name, "all failed", goal, anchors);
  Row(name + ": markers x bound",
      fmt::format("{:.3f} (worst {:.2f}, {} failed)", scores.marker.Mean(), scores.marker.Worst(),
                  scores.failed),
      goal, anchors);
  Row(name + ": at the bound, mean of so many seeds",
      fmt::format("1 +- {:.3f}", scores.marker.Scatter()), "", "");
  Row(name + ": centres, focal lengths x bound",
      fmt::format("{:.3f}, {:.3f}", scores.centre.Mean(), scores.focal.Mean()), "0.9-1.1", "");
}

void Ring(const Settings& settings) {
  BoardSceneOptions ring;
  ring.cameras = settings.cameras;
  const RingScores scores = RunRing(settings, ring, settings.seeds);
  PrintRing(fmt::format("ring of {}, {} seeds", ring.cameras, settings.seeds), scores, "<= 1.05",
            "mrcal 1.00, MC-Calib 1.05, caliscope 12, aniposelib 18");
  Row("ring: bound of the markers, mm", fmt::format("{:.4f}", scores.marker_mm), "",
      "0.0335 in the anchors' ring");
  Row("ring: CPU s, mean", fmt::format("{:.2f}", scores.cpu), "<= 2.4",
      "mrcal 5, MC-Calib 38, caliscope 40, aniposelib 9");
}

void Speed(const Settings& settings) {
  BoardSceneOptions scene_options;
  scene_options.seed = settings.first_seed;
  const BoardScene scene = MakeBoardScene(scene_options);
  std::size_t sightings = 0;
  for (const auto& view : scene.observations.views) sightings += view.xy.size();
  Row("ring: views, sightings", fmt::format("{}, {}", scene.observations.views.size(), sightings),
      "1290, 86156");
  for (const int threads : {1, 2}) {
    CalibrationOptions options = RingOptions(settings);
    options.parallelism = Parallelism(threads);
    double cpu = 1e9;
    double wall = 1e9;
    for (int i = 0; i < 3; ++i) {
      const Timed timed = TimedCalibrate(scene.observations, options);
      cpu = std::min(cpu, timed.cpu);
      wall = std::min(wall, timed.wall);
    }
    Row(fmt::format("ring, {} thread(s): CPU s, wall s", threads),
        fmt::format("{:.2f}, {:.2f}", cpu, wall), threads == 1 ? "CPU <= 2.4" : "wall <= 1.5",
        "mrcal CPU 4.7-5.6");
  }
  Row("peak MB of this program", fmt::format("{:.0f}", PeakMegabytes()), "< 300");
}

void Outliers(const Settings& settings) {
  for (const double share : {0.02, 0.2}) {
    BoardSceneOptions scene_options;
    scene_options.outlier_share = share;
    // Twice as many: the scatter of the mean is not to hide a tenth.
    const std::size_t seeds = 2 * settings.seeds;
    const RingScores scores = RunRing(settings, scene_options, seeds);
    const std::string name = fmt::format("{:.0f} % outliers, {} seeds", 100.0 * share, seeds);
    PrintRing(name, scores, share < 0.1 ? "<= 1.1" : "<= 1.3",
              share < 0.1 ? "mrcal 1.04, MC-Calib 1.00, caliscope 112, aniposelib 16" : "");
    Row(name + ": worst precision, recall",
        fmt::format("{:.4f}, {:.4f}", scores.worst_precision, scores.worst_recall), ">= 0.995", "");
    Row(name + ": CPU s", fmt::format("{:.2f}", scores.cpu), "", "");
  }
}

// Largest error of a place, metres, and turn, radians: a flipped camera is far off.
bool IsRight(const BoardScene& scene, const CalibrationResult& result) {
  if (result.status != CalibrationStatus::kConverged) return false;
  const CameraRig truth = TrueRigInReference(scene);
  for (std::size_t c = 0; c < truth.cameras.size(); ++c) {
    const RigidTransform& a = result.rig.cameras[c].camera_from_lab;
    const RigidTransform& b = truth.cameras[c].camera_from_lab;
    if (RotationAngle(a.rotation * b.rotation.transpose()) > 0.05) return false;
    if ((result.rig.cameras[c].CentreInLab() - truth.cameras[c].CentreInLab()).norm() > 0.25) {
      return false;
    }
  }
  return true;
}

void Hard(const Settings& settings) {
  struct Case {
    std::string name;
    BoardSceneOptions scene;
    double guess = 0.0;
  };
  std::vector<Case> cases(4);
  cases[0].name = "60 frames, ring of 6";
  cases[0].scene.frames = 60;
  cases[1].name = "chain of 8, neighbours overlap";
  cases[1].scene.places = BoardSceneOptions::Places::kChain;
  cases[1].scene.cameras = 8;
  cases[1].scene.frames = 200;
  cases[2].name = "60 frames, focal length guessed x 0.5";
  cases[2].scene.frames = 60;
  cases[2].guess = 0.5;
  cases[3].name = "60 frames, focal length guessed x 2";
  cases[3].scene.frames = 60;
  cases[3].guess = 2.0;
  for (const Case& hard : cases) {
    std::size_t right = 0;
    double cpu = 0.0;
    constexpr std::size_t kRuns = 50;
    for (std::size_t i = 0; i < kRuns; ++i) {
      BoardSceneOptions scene_options = hard.scene;
      scene_options.seed = settings.first_seed + 500 + i;
      const BoardScene scene = MakeBoardScene(scene_options);
      CalibrationOptions options = RingOptions(settings);
      if (hard.guess > 0.0) {
        options.focal_guess.assign(scene_options.cameras, hard.guess * scene_options.focal);
      }
      const Timed timed = TimedCalibrate(scene.observations, options);
      cpu += timed.cpu / kRuns;
      if (IsRight(scene, timed.result)) {
        ++right;
      } else {
        fmt::print("  seed {}: status {} {}\n", scene_options.seed,
                   static_cast<int>(timed.result.status), timed.result.degeneracy.sentence);
      }
    }
    Row(hard.name, fmt::format("{} of {} right, {:.2f} CPU s", right, kRuns, cpu), "50 of 50", "");
  }
}

// Rigs of 2 to 9 cameras at random places with lenses from wide to long: none may come out wrong.
// One whose views do not suffice may be refused, and is counted.
void RandomRigs(const Settings& settings) {
  constexpr std::size_t kRigs = 200;
  std::size_t right = 0;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < kRigs; ++i) {
    BoardSceneOptions scene_options;
    scene_options.seed = settings.first_seed + 4000 + i;
    scene_options.places = BoardSceneOptions::Places::kRandom;
    scene_options.cameras = 2 + i % 8;
    scene_options.frames = 40 + 20 * (i % 5);
    scene_options.focal = 700.0 + 200.0 * static_cast<double>(i % 7);
    scene_options.focal_spread = 0.3;
    scene_options.outlier_share = i % 3 == 0 ? 0.02 : 0.0;
    const BoardScene scene = MakeBoardScene(scene_options);
    const CalibrationResult result = Calibrate(scene.observations, RingOptions(settings));
    if (result.status == CalibrationStatus::kDegenerate) {
      ++refused;
      fmt::print("  seed {}: refused: {}\n", scene_options.seed, result.degeneracy.sentence);
    } else if (IsRight(scene, result)) {
      ++right;
    } else {
      fmt::print("  seed {}: {} cameras, status {}, sigma {:.3f}\n", scene_options.seed,
                 scene_options.cameras, static_cast<int>(result.status), result.sigma);
    }
  }
  Row(fmt::format("{} random rigs: right, refused, wrong", kRigs),
      fmt::format("{}, {}, {}", right, refused, kRigs - right - refused), "none wrong", "");
}

void Covariance(const Settings& settings) {
  constexpr std::size_t kSeeds = 100;
  double nees = 0.0;
  double count = 0.0;
  double sums[6] = {0, 0, 0, 0, 0, 0};
  for (std::size_t i = 0; i < kSeeds; ++i) {
    BoardSceneOptions scene_options;
    scene_options.frames = 150;
    scene_options.seed = settings.first_seed + 2000 + i;
    const BoardScene scene = MakeBoardScene(scene_options);
    const CalibrationResult result = Calibrate(scene.observations, RingOptions(settings));
    const Score score = ScoreOf(scene, scene_options, result);
    nees += score.nees;
    count += score.nees_count;
    sums[0] += score.centre_stated2;
    sums[1] += score.centre_error2;
    sums[2] += score.focal_stated2;
    sums[3] += score.focal_error2;
    sums[4] += score.marker_stated2;
    sums[5] += score.marker_error2;
  }
  // A sum of `count` squared standard normal numbers has variance 2 count.
  const double half_band = 1.96 * std::sqrt(2.0 / count);
  Row(fmt::format("covariance, {} seeds of 150 frames: NEES / n", kSeeds),
      fmt::format("{:.4f}", nees / count), fmt::format("1 +- {:.4f}", half_band), "");
  Row("stated over observed sd: centres, focal, markers",
      fmt::format("{:.3f}, {:.3f}, {:.3f}", std::sqrt(sums[0] / sums[1]),
                  std::sqrt(sums[2] / sums[3]), std::sqrt(sums[4] / sums[5])),
      "0.9-1.1", "");
}

void Map(const Settings& settings) {
  BoardSceneOptions scene_options;
  scene_options.frames = 150;
  scene_options.seed = settings.first_seed;
  const BoardScene scene = MakeBoardScene(scene_options);
  const CalibrationResult result = Calibrate(scene.observations, RingOptions(settings));
  std::vector<RigidTransform> places;
  for (const Camera& camera : result.rig.cameras) places.push_back(camera.camera_from_lab);
  std::vector<Eigen::Vector3d> grid;
  const RigidTransform reference_from_lab = scene.rig.cameras[0].camera_from_lab;
  for (int i = 0; i < 60; ++i) {
    for (int j = 0; j < 40; ++j) {
      grid.push_back(reference_from_lab *
                     Eigen::Vector3d(-3.0 + 6.0 * i / 59.0, -2.0 + 4.0 * j / 39.0, 1.0));
    }
  }
  const std::clock_t start = std::clock();
  const RigCovariance centres = InGauge(result.covariance, places, RigGauge::kCameraCentres);
  const auto map = MapUncertainty(result.rig, centres, grid, 0.3, Parallelism(1));
  const double cpu = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::size_t seen = 0;
  for (const auto& point : map) seen += point.cameras >= 2 ? 1 : 0;
  Row("uncertainty map 60 x 40, 6 cameras: CPU s",
      fmt::format("{:.4f} ({} places seen)", cpu, seen), "<= 3", "mrcal 277");
}

// Means over seeds: the number of iterations differs from one to the next.
void Scaling(const Settings& settings) {
  constexpr std::size_t kSeeds = 4;
  double first = 0.0;
  for (const std::size_t cameras : {6U, 12U, 24U}) {
    double sightings = 0.0;
    double cpu = 0.0;
    Ratios markers;
    for (std::size_t i = 0; i < kSeeds; ++i) {
      BoardSceneOptions scene_options;
      scene_options.cameras = cameras;
      scene_options.seed = settings.first_seed + i;
      const BoardScene scene = MakeBoardScene(scene_options);
      for (const auto& view : scene.observations.views) {
        sightings += static_cast<double>(view.xy.size());
      }
      Timed timed = TimedCalibrate(scene.observations, RingOptions(settings));
      cpu += std::min(timed.cpu, TimedCalibrate(scene.observations, RingOptions(settings)).cpu);
      const Score score = ScoreOf(scene, scene_options, timed.result);
      markers.Add(score.marker_error2, score.marker_bound2);
    }
    const double per = 1e6 * cpu / sightings;
    if (first == 0.0) first = per;
    Row(fmt::format("{} cameras, {:.0f} sightings: CPU s, us/sighting", cameras,
                    sightings / kSeeds),
        fmt::format("{:.2f}, {:.1f}", cpu / kSeeds, per), fmt::format("<= {:.1f}", 1.1 * first),
        fmt::format("markers x bound {:.2f}", markers.Mean()));
  }
}

// A board that bulges by 2 mm: how much of it is found, and what it costs to look for it.
void Bend(const Settings& settings) {
  double square = 0.0;
  double sd = 0.0;
  double seconds[2] = {0.0, 0.0};
  Ratios markers[2];
  const std::size_t seeds = std::max<std::size_t>(1, settings.seeds / 4);
  for (std::size_t i = 0; i < seeds; ++i) {
    BoardSceneOptions scene_options;
    scene_options.bend = {0.002, -0.001};
    scene_options.seed = settings.first_seed + i;
    const BoardScene scene = MakeBoardScene(scene_options);
    for (const bool with_bend : {false, true}) {
      CalibrationOptions options = RingOptions(settings);
      options.estimate_bend = with_bend;
      const Timed timed = TimedCalibrate(scene.observations, options);
      seconds[with_bend ? 1 : 0] += timed.cpu / static_cast<double>(seeds);
      Score score;
      ScoreMarkers(scene, timed.result, BoundOf(scene, scene_options, {8}), &score);
      markers[with_bend ? 1 : 0].Add(score.marker_error2, score.marker_bound2);
      if (!with_bend) continue;
      const TargetBend& bend = timed.result.bends.at(0);
      square += (bend.height - scene_options.bend).squaredNorm() / static_cast<double>(seeds);
      sd += bend.sd.squaredNorm() / static_cast<double>(seeds);
    }
  }
  Row(fmt::format("board bent by 2 mm, {} seeds: bend's error, stated sd", seeds),
      fmt::format("{:.4f}, {:.4f} mm", 1e3 * std::sqrt(square), 1e3 * std::sqrt(sd)), "alike");
  Row("the same: markers x bound with, without the bend",
      fmt::format("{:.2f}, {:.2f}", markers[1].Mean(), markers[0].Mean()), "");
  Row("the same: CPU s with, without", fmt::format("{:.2f}, {:.2f}", seconds[1], seconds[0]), "");
}

// The points of a runner as the cameras of the ring see them, several draws of noise.
struct MarkerSightings {
  std::vector<std::vector<reconstruct::Sighting>> sightings;
  std::vector<Eigen::Vector3d> truth;
  double bound2 = 0.0;  // m^2, mean
};

MarkerSightings SeeMarkers(const CameraRig& rig, double sigma, int draws) {
  MarkerSightings seen;
  std::mt19937_64 random(5);
  std::normal_distribution<double> noise(0.0, sigma);
  const CameraLayout layout = LayoutOf(rig);
  for (int draw = 0; draw < draws; ++draw) {
    for (const Eigen::Vector3d& x : RunnerMarkers()) {
      std::vector<reconstruct::Sighting> sightings;
      for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
        const auto xy = rig.cameras[c].Project(x);
        if (!xy || !rig.cameras[c].IsInImage(*xy)) continue;
        sightings.push_back(
            {CameraId(c), *xy + Eigen::Vector2d(noise(random), noise(random)), sigma});
      }
      const auto sensitivity = SensitivityOf(rig, layout, x);
      if (!sensitivity) continue;
      seen.bound2 += sigma * sigma * sensitivity->by_noise.trace();
      seen.sightings.push_back(std::move(sightings));
      seen.truth.push_back(x);
    }
  }
  seen.bound2 /= static_cast<double>(seen.truth.size());
  return seen;
}

void Triangulation(const Settings& settings) {
  BoardSceneOptions scene_options;
  scene_options.frames = 1;
  scene_options.seed = settings.first_seed;
  const CameraRig rig = MakeBoardScene(scene_options).rig;
  const MarkerSightings seen = SeeMarkers(rig, scene_options.sigma, 50);
  for (const bool is_robust : {false, true}) {
    reconstruct::TriangulationOptions options;
    options.reject_bad_views = is_robust;
    const reconstruct::Triangulator triangulator(rig, options);
    double cpu = 1e9;
    double error2 = 0.0;
    std::size_t missing = 0;
    for (int repeat = 0; repeat < 3; ++repeat) {
      std::vector<Eigen::Vector3d> found(seen.truth.size());
      const std::clock_t start = std::clock();
      for (std::size_t i = 0; i < found.size(); ++i) {
        found[i] = triangulator.Triangulate(seen.sightings[i]).sample.position;
      }
      cpu = std::min(cpu, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
      error2 = 0.0;
      missing = 0;
      for (std::size_t i = 0; i < found.size(); ++i) {
        const double square = (found[i] - seen.truth[i]).squaredNorm();
        missing += std::isfinite(square) ? 0 : 1;
        error2 += std::isfinite(square) ? square : 0.0;
      }
    }
    const auto count = static_cast<double>(seen.truth.size());
    const double ratio = std::sqrt(error2 / (count - static_cast<double>(missing)) / seen.bound2);
    const std::string name = is_robust ? "triangulation, covariance and robust check"
                                       : "triangulation, maximum likelihood";
    Row(name + ": points/CPU s", fmt::format("{:.0f} ({} missing)", count / cpu, missing),
        is_robust ? ">= 200000" : ">= 300000", "caliscope 46600, aniposelib 27400, Pose2Sim 12600");
    Row(name + ": x bound", fmt::format("{:.4f}", ratio), "<= 1.005", "1.003; Pose2Sim 2.2");
  }
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
    } else if (arguments[i] == "--cameras") {
      settings.cameras = number();
    } else if (arguments[i] == "--threads") {
      settings.threads = static_cast<int>(number());
    } else {
      settings.sections.push_back(arguments[i]);
    }
  }
  Row("quantity", "ours", "goal", "others");
  // Speed first: the peak of memory is then that of one calibration.
  if (settings.Wants("speed")) Speed(settings);
  if (settings.Wants("ring")) Ring(settings);
  if (settings.Wants("outliers")) Outliers(settings);
  if (settings.Wants("hard")) Hard(settings);
  if (settings.Wants("random")) RandomRigs(settings);
  if (settings.Wants("covariance")) Covariance(settings);
  if (settings.Wants("map")) Map(settings);
  if (settings.Wants("scaling")) Scaling(settings);
  if (settings.Wants("bend")) Bend(settings);
  if (settings.Wants("triangulation")) Triangulation(settings);
  return 0;
}

}  // namespace medius::calibration

int main(int argc, char** argv) {
  return medius::calibration::Run(std::vector<std::string>(argv + 1, argv + argc));
}
