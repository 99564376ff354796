#pragma once

#include <cstddef>

#include "core/camera_rig.hpp"
#include "core/rigid_transform.hpp"
#include "core/target.hpp"
#include "tests/calibration/floor_scene.hpp"

namespace medius::calibration {

/// lab_from_target of a board that lies print up with its first point above the lab's origin and
/// its x along the lab's X.
[[nodiscard]] RigidTransform BoardOnFloor(double thickness);

/// Views of an 8 x 6 board (60 mm squares) in some frames, from every camera that sees its print.
void AddBoardViews(const CameraRig& rig, const RigidTransform& lab_from_target, std::size_t first,
                   std::size_t frames, double sigma, SceneRandom* random,
                   TargetObservations* observations);

/// No views yet: the cameras, and the board as the only target.
[[nodiscard]] TargetObservations EmptyBoardObservations(const CameraRig& rig);

}  // namespace medius::calibration
