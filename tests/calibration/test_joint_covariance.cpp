#include <cmath>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <gtest/gtest.h>

#include "calibration/calibrate.hpp"
#include "calibration/so3.hpp"
#include "calibration/uncertainty.hpp"
#include "tests/calibration/board_scene.hpp"

namespace medius::calibration {
namespace {

CameraRig TruthInReference(const BoardScene& scene) {
  return InLabFrame(scene.rig, scene.rig.cameras[0].camera_from_lab);
}

// Estimated minus true parameters, camera after camera.
Eigen::VectorXd JointError(const CameraRig& estimate, const CameraRig& truth) {
  Eigen::VectorXd error(JointParameterCount(truth));
  Eigen::Index at = 0;
  for (std::size_t c = 0; c < truth.cameras.size(); ++c) {
    const Camera& a = estimate.cameras[c];
    const Camera& b = truth.cameras[c];
    for (std::size_t i = 0; i < b.model.intrinsics().size(); ++i) {
      error[at++] = a.model.intrinsics()[i] - b.model.intrinsics()[i];
    }
    error.segment<3>(at) =
        VectorFromRotation(a.camera_from_lab.rotation * b.camera_from_lab.rotation.transpose());
    error.segment<3>(at + 3) = a.camera_from_lab.translation - b.camera_from_lab.translation;
    at += 6;
  }
  return error;
}

// The estimate moved as a body so that its cameras best fit the true ones.
CameraRig Aligned(const CameraRig& estimate, const CameraRig& truth) {
  const CameraLayout layout = CovarianceOf(estimate)->layout;
  std::vector<RigidTransform> places;
  for (const Camera& camera : truth.cameras) places.push_back(camera.camera_from_lab);
  const Eigen::VectorXd error = JointError(estimate, truth);
  const Eigen::VectorXd rest = GaugeProjection(layout, places, RigGauge::kCameraCentres) * error;
  const Eigen::VectorXd motion =
      LabMotions(layout, places).householderQr().solve(Eigen::VectorXd(rest - error));
  return InLabFrame(estimate, {RotationFromVector(motion.head<3>()), motion.tail<3>()});
}

// Maximum-likelihood point of exact pixels.
Eigen::Vector3d Triangulate(const CameraRig& rig, const std::vector<Eigen::Vector2d>& xy,
                            Eigen::Vector3d x) {
  for (int i = 0; i < 10; ++i) {
    Eigen::Matrix3d H = Eigen::Matrix3d::Zero();
    Eigen::Vector3d g = Eigen::Vector3d::Zero();
    for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
      const Camera& camera = rig.cameras[c];
      const auto pixel = camera.model.ProjectWithJacobian(camera.camera_from_lab * x);
      const Eigen::Matrix<double, 2, 3> J = pixel->d_xy_d_point * camera.camera_from_lab.rotation;
      H += J.transpose() * J;
      g += J.transpose() * (xy[c] - pixel->xy);
    }
    x += H.ldlt().solve(g);
  }
  return x;
}

// Normalized squared error of six markers at once, whose errors the cameras tie together.
double SquareOfMarkers(const BoardScene& scene, const CameraRig& estimate) {
  const CameraRig truth = TruthInReference(scene);
  const CameraRig aligned = Aligned(estimate, truth);
  const RigCovariance covariance = *CovarianceOf(aligned);
  Eigen::MatrixXd G(18, covariance.layout.size);
  Eigen::VectorXd error(18);
  Eigen::Index row = 0;
  for (const double height : {0.3, 1.0, 1.6}) {
    for (const double side : {-0.5, 0.4}) {
      const Eigen::Vector3d x =
          scene.rig.cameras[0].camera_from_lab * Eigen::Vector3d(side, 0.5 * side, height);
      std::vector<Eigen::Vector2d> xy;
      for (const Camera& camera : truth.cameras) xy.push_back(*camera.Project(x));
      const std::vector<bool> sees(truth.cameras.size(), true);
      G.middleRows<3>(row) = SensitivityOf(aligned, covariance.layout, x, sees)->by_parameters;
      error.segment<3>(row) = Triangulate(aligned, xy, x) - x;
      row += 3;
    }
  }
  const Eigen::MatrixXd stated = G * covariance.matrix * G.transpose();
  return error.dot(stated.ldlt().solve(error));
}

struct Case {
  CameraModelKind kind = CameraModelKind::kBrownConrady5;
  double focal = 1350.0;
  bool shared = false;
};

BoardSceneOptions SceneOf(const Case& test, std::uint64_t seed) {
  BoardSceneOptions options;
  options.kind = test.kind;
  options.focal = test.focal;
  options.share_intrinsics = test.shared;
  options.cameras = 3;
  options.frames = 40;
  options.seed = seed;
  return options;
}

class StatesMarkerErrors : public ::testing::TestWithParam<Case> {};

// What the reconstruction does with the joint covariance of a rig: the covariance of a point.
TEST_P(StatesMarkerErrors, AsTheySpreadOverSeeds) {
  double sum = 0.0;
  constexpr std::uint64_t kSeeds = 6;
  for (std::uint64_t seed = 5301; seed < 5301 + kSeeds; ++seed) {
    const BoardScene scene = MakeBoardScene(SceneOf(GetParam(), seed));
    CalibrationOptions options;
    options.model = GetParam().kind;
    options.initial = TruthInReference(scene);  // for speed
    if (GetParam().shared) options.intrinsics_group = {0, 0, 0};
    const CalibrationResult result = Calibrate(scene.observations, options);
    ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
    ASSERT_TRUE(result.rig.joint_covariance);
    sum += SquareOfMarkers(scene, result.rig);
  }
  // A sum of n squared unit normal numbers: mean n, sd sqrt(2 n). Four sd.
  const double n = 18.0 * kSeeds;
  EXPECT_NEAR(sum, n, 4.0 * std::sqrt(2.0 * n));
}

INSTANTIATE_TEST_SUITE_P(Lenses, StatesMarkerErrors,
                         ::testing::Values(Case{},
                                           Case{CameraModelKind::kBrownConrady5, 1350.0, true},
                                           Case{CameraModelKind::kBrownConrady8, 700.0, false},
                                           Case{CameraModelKind::kKannalaBrandt4, 700.0, false}));

CalibrationResult SmallResult(const std::vector<std::size_t>& groups) {
  BoardSceneOptions scene_options = SceneOf({}, 5301);
  scene_options.share_intrinsics = !groups.empty();
  CalibrationOptions options;
  options.intrinsics_group = groups;
  return Calibrate(MakeBoardScene(scene_options).observations, options);
}

TEST(AttachCovariance, JointIsInTheGaugeOfTheCamerasAndHasTheirBlocks) {
  const CalibrationResult result = SmallResult({});
  ASSERT_EQ(result.status, CalibrationStatus::kConverged);
  ValidateRig(result.rig, "result");
  const Eigen::MatrixXd& joint = *result.rig.joint_covariance;
  ASSERT_EQ(joint.rows(), 3 * 15);
  for (std::size_t c = 0; c < 3; ++c) {
    const auto at = static_cast<Eigen::Index>(15 * c);
    EXPECT_EQ(*result.rig.cameras[c].covariance, Eigen::MatrixXd(joint.block(at, at, 15, 15)));
  }
  // A gauge is a projection: taking the motion out once more changes nothing.
  std::vector<RigidTransform> places;
  for (const Camera& camera : result.rig.cameras) places.push_back(camera.camera_from_lab);
  const RigCovariance again = InGauge(*CovarianceOf(result.rig), places, RigGauge::kCameraCentres);
  EXPECT_LT((again.matrix - joint).norm(), 1e-9 * joint.norm());
  // All cameras share the motion: the reference camera, which stands still in the other gauge, has
  // a variance here.
  EXPECT_GT(joint(9, 9), 0.0);
}

TEST(AttachCovariance, SharedIntrinsicsAreTheSameColumnsOfEachCamera) {
  const CalibrationResult result = SmallResult({4, 1, 4});
  ASSERT_EQ(result.status, CalibrationStatus::kConverged) << result.degeneracy.sentence;
  const Eigen::MatrixXd& joint = *result.rig.joint_covariance;
  ASSERT_EQ(joint.rows(), 3 * 15);
  EXPECT_EQ(joint.block(0, 0, 9, 9), joint.block(30, 30, 9, 9));
  EXPECT_EQ(joint.block(0, 0, 9, 9), joint.block(0, 30, 9, 9));
  EXPECT_NE(joint.block(0, 0, 9, 9), joint.block(15, 15, 9, 9));
}

TEST(CovarianceOf, IsNoneWhereTheRigHasNone) {
  CalibrationResult result = SmallResult({});
  result.rig.joint_covariance.reset();
  EXPECT_FALSE(CovarianceOf(result.rig));
}

}  // namespace
}  // namespace medius::calibration
