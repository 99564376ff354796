#include <random>

#include <Eigen/Cholesky>
#include <Eigen/Geometry>
#include <gtest/gtest.h>

#include "reconstruct/rig_uncertainty.hpp"
#include "reconstruct/triangulation.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

// Standard deviations of the cameras' parameters: pixels of the focal lengths and centre, some
// thousandths of the distortion, 0.2 mrad, 1 mm.
Eigen::VectorXd Sigmas(const Camera& camera) {
  const int count = IntrinsicCount(camera.model.kind());
  Eigen::VectorXd sigma = Eigen::VectorXd::Constant(count + 6, 1e-4);
  sigma.head(4) << 0.5, 0.5, 0.8, 0.8;
  sigma.segment(count, 3).setConstant(2e-4);
  sigma.tail(3).setConstant(1e-3);
  return sigma;
}

CameraRig WithCovariance(CameraRig rig) {
  for (Camera& camera : rig.cameras) {
    camera.covariance = Sigmas(camera).cwiseAbs2().asDiagonal().toDenseMatrix();
  }
  return rig;
}

Camera Disturbed(const Camera& camera, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Eigen::VectorXd by = Sigmas(camera);
  for (double& value : by) value *= normal(random);
  const int count = IntrinsicCount(camera.model.kind());
  std::vector<double> k = camera.model.intrinsics();
  for (int i = 0; i < count; ++i) k[static_cast<std::size_t>(i)] += by[i];
  Camera disturbed = camera;
  disturbed.model = CameraModel(camera.model.kind(), k);
  const Eigen::Vector3d turn = by.segment<3>(count);
  disturbed.camera_from_lab.rotation =
      Eigen::AngleAxisd(turn.norm(), turn.normalized()).toRotationMatrix() *
      camera.camera_from_lab.rotation;
  disturbed.camera_from_lab.translation += by.tail<3>();
  return disturbed;
}

TEST(RigUncertainty, IsTheSpreadOfPointsOverDisturbedRigs) {
  const CameraRig rig = WithCovariance(RingOfCameras(6));
  const RigUncertainty uncertainty(rig);
  ASSERT_TRUE(uncertainty.known());
  const Eigen::Vector3d point(0.3, -0.2, 0.9);
  std::vector<CameraId> cameras;
  std::vector<Sighting> sightings;
  for (std::size_t c = 0; c < rig.cameras.size(); ++c) {
    cameras.emplace_back(c);
    sightings.push_back({CameraId(c), *rig.cameras[c].Project(point), 0.2});
  }
  const Eigen::Matrix3d stated = uncertainty.At(point, cameras);

  std::mt19937_64 random(5);
  constexpr int kSamples = 400;
  double sum = 0.0;
  TriangulationOptions options;
  options.reject_bad_views = false;
  for (int i = 0; i < kSamples; ++i) {
    CameraRig other = rig;
    for (Camera& camera : other.cameras) camera = Disturbed(camera, random);
    const TriangulatedPoint found = Triangulator(other, options).Triangulate(sightings);
    const Eigen::Vector3d error = found.sample.position - point;
    sum += error.dot(stated.llt().solve(error));
  }
  // Chi-square with 3 degrees of freedom; its mean over 400 has a standard deviation of 0.12.
  EXPECT_NEAR(sum / kSamples, 3.0, 0.5);
}

TEST(RigUncertainty, IsNothingWhereTheRigStatesNone) {
  const RigUncertainty uncertainty(RingOfCameras(3));
  EXPECT_FALSE(uncertainty.known());
  const std::vector<CameraId> cameras = {CameraId(0), CameraId(1)};
  EXPECT_EQ(uncertainty.At({0.0, 0.0, 1.0}, cameras), Eigen::Matrix3d::Zero());
}

TEST(RigUncertainty, OfSomeCamerasKeepsTheirPartOfTheJointCovariance) {
  CameraRig rig = RingOfCameras(3);
  const int per_camera = JointParameterCount(rig) / 3;
  rig.joint_covariance = Eigen::MatrixXd::Identity(3 * per_camera, 3 * per_camera);
  (*rig.joint_covariance)(0, 2 * per_camera) = 0.25;
  const CameraRig some = SomeCameras(rig, {CameraId(0), CameraId(2)});
  ASSERT_TRUE(some.joint_covariance);
  EXPECT_EQ(some.joint_covariance->rows(), 2 * per_camera);
  EXPECT_EQ((*some.joint_covariance)(0, per_camera), 0.25);
}

}  // namespace
}  // namespace medius::reconstruct
