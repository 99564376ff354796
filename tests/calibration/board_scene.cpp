#include "tests/calibration/board_scene.hpp"

#include <cmath>
#include <numbers>
#include <random>
#include <string>

#include <Eigen/Geometry>

namespace medius::calibration {
namespace {

using Random = std::mt19937_64;

double Uniform(Random* random, double low, double high) {
  // Not std::uniform_real_distribution, whose numbers differ between libraries.
  const double unit = static_cast<double>((*random)() >> 11U) * 0x1.0p-53;
  return low + (high - low) * unit;
}

double Normal(Random* random) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform(random, 0.0, 1.0)));
  return radius * std::cos(2.0 * std::numbers::pi * Uniform(random, 0.0, 1.0));
}

Eigen::Matrix3d RandomRotation(Random* random) {
  Eigen::Vector4d q(Normal(random), Normal(random), Normal(random), Normal(random));
  q.normalize();
  return Eigen::Quaterniond(q[0], q[1], q[2], q[3]).toRotationMatrix();
}

RigidTransform LookAt(const Eigen::Vector3d& centre, const Eigen::Vector3d& at) {
  const Eigen::Vector3d z = (at - centre).normalized();
  const Eigen::Vector3d x = z.cross(Eigen::Vector3d::UnitZ()).normalized();
  RigidTransform camera_from_lab;
  camera_from_lab.rotation.row(0) = x.transpose();
  camera_from_lab.rotation.row(1) = z.cross(x).transpose();
  camera_from_lab.rotation.row(2) = z.transpose();
  camera_from_lab.translation = -(camera_from_lab.rotation * centre);
  return camera_from_lab;
}

std::vector<double> RandomIntrinsics(const BoardSceneOptions& options, Random* random) {
  const double focal = options.focal * (1.0 + options.focal_spread * Uniform(random, -1.0, 1.0));
  std::vector<double> values = {focal, focal * Uniform(random, 0.998, 1.002),
                                0.5 * (options.width - 1), 0.5 * (options.height - 1)};
  values[2] += Uniform(random, -1.0, 1.0) * options.principal_offset;
  values[3] += Uniform(random, -1.0, 1.0) * options.principal_offset;
  switch (options.kind) {
    case CameraModelKind::kBrownConrady5:
      values.insert(values.end(),
                    {Uniform(random, -0.15, -0.05), Uniform(random, 0.0, 0.08),
                     Uniform(random, -1e-3, 1e-3), Uniform(random, -1e-3, 1e-3), 0.0});
      break;
    case CameraModelKind::kBrownConrady8:
      values.insert(values.end(), {Uniform(random, 0.2, 0.3), Uniform(random, 0.0, 0.05),
                                   Uniform(random, -1e-3, 1e-3), Uniform(random, -1e-3, 1e-3), 0.0,
                                   Uniform(random, 0.3, 0.4), Uniform(random, 0.0, 0.05), 0.0});
      break;
    case CameraModelKind::kKannalaBrandt4:
      values.insert(values.end(),
                    {Uniform(random, -0.05, 0.05), Uniform(random, -0.02, 0.02), 0.002, -0.001});
      break;
  }
  return values;
}

Eigen::Vector3d CentreOfCamera(const BoardSceneOptions& options, std::size_t index,
                               Random* random) {
  const double jitter = Uniform(random, -0.1, 0.1);
  const double height = Uniform(random, 1.2, 2.4);
  if (options.places == BoardSceneOptions::Places::kChain) {
    return {1.5 * static_cast<double>(index) + jitter, -2.5, height};
  }
  const double angle = 2.0 * std::numbers::pi * (static_cast<double>(index) + 0.3 * jitter) /
                       static_cast<double>(options.cameras);
  return {options.radius * std::cos(angle), options.radius * std::sin(angle), height};
}

Eigen::Vector3d LookPoint(const BoardSceneOptions& options, const Eigen::Vector3d& centre) {
  if (options.places == BoardSceneOptions::Places::kChain) return {centre.x(), 0.0, 1.0};
  return {0.0, 0.0, 1.0};
}

RigidTransform RandomBoard(const BoardSceneOptions& options, Random* random) {
  RigidTransform lab_from_target;
  lab_from_target.rotation = RandomRotation(random);
  Eigen::Vector3d middle(Uniform(random, -1.7, 1.7), Uniform(random, -1.7, 1.7),
                         Uniform(random, 0.1, 2.1));
  if (options.places == BoardSceneOptions::Places::kChain) {
    middle.x() = Uniform(random, -0.8, 1.5 * static_cast<double>(options.cameras - 1) + 0.8);
    middle.y() = Uniform(random, -0.5, 0.5);
    // Facing the cameras, as one holds a board.
    Eigen::Matrix3d facing;
    facing.col(0) = Eigen::Vector3d::UnitX();
    facing.col(1) = -Eigen::Vector3d::UnitZ();
    facing.col(2) = Eigen::Vector3d::UnitY();
    const Eigen::Vector3d tilt(Uniform(random, -0.7, 0.7), Uniform(random, -0.7, 0.7),
                               Uniform(random, -3.0, 3.0));
    lab_from_target.rotation = facing * (Eigen::AngleAxisd(tilt.x(), Eigen::Vector3d::UnitX()) *
                                         Eigen::AngleAxisd(tilt.y(), Eigen::Vector3d::UnitY()) *
                                         Eigen::AngleAxisd(tilt.z(), Eigen::Vector3d::UnitZ()))
                                            .toRotationMatrix();
  }
  const Eigen::Vector3d middle_in_target(0.5 * (options.columns - 1) * options.square,
                                         0.5 * (options.rows - 1) * options.square, 0.0);
  lab_from_target.translation = middle - lab_from_target.rotation * middle_in_target;
  return lab_from_target;
}

