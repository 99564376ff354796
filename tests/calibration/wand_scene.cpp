#include "tests/calibration/wand_scene.hpp"

#include <cmath>
#include <map>
#include <numbers>
#include <random>
#include <set>
#include <utility>

#include <Eigen/Geometry>

#include "calibration/wand_match.hpp"

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

RigidTransform RandomWand(const WandSceneOptions& options, Random* random) {
  Eigen::Vector4d q(Normal(random), Normal(random), Normal(random), Normal(random));
  q.normalize();
  RigidTransform pose;
  pose.rotation = Eigen::Quaterniond(q[0], q[1], q[2], q[3]).toRotationMatrix();
  Eigen::Vector3d middle(Uniform(random, -1.0, 1.0), Uniform(random, -1.0, 1.0),
                         Uniform(random, -1.0, 1.0));
  middle = middle.cwiseProduct(options.volume) + Eigen::Vector3d(0.0, 0.0, 1.1);
  if (options.planar) {
    // The wand's plane and line lie in x = 0.
    const double angle = Uniform(random, 0.0, 2.0 * std::numbers::pi);
    pose.rotation.col(0) = Eigen::Vector3d(0.0, std::cos(angle), std::sin(angle));
    pose.rotation.col(2) = Eigen::Vector3d::UnitX();
    pose.rotation.col(1) = pose.rotation.col(2).cross(pose.rotation.col(0));
    middle.x() = Uniform(random, -0.001, 0.001);
  }
  Eigen::Vector3d centre = Eigen::Vector3d::Zero();
  for (const Eigen::Vector3d& point : options.wand.points) {
    centre += point / static_cast<double>(options.wand.points.size());
  }
  pose.translation = middle - pose.rotation * centre;
  return pose;
}

struct Dot {
  Eigen::Vector2d xy;
  std::int32_t marker;
};

std::vector<Dot> SeeWand(const WandSceneOptions& options, const Camera& camera,
                         const RigidTransform& pose, Random* random) {
  std::vector<Dot> dots;
  for (std::size_t m = 0; m < options.wand.points.size(); ++m) {
    const auto xy = camera.Project(pose * options.wand.points[m]);
    const Eigen::Vector2d noise(Normal(random), Normal(random));
    const bool missing = Uniform(random, 0.0, 1.0) < options.missing_share;
    if (!xy || missing || !camera.IsInImage(*xy)) continue;
    dots.push_back({*xy + options.rig.sigma * noise, static_cast<std::int32_t>(m)});
  }
  return dots;
}

void AddClutter(const WandSceneOptions& options, const Camera& camera, std::size_t index,
                Random* random, std::vector<Dot>* dots) {
  for (double left = options.clutter; left > 0.0; left -= 1.0) {
    const Eigen::Vector2d xy(Uniform(random, 0.0, camera.width - 1),
                             Uniform(random, 0.0, camera.height - 1));
    if (Uniform(random, 0.0, 1.0) < left) dots->push_back({xy, -1});
  }
  const Eigen::Vector2d lamp(200.0 + 60.0 * static_cast<double>(index), 150.0);
  const Eigen::Vector2d noise(Normal(random), Normal(random));
  if (Uniform(random, 0.0, 1.0) < options.clutter_standing) {
    dots->push_back({lamp + options.rig.sigma * noise, -1});
  }
}

void Shuffle(Random* random, std::vector<Dot>* dots) {
  for (std::size_t i = dots->size(); i > 1; --i) {
    std::swap((*dots)[i - 1], (*dots)[(*random)() % i]);
  }
}

bool IsBlocked(const WandSceneOptions& options, std::size_t frame, std::size_t camera,
               Random* random) {
  const bool blocked = Uniform(random, 0.0, 1.0) > options.visible_share;
  if (!options.two_groups) return blocked;
  const bool first = camera < options.rig.cameras / 2;
  return blocked || (frame % 2 == 0) != first;
}

// Of the wand's pose, for a sigma of 1 px.
Matrix6 InformationOf(const WandScene& scene, const std::vector<TargetView>& views,
                      const RigidTransform& pose) {
  Matrix6 information = Matrix6::Zero();
  for (const TargetView& view : views) {
    const Camera& camera = scene.rig[view.camera];
    std::vector<Sighting> sightings;
    for (std::size_t i = 0; i < view.xy.size(); ++i) {
      sightings.push_back({scene.wand.points[view.point[i]], view.xy[i], 1.0});
    }
    PoseNormal normal;
    LinearizePose(camera.model.kind(), camera.model.intrinsics().data(),
                  camera.camera_from_lab * pose, sightings, RobustLoss{}, &normal);
    const Matrix6 by = ByTargetPose(camera.camera_from_lab);
    information += by.transpose() * normal.H * by;
  }
  return information;
}

}  // namespace

