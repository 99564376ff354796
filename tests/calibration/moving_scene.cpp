#include "tests/calibration/moving_scene.hpp"

#include <cmath>
#include <numbers>
#include <random>

#include "calibration/so3.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

using Random = std::mt19937_64;

double Uniform(Random* random, double low, double high) {
  const double unit = static_cast<double>((*random)() >> 11U) * 0x1.0p-53;
  return low + (high - low) * unit;
}

double Normal(Random* random) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform(random, 0.0, 1.0)));
  return radius * std::cos(2.0 * std::numbers::pi * Uniform(random, 0.0, 1.0));
}

CalibrationTarget MakeTarget(MovingSceneOptions::Target kind) {
  CalibrationTarget target;
  if (kind == MovingSceneOptions::Target::kWand) {
    target.name = "wand";
    for (const double x : {0.0, 0.18, 0.5}) target.points.emplace_back(x, 0.0, 0.0);
    return target;
  }
  target.name = "board";
  for (int row = 0; row < 5; ++row) {
    for (int column = 0; column < 7; ++column) {
      target.points.emplace_back(0.1 * column, 0.1 * row, 0.0);
    }
  }
  return target;
}

// Sums of sinusoids whose periods do not divide one another: phases and periods by the seed.
class Path {
 public:
  Path(std::uint64_t seed, double speed) : random_(seed * 131 + 7), speed_(speed) {
    for (auto& wave : waves_) {
      wave = {Uniform(&random_, 0.5, 1.0), Uniform(&random_, 1.5, 4.5),
              Uniform(&random_, 0.0, 2.0 * std::numbers::pi)};
    }
  }
  [[nodiscard]] double At(std::size_t i, double time) const {
    return waves_[i].size * std::sin(waves_[i].rate * speed_ * time + waves_[i].phase);
  }

 private:
  struct Wave {
    double size = 0.0, rate = 0.0, phase = 0.0;
  };
  Random random_;
  double speed_;
  Wave waves_[12];
};

RigidTransform InLab(const MovingSceneOptions& options, double time) {
  const Path path(options.seed, options.speed);
  RigidTransform lab_from_target;
  const bool board = options.target == MovingSceneOptions::Target::kBoard;
  // A board turns about the upright so that all cameras of a ring see it; it leans to and fro.
  const double heading = board ? 1.3 * options.speed * time + path.At(0, time) : 2.0 * path.At(0, time);
  Eigen::Matrix3d upright;
  upright << 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0;
  lab_from_target.rotation =
      RotationFromVector({0.0, 0.0, heading}) *
      RotationFromVector({0.6 * path.At(1, time), 0.6 * path.At(2, time), 0.0}) * upright;
  const Eigen::Vector3d middle(0.7 * path.At(3, time), 0.7 * path.At(4, time),
                               1.2 + 0.5 * path.At(5, time));
  const Eigen::Vector3d middle_in_target = board ? Eigen::Vector3d(0.3, 0.2, 0.0) : Eigen::Vector3d(0.25, 0.0, 0.0);
  lab_from_target.translation = middle - lab_from_target.rotation * middle_in_target;
  return lab_from_target;
}

// The pixel of a point at the time at which its own row is exposed.
std::optional<Eigen::Vector2d> Expose(const MovingSceneOptions& options, const CameraRig& rig,
                                      const Camera& camera, const Eigen::Vector3d& x_in_target,
                                      double stamp, double jitter) {
  double y = 0.5 * (camera.height - 1);
  std::optional<Eigen::Vector2d> xy;
  for (int i = 0; i < 8; ++i) {
    const double time = stamp + jitter + camera.ExposureDelay(stamp, y);
    xy = camera.Project(TrueMotion(options, rig, time) * x_in_target);
    if (!xy || camera.line_time == 0.0) break;
    y = xy->y();
  }
  return xy;
}

bool SeesFront(const MovingSceneOptions& options, const RigidTransform& lab_from_target,
               const Camera& camera) {
  if (options.target == MovingSceneOptions::Target::kWand) return true;
  const Eigen::Vector3d to_camera =
      (camera.CentreInLab() - lab_from_target * Eigen::Vector3d(0.3, 0.2, 0.0)).normalized();
  return -lab_from_target.rotation.col(2).dot(to_camera) > 0.25;
}

