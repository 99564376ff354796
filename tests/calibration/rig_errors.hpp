#pragma once

#include <cstdint>

#include "core/camera_rig.hpp"

namespace medius::calibration {

/// The rig as a calibration with boards would give it: with an error drawn from the covariance of
/// that calibration, which it states.
/// @param boards  places of a board of 35 corners, seen with 0.3 px noise by the cameras before
///                it: fewer make a worse rig.
CameraRig WithBoardErrors(const CameraRig& truth, std::uint64_t seed, int boards = 150);

}  // namespace medius::calibration
