#pragma once

#include <string>
#include <vector>

#include "apps/reconstruct_arguments.hpp"
#include "core/camera_rig.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {

/// A rig and where it stands, for messages.
struct NamedRig {
  CameraRig rig;
  std::string name;
};

/// The rig that was named, or that of the trial. @throws InputError where there is neither.
[[nodiscard]] NamedRig ReadRig(const ReconstructArguments& arguments,
                               const storage::TrialReader& trial);

[[nodiscard]] std::vector<std::string> CameraNames(const CameraRig& rig);

/// The cameras to use, in the order of the rig. Without a choice of the user rig and trial must
/// have the same ones: a camera that only one of them knows is far more often a mix-up than meant.
/// @param seen  cameras that the trial has.
/// @throws InputError that lists what lacks where; NotComputed where one camera is left.
[[nodiscard]] CameraRig ChooseCameras(const ReconstructArguments& arguments, const NamedRig& rig,
                                      const std::vector<std::string>& seen);

/// Checks what can be known before the first frame. @throws InputError
void CheckTrial(const std::string& path, const storage::TrialReader& trial);

/// True where no sighting of the cameras bears a label; labelled ones are found in the first block.
[[nodiscard]] bool IsAnonymous(const storage::TrialReader& trial,
                               const std::vector<std::string>& cameras);

}  // namespace medius::apps