CameraRig MakeRig(const MovingSceneOptions& options, Random* random) {
  BoardSceneOptions board;
  board.seed = options.seed;
  board.cameras = options.cameras;
  board.frames = 0;
  CameraRig rig = MakeBoardScene(board).rig;
  const RigidTransform lab_from_first = rig.cameras[0].camera_from_lab.Inverse();
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    Camera& camera = rig.cameras[c];
    camera.camera_from_lab = camera.camera_from_lab * lab_from_first;
    const double drawn = Uniform(random, -1.0, 1.0) * options.largest_offset / options.rate_hz;
    if (c > 0) camera.time_offset = options.offset.empty() ? drawn : options.offset[c];
    if (!options.drift.empty()) camera.time_drift = options.drift[c];
    if (!options.line_time.empty()) camera.line_time = options.line_time[c];
  }
  return rig;
}

}  // namespace

RigidTransform TrueMotion(const MovingSceneOptions& options, const CameraRig& rig, double time) {
  (void)rig;
  BoardSceneOptions board;
  board.seed = options.seed;
  board.cameras = options.cameras;
  board.frames = 0;
  static thread_local std::uint64_t seed = 0;
  static thread_local std::size_t cameras = 0;
  static thread_local RigidTransform first_from_lab;
  if (seed != options.seed || cameras != options.cameras) {
    first_from_lab = MakeBoardScene(board).rig.cameras[0].camera_from_lab;
    seed = options.seed;
    cameras = options.cameras;
  }
  return first_from_lab * InLab(options, time);
}

MovingScene MakeMovingScene(const MovingSceneOptions& options) {
  Random random(options.seed * 104729 + 31);
  MovingScene scene;
  scene.rig = MakeRig(options, &random);
  scene.observations.targets.push_back(MakeTarget(options.target));
  const auto& points = scene.observations.targets[0].points;
  for (const Camera& camera : scene.rig.cameras) {
    scene.observations.cameras.push_back({camera.name, camera.width, camera.height});
  }
  const std::size_t fewest = options.target == MovingSceneOptions::Target::kWand ? 2 : 12;
  for (std::size_t frame = 0; frame < options.frames; ++frame) {
    const double stamp = options.start_time + static_cast<double>(frame) / options.rate_hz;
    const RigidTransform at_stamp = TrueMotion(options, scene.rig, stamp);
    std::size_t views = 0;
    for (std::size_t c = 0; c < scene.rig.cameras.size(); ++c) {
      const double jitter = options.frame_jitter * Normal(&random);
      if (!SeesFront(options, at_stamp, scene.rig.cameras[c])) continue;
      TargetView view;
      view.camera = CameraId(c);
      view.frame = frame;
      view.time = stamp;
      for (std::size_t p = 0; p < points.size(); ++p) {
        const auto xy = Expose(options, scene.rig, scene.rig.cameras[c], points[p], stamp, jitter);
        if (!xy || !scene.rig.cameras[c].IsInImage(*xy)) continue;
        view.point.push_back(static_cast<std::uint32_t>(p));
        view.xy.emplace_back(*xy + options.sigma * Eigen::Vector2d(Normal(&random), Normal(&random)));
      }
      if (view.xy.size() < fewest) continue;
      scene.observations.views.push_back(std::move(view));
      ++views;
    }
    if (views > 0) scene.target_poses.push_back({frame, 0, at_stamp, views});
  }
  return scene;
}

CalibrationResult StartNearTruth(const MovingScene& scene) {
  CalibrationResult start;
  start.status = CalibrationStatus::kConverged;
  start.rig = scene.rig;
  start.target_poses = scene.target_poses;
  start.cameras.resize(scene.rig.cameras.size());
  start.sigma = 1.0;
  Random random(4);
  for (TargetPose& pose : start.target_poses) {
    pose.lab_from_target.translation +=
        0.003 * Eigen::Vector3d(Normal(&random), Normal(&random), Normal(&random));
  }
  for (Camera& camera : start.rig.cameras) {
    camera.time_offset = camera.time_drift = camera.line_time = 0.0;
    std::vector<double> intrinsics = camera.model.intrinsics();
    intrinsics[0] *= 1.001;
    intrinsics[2] += 0.5;
    camera.model = CameraModel(camera.model.kind(), intrinsics);
    if (&camera != start.rig.cameras.data()) camera.camera_from_lab.translation.x() += 0.002;
  }
  for (const TargetView& view : scene.observations.views) {
    start.residuals.emplace_back(view.xy.size(), Eigen::Vector2d::Zero());
  }
  return start;
}

}  // namespace medius::calibration
