#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>
#include <gtest/gtest.h>

#include "capture/virtual_wand.hpp"

namespace medius::capture {
namespace {

TEST(WandScene, KeepsItsLengthInALineAndVisitsTheVolume) {
  const WandScenario wand;
  const WandScene scene(wand, {0.5, -0.3}, 8);
  ASSERT_EQ(scene.labels().size(), 3U);
  Eigen::Vector3d low = Eigen::Vector3d::Constant(1e9);
  Eigen::Vector3d high = -low;
  double steepest = 0.0;
  SceneState state;
  for (double t = 0.0; t < wand.duration; t += 0.05) {
    scene.At(t, state);
    const Eigen::Vector3d whole = state.markers[2] - state.markers[0];
    const Eigen::Vector3d part = state.markers[1] - state.markers[0];
    ASSERT_NEAR(whole.norm(), wand.length, 1e-12);
    ASSERT_NEAR(part.norm(), wand.middle, 1e-12);
    ASSERT_NEAR(part.cross(whole).norm(), 0.0, 1e-12);
    const Eigen::Vector3d middle = 0.5 * (state.markers[0] + state.markers[2]);
    low = low.cwiseMin(middle);
    high = high.cwiseMax(middle);
    steepest = std::max(steepest, std::abs(whole.z()) / wand.length);
  }
  for (int axis = 0; axis < 3; ++axis) {
    EXPECT_GT(high[axis] - low[axis], 0.6 * wand.volume[axis]) << axis;
    EXPECT_LE(high[axis] - low[axis], wand.volume[axis]) << axis;
  }
  EXPECT_NEAR(0.5 * (low.z() + high.z()), wand.centre_height, 0.2);
  EXPECT_GT(steepest, 0.7) << "points in many directions";
}

}  // namespace
}  // namespace medius::capture