CalibrationTarget TwoMarkerWand() {
  return {"two", {{0.0, 0.0, 0.0}, {0.5, 0.0, 0.0}}, true};
}

CalibrationTarget ThreeMarkerWand() {
  return {"three", {{0.0, 0.0, 0.0}, {0.18, 0.0, 0.0}, {0.5, 0.0, 0.0}}, true};
}

CalibrationTarget FiveMarkerWand() {
  return {"five",
          {{-0.24, 0.0, 0.0},
           {-0.06, 0.0, 0.0},
           {0.24, 0.0, 0.0},
           {0.0, -0.16, 0.0},
           {0.0, -0.36, 0.0}},
          true};
}

WandScene MakeWandScene(const WandSceneOptions& options) {
  BoardSceneOptions rig_options = options.rig;
  rig_options.frames = 0;
  BoardScene board = MakeBoardScene(rig_options);
  WandScene scene;
  scene.rig = std::move(board.rig);
  scene.dots.cameras = std::move(board.observations.cameras);
  scene.wand = options.wand;
  scene.sigma = options.rig.sigma;
  Random random(options.rig.seed * 104729 + 17);
  for (std::size_t frame = 0; frame < options.frames; ++frame) {
    const RigidTransform pose = RandomWand(options, &random);
    scene.lab_from_wand.push_back(pose);
    for (std::size_t c = 0; c < scene.rig.cameras.size(); ++c) {
      const Camera& camera = scene.rig.cameras[c];
      const bool blocked = IsBlocked(options, frame, c, &random);
      std::vector<Dot> dots;
      if (!blocked) dots = SeeWand(options, camera, pose, &random);
      AddClutter(options, camera, c, &random, &dots);
      Shuffle(&random, &dots);
      if (dots.empty()) continue;
      DotView view{CameraId(c), frame, 0.005 * static_cast<double>(frame)};
      std::vector<std::int32_t> markers;
      for (const Dot& dot : dots) {
        view.xy.push_back(dot.xy);
        markers.push_back(dot.marker);
      }
      if (options.rig.state_sigma) {
        view.sigma.assign(view.xy.size(), static_cast<float>(options.rig.sigma));
      }
      scene.dots.views.push_back(std::move(view));
      scene.marker.push_back(std::move(markers));
    }
  }
  return scene;
}

TargetObservations UsableTruth(const WandScene& scene) {
  TargetObservations observations{scene.dots.cameras, {scene.wand}, {}};
  std::map<std::size_t, std::vector<TargetView>> frames;
  for (std::size_t v = 0; v < scene.dots.views.size(); ++v) {
    const DotView& dots = scene.dots.views[v];
    TargetView view{dots.camera, dots.frame, dots.time, 0, {}, {}, {}};
    for (std::size_t i = 0; i < dots.xy.size(); ++i) {
      if (scene.marker[v][i] < 0) continue;
      view.point.push_back(static_cast<std::uint32_t>(scene.marker[v][i]));
      view.xy.push_back(dots.xy[i]);
    }
    if (!view.xy.empty()) frames[dots.frame].push_back(std::move(view));
  }
  const WandShape shape = MakeWandShape(scene.wand);
  const std::size_t fewest = shape.collinear && shape.count() > 2 ? 3 : 4;
  for (auto& [frame, views] : frames) {
    std::size_t count = 0;
    for (const TargetView& view : views) count += view.xy.size();
    if (views.size() < 2 || count < fewest) continue;
    const RigidTransform& pose = scene.lab_from_wand[frame];
    if (!IsWandFixed(shape, pose, InformationOf(scene, views, pose))) continue;
    for (TargetView& view : views) observations.views.push_back(std::move(view));
  }
  return observations;
}

SceneTruth TruthOf(const WandScene& scene) {
  const TargetObservations observations = UsableTruth(scene);
  SceneTruth truth;
  truth.data =
      MakeBundleData(observations, std::vector<std::uint8_t>(observations.views.size(), 1));
  const RigidTransform reference_from_lab = scene.rig.cameras[0].camera_from_lab;
  for (std::size_t c = 0; c < scene.rig.cameras.size(); ++c) {
    const Camera& camera = scene.rig.cameras[c];
    truth.state.kind.push_back(camera.model.kind());
    truth.state.group.push_back(c);
    Intrinsics intrinsics{};
    std::copy(camera.model.intrinsics().begin(), camera.model.intrinsics().end(),
              intrinsics.begin());
    truth.state.intrinsics.push_back(intrinsics);
    truth.state.camera_from_lab.push_back(camera.camera_from_lab * reference_from_lab.Inverse());
  }
  for (const BundlePose& pose : truth.data.poses) {
    truth.state.lab_from_target.push_back(reference_from_lab * scene.lab_from_wand[pose.frame]);
  }
  truth.use.assign(truth.data.sightings.size(), 1);
  return truth;
}

}  // namespace medius::calibration
