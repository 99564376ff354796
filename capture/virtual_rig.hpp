#pragma once

#include <cstdint>

#include "capture/scenario.hpp"
#include "core/camera_rig.hpp"

namespace medius::capture {

/// Cameras evenly round the ring, low and high in turn, all looking at the target over the ring's
/// centre. They differ a little in focal length, principal point and distortion, by the seed.
/// Named cam1, cam2, ...
[[nodiscard]] CameraRig BuildRing(const RigScenario& rig, std::uint64_t seed);

}  // namespace medius::capture
