#pragma once

#include <vector>

#include "apps/command.hpp"
#include "apps/wand_sightings.hpp"
#include "apps/wand_toml.hpp"
#include "calibration/quality_inputs.hpp"
#include "core/camera_rig.hpp"
#include "core/target.hpp"

namespace medius::apps {

/// A wand wave beside a recording of boards.
struct JointWand {
  TargetObservations observations;  ///< cameras of the rig, the wand alone as target
};

/// Finds the wand of a trial by a rig that the boards gave, in at most 1500 instants that spread
/// over the images.
/// @throws NotComputed where fewer than 12 instants place it, InputError as ReadDots.
[[nodiscard]] JointWand FindWandByRig(const WandInput& input, const Wand& wand,
                                      const CameraRig& rig, CommandContext& context);

/// Its longest distance, each instant triangulated freely.
[[nodiscard]] calibration::WandNumbers MeasureJointWand(const JointWand& joint,
                                                        const CameraRig& rig,
                                                        Parallelism parallelism);

/// Do the boards' scale and the wand's agree?
/// @param by_boards  the wand as the boards' rig measures it.
/// @throws NotComputed where they differ so much that one of the files must be wrong.
[[nodiscard]] std::vector<calibration::Finding> CompareWithBoards(
    const calibration::WandNumbers& by_boards);

/// Puts its views behind those of the boards, at instants of their own.
void AddToObservations(const JointWand& joint, TargetObservations* observations);

}  // namespace medius::apps
