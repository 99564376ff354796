#pragma once

#include <string>

#include "apps/command.hpp"
#include "core/camera_rig.hpp"

namespace medius::apps {

/// Judges the lab frame that a rig says it has, before anything is computed in it: a rig in the
/// frame of a camera makes a warning, as does one of an unknown frame whose cameras lie below z =
/// 0.
/// @param where  the rig's file, for the message.
/// @throws NotComputed where the rig claims a floor that most of its cameras lie below.
void RequireSensibleFloor(const CameraRig& rig, const std::string& where, CommandContext& context);

}  // namespace medius::apps
