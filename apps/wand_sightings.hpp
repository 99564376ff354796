#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/command.hpp"
#include "apps/wand_toml.hpp"
#include "calibration/wand_dots.hpp"
#include "core/camera_rig.hpp"

namespace medius::apps {

/// Where a command's sightings of a wand come from, as the user typed it.
struct WandInput {
  std::string trial;
  std::vector<std::string> sizes;    ///< WxH of all cameras, CAM=WxH of one
  std::vector<std::string> cameras;  ///< to use; empty: all
  bool labels = false;               ///< trust the trial's labels
};

/// Reads what the cameras of a trial saw, frame by frame. Sizes of the images are those typed, else
/// those of `initial`, else those that the trial states, else those of its own rig.
/// @throws InputError where the trial has no sightings, a camera's size is not known, or labels are
///         asked for and do not fit; CLI::ValidationError (exit 2) for a word that is no size or no
///         camera.
[[nodiscard]] calibration::DotObservations ReadDots(const WandInput& input, const Wand& wand,
                                                    const std::optional<CameraRig>& initial,
                                                    CommandContext& context);

}  // namespace medius::apps
