#pragma once

#include "capture/anthropometry.hpp"
#include "capture/body_pose.hpp"
#include "capture/scenario.hpp"

namespace medius::capture {

/// The body standing still, as in the static trial.
struct StandingState {
  BodyAngles angles;
  BodyPose pose;
};

/// Both soles on the floor, the ankles under the middle of the hips. The leg that reaches further
/// has the knee flexion of the scenario; where the pelvis is not level the other knee bends more.
/// @param place  lab x and y, metres.
[[nodiscard]] StandingState Stand(const Anthropometry& anthropometry,
                                  const StandingScenario& standing, const Eigen::Vector2d& place);

}  // namespace medius::capture
