#include <cmath>

#include <gtest/gtest.h>

#include "capture/anthropometry.hpp"
#include "capture/leg_solver.hpp"

namespace medius::capture {
namespace {

LegTask SomeTask() {
  LegTask task;
  task.lab_from_pelvis = PelvisRotation(0.08, -0.2, 0.06);
  task.hip = {0.01, 0.90, 0.07};
  task.ankle = {0.15, 0.12};
  task.thigh_length = 0.43;
  task.shank_length = 0.42;
  task.hip_frontal = 0.16;
  task.hip_axial = 0.07;
  task.knee_frontal = -0.05;
  task.knee_axial = 0.03;
  return task;
}

TEST(SolveLeg, BringsTheAnkleToItsPlaceWithTheKneeInFront) {
  for (double x = -0.3; x <= 0.3; x += 0.1) {
    for (double y = 0.1; y <= 0.5; y += 0.1) {
      LegTask task = SomeTask();
      task.ankle = {x, y};
      const SolvedLeg leg = SolveLeg(task);
      if (leg.reach > 0.97) continue;
      EXPECT_NEAR(leg.ankle.x(), x, 1e-10);
      EXPECT_NEAR(leg.ankle.y(), y, 1e-10);
      EXPECT_GT(leg.knee_flexion, 0.0);
      EXPECT_NEAR((leg.knee - task.hip).norm(), task.thigh_length, 1e-12);
      EXPECT_NEAR((leg.ankle - leg.knee).norm(), task.shank_length, 1e-12);
    }
  }
}

TEST(SolveLeg, KeepsTheAnglesThatAreGiven) {
  const LegTask task = SomeTask();
  const SolvedLeg leg = SolveLeg(task);
  // Z-X-Y Cardan angles of R = proximal^T distal, by their definition.
  const Eigen::Matrix3d hip = task.lab_from_pelvis.transpose() * leg.lab_from_thigh;
  EXPECT_NEAR(std::atan2(-hip(0, 1), hip(1, 1)), leg.hip_flexion, 1e-12);
  EXPECT_NEAR(std::asin(hip(2, 1)), task.hip_frontal, 1e-12);
  EXPECT_NEAR(std::atan2(-hip(2, 0), hip(2, 2)), task.hip_axial, 1e-12);
  const Eigen::Matrix3d knee = leg.lab_from_thigh.transpose() * leg.lab_from_shank;
  EXPECT_NEAR(-std::atan2(-knee(0, 1), knee(1, 1)), leg.knee_flexion, 1e-12);
  EXPECT_NEAR(std::asin(knee(2, 1)), task.knee_frontal, 1e-12);
  EXPECT_NEAR(std::atan2(-knee(2, 0), knee(2, 2)), task.knee_axial, 1e-12);
}

TEST(SolveLeg, PullsAnAnkleOutOfReachTowardsTheHip) {
  LegTask task = SomeTask();
  task.ankle = {0.6, -0.4};
  const SolvedLeg leg = SolveLeg(task);
  EXPECT_GT(leg.reach, 1.0);
  EXPECT_GT(leg.knee_flexion, 0.0);
  EXPECT_LT((leg.ankle - task.hip).norm(), task.thigh_length + task.shank_length);
}

}  // namespace
}  // namespace medius::capture
