#include <cmath>

#include <gtest/gtest.h>

#include "reconstruct/gates.hpp"
#include "tests/reconstruct/scene.hpp"

namespace medius::reconstruct {
namespace {

// One sighting of a camera, exposed `late` seconds after the middle of its image.
CameraFrame OneSighting(const Eigen::Vector2d& xy, double late) {
  CameraFrame seen;
  seen.x = {static_cast<float>(xy.x())};
  seen.y = {static_cast<float>(xy.y())};
  seen.variance = {0.04F};
  seen.delay = {static_cast<float>(late)};
  seen.row = {0};
  seen.track = {kFree};
  seen.row_count = 1;
  return seen;
}

// 400 rows of 10 us below the middle: at 10 m/s and 4 m the marker is 40 mm or 13 px farther on.
TEST(OpenGates, LooksForARowAtItsOwnTime) {
  CameraRig rig = RingOfCameras(2);
  rig.cameras.pop_back();
  Camera& camera = rig.cameras[0];
  camera.line_time = 10e-6;
  const RigidTransform lab_from_camera = camera.camera_from_lab.Inverse();
  const Eigen::Vector3d position = lab_from_camera * Eigen::Vector3d(0.1, 4.0 * 0.3, 4.0);
  const Eigen::Vector3d velocity = lab_from_camera.rotation * Eigen::Vector3d(10.0, 0.0, 0.0);
  const double late = camera.line_time * (camera.Project(position)->y() - 0.5 * 1079.0);
  ASSERT_GT(late, 3.5e-3);
  const Eigen::Vector2d seen_at = *camera.Project(position + late * velocity);
  const Prediction prediction{position, velocity, 1e-6};
  ASSERT_GT((seen_at - *camera.Project(position)).norm(), 10.0);
  Gates gates;
  OpenGates(rig, {OneSighting(seen_at, late)}, prediction, {}, &gates);
  ASSERT_EQ(gates.count, 1);
  EXPECT_LT(gates.gate[0].candidate[0].residual.norm(), 0.3);
  // What is where the marker was in the middle of the image was exposed too late to be it.
  OpenGates(rig, {OneSighting(*camera.Project(position), late)}, prediction, {}, &gates);
  EXPECT_EQ(gates.count, 0);
}

}  // namespace
}  // namespace medius::reconstruct