// The board's front is its side of negative z: x to the right and y down, as printed.
bool FacesCamera(const BoardSceneOptions& options, const RigidTransform& lab_from_target,
                 const Eigen::Vector3d& middle_in_target, const Camera& camera) {
  const Eigen::Vector3d to_camera =
      (camera.CentreInLab() - lab_from_target * middle_in_target).normalized();
  return -lab_from_target.rotation.col(2).dot(to_camera) > std::cos(options.largest_angle);
}

}  // namespace

BoardScene MakeBoardScene(const BoardSceneOptions& options) {
  Random random(options.seed * 7919 + 13);
  BoardScene scene;
  for (std::size_t c = 0; c < options.cameras; ++c) {
    const Eigen::Vector3d centre = CentreOfCamera(options, c, &random);
    const std::string name = "cam" + std::to_string(c + 1);
    scene.rig.cameras.push_back({name, options.width, options.height,
                                 CameraModel(options.kind, RandomIntrinsics(options, &random)),
                                 LookAt(centre, LookPoint(options, centre)), 0.0, std::nullopt});
    if (options.share_intrinsics) scene.rig.cameras.back().model = scene.rig.cameras[0].model;
    scene.observations.cameras.push_back({name, options.width, options.height});
  }
  CalibrationTarget target;
  target.name = "board";
  for (int row = 0; row < options.rows; ++row) {
    for (int column = 0; column < options.columns; ++column) {
      target.points.emplace_back(column * options.square, row * options.square, 0.0);
    }
  }
  const CalibrationTarget bent = Bent(target, options.bend);
  const Eigen::Vector3d middle = 0.5 * (target.points.front() + target.points.back());
  constexpr std::size_t kFewestCorners = 12;
  for (std::size_t frame = 0; frame < options.frames; ++frame) {
    const RigidTransform lab_from_target = RandomBoard(options, &random);
    scene.lab_from_target.push_back(lab_from_target);
    for (std::size_t c = 0; c < options.cameras; ++c) {
      const Camera& camera = scene.rig.cameras[c];
      if (!FacesCamera(options, lab_from_target, middle, camera)) continue;
      TargetView view;
      view.camera = CameraId(c);
      view.frame = frame;
      view.time = static_cast<double>(frame);
      std::vector<std::uint8_t> is_outlier;
      for (std::size_t p = 0; p < target.points.size(); ++p) {
        const auto xy = camera.Project(lab_from_target * bent.points[p]);
        if (!xy || !camera.IsInImage(*xy)) continue;
        Eigen::Vector2d seen = *xy;
        seen += options.sigma * Eigen::Vector2d(Normal(&random), Normal(&random));
        const bool bad = Uniform(&random, 0.0, 1.0) < options.outlier_share;
        if (bad) {
          const double angle = Uniform(&random, 0.0, 2.0 * std::numbers::pi);
          const double length = Uniform(&random, options.outlier_least, options.outlier_most);
          seen += length * Eigen::Vector2d(std::cos(angle), std::sin(angle));
        }
        view.point.push_back(static_cast<std::uint32_t>(p));
        view.xy.push_back(seen);
        if (options.state_sigma) view.sigma.push_back(static_cast<float>(options.sigma));
        is_outlier.push_back(bad ? 1 : 0);
      }
      if (view.xy.size() < kFewestCorners) continue;
      scene.observations.views.push_back(std::move(view));
      scene.is_outlier.push_back(std::move(is_outlier));
    }
  }
  scene.observations.targets.push_back(std::move(target));
  return scene;
}

SceneTruth TruthOf(const BoardScene& scene, std::size_t reference_camera) {
  SceneTruth truth;
  truth.data = MakeBundleData(scene.observations,
                              std::vector<std::uint8_t>(scene.observations.views.size(), 1));
  const RigidTransform reference_from_lab = scene.rig.cameras[reference_camera].camera_from_lab;
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
    truth.state.lab_from_target.push_back(reference_from_lab * scene.lab_from_target[pose.frame]);
  }
  truth.use.assign(truth.data.sightings.size(), 1);
  for (const BundleView& view : truth.data.views) {
    for (std::size_t i = view.begin; i < view.end; ++i) {
      truth.use[i] = scene.is_outlier[view.source][i - view.begin] != 0 ? 0 : 1;
    }
  }
  return truth;
}

}  // namespace medius::calibration
