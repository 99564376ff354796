#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "capture/trajectory_scene.hpp"

namespace medius::capture {
namespace {

Eigen::Vector3d Path(double t) {
  return {std::sin(9.0 * t), 0.5 * t * t * t, 1.0 + std::cos(7.0 * t)};
}

class TrajectorySceneTest : public ::testing::Test {
 protected:
  TrajectorySceneTest() : time_base_(TimeBase::Uniform(100.0, 30)), block_({0, 30}, 2) {
    MarkerSample sample = MarkerSample::Missing();
    for (std::size_t f = 0; f < 30; ++f) {
      sample.position = Path(time_base_.time[f]);
      sample.source = SampleSource::kImported;
      block_.Set(f, MarkerId(0), sample);
      if (f != 10) block_.Set(f, MarkerId(1), sample);
    }
  }

  Eigen::Vector3d At(double time, std::size_t marker) const {
    const TrajectoryScene scene(labels_, time_base_, block_);
    SceneState state;
    scene.At(time, state);
    return state.markers[marker];
  }

  std::vector<std::string> labels_ = {"A", "B"};
  TimeBase time_base_;
  TrajectoryBlock block_;
};

TEST_F(TrajectorySceneTest, GivesTheFramesThemselvesUnchanged) {
  for (const std::size_t f : {std::size_t{0}, std::size_t{7}, std::size_t{29}}) {
    EXPECT_EQ(At(time_base_.time[f], 0), block_.Position(f, MarkerId(0))) << f;
  }
}

TEST_F(TrajectorySceneTest, FollowsTheCurveBetweenFrames) {
  // Error of the cubic: |f''''| h^4 * 3/128, at most 9^4 * 1e-8 * 0.024 = 1.6 um; float32 adds 0.1.
  EXPECT_NEAR((At(0.1537, 0) - Path(0.1537)).norm(), 0.0, 2e-6);
  // Of the line at the ends: |f''| h^2 / 8 = 81 * 1e-4 / 8 = 1 mm.
  EXPECT_NEAR((At(0.004, 0) - Path(0.004)).norm(), 0.0, 1e-3);
}

TEST_F(TrajectorySceneTest, HoldsStillBeyondBothEnds) {
  EXPECT_EQ(At(-0.5, 0), block_.Position(0, MarkerId(0)));
  EXPECT_EQ(At(9.0, 0), block_.Position(29, MarkerId(0)));
}

TEST_F(TrajectorySceneTest, AMissingNeighbourIsNotGuessedOver) {
  EXPECT_TRUE(At(0.095, 1).array().isNaN().all());
  EXPECT_TRUE(At(0.105, 1).array().isNaN().all());
  EXPECT_TRUE(At(time_base_.time[10], 1).array().isNaN().all());
  EXPECT_NEAR((At(0.115, 1) - Path(0.115)).norm(), 0.0, 1.1e-3) << "beside a gap: the line";
  EXPECT_TRUE(At(0.105, 0).allFinite()) << "the other marker is there";
}

}  // namespace
}  // namespace medius::capture
