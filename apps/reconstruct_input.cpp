#include "apps/reconstruct_input.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/command.hpp"
#include "core/error.hpp"
#include "reconstruct/rig_uncertainty.hpp"
#include "storage/rig_toml.hpp"

namespace medius::apps {
namespace {

// Frames read at once in search of a label.
constexpr std::size_t kFramesPerLook = 1024;

std::vector<std::string> Without(const std::vector<std::string>& names,
                                 const std::vector<std::string>& taken) {
  std::vector<std::string> left;
  for (const std::string& name : names) {
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) left.push_back(name);
  }
  return left;
}

}  // namespace

NamedRig ReadRig(const ReconstructArguments& arguments, const storage::TrialReader& trial) {
  if (!arguments.rig.empty()) return {storage::ReadRig(arguments.rig), arguments.rig};
  if (!trial.Has(storage::TrialPart::kRig)) {
    throw InputError(fmt::format(
        "{}: has no rig of its own; name the calibrated cameras with --rig", arguments.trial));
  }
  return {trial.ReadRig(), arguments.trial + ":/rig"};
}

std::vector<std::string> CameraNames(const CameraRig& rig) {
  std::vector<std::string> names;
  for (const Camera& camera : rig.cameras) names.push_back(camera.name);
  return names;
}

CameraRig ChooseCameras(const ReconstructArguments& arguments, const NamedRig& rig,
                        const std::vector<std::string>& seen) {
  const std::vector<std::string> known = CameraNames(rig.rig);
  const bool chosen = !arguments.cameras.empty();
  const std::vector<std::string>& wanted = chosen ? arguments.cameras : seen;
  const auto refuse = [&](const std::string& where, const std::vector<std::string>& lacking) {
    throw InputError(fmt::format("{}: lacks camera {} (the trial saw {}; the rig has {}); {}",
                                 where, fmt::join(lacking, ", "), fmt::join(seen, ", "),
                                 fmt::join(known, ", "),
                                 chosen ? "name cameras that both have"
                                        : "use the rig of this recording, or name the "
                                          "cameras to use with --cameras"));
  };
  const std::vector<std::string> not_in_rig = Without(wanted, known);
  if (!not_in_rig.empty()) refuse(rig.name, not_in_rig);
  const std::vector<std::string> not_seen = Without(chosen ? wanted : known, seen);
  if (!not_seen.empty()) refuse(arguments.trial, not_seen);
  std::vector<CameraId> kept;
  for (std::size_t c = 0; c < known.size(); ++c) {
    if (std::find(wanted.begin(), wanted.end(), known[c]) != wanted.end()) kept.emplace_back(c);
  }
  CameraRig used = reconstruct::SomeCameras(rig.rig, kept);
  if (used.cameras.size() < 2) {
    throw NotComputed(fmt::format("{}: one camera alone ({}) gives no position; two see depth",
                                  arguments.trial, fmt::join(wanted, ", ")));
  }
  return used;
}

void CheckTrial(const std::string& path, const storage::TrialReader& trial) {
  if (!trial.Has(storage::TrialPart::kObservations)) {
    throw InputError(fmt::format(
        "{}: has no /observations; reconstruct needs what cameras saw (medius simulate or project)",
        path));
  }
}

bool IsAnonymous(const storage::TrialReader& trial, const std::vector<std::string>& cameras) {
  if (trial.labels().empty()) return true;
  for (const FrameRange& frames : SplitFrames(trial.time_base().frame_count(), kFramesPerLook)) {
    for (const CameraObservations& seen : trial.ReadObservations(frames, cameras).cameras) {
      if (seen.label.empty() && seen.row_count() > 0) return true;
      const bool some = std::any_of(seen.label.begin(), seen.label.end(),
                                    [](std::int16_t label) { return label != kUnlabelled; });
      if (some) return false;
    }
  }
  return true;
}

}  // namespace medius::apps
