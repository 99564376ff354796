#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apps/command.hpp"
#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "reconstruct/keypoints.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {

/// Blocks of sightings, one after the other; nullopt after the last.
using ObservationSource = std::function<std::optional<ObservationBlock>()>;

/// True where the sightings of a trial are those of whole persons, as `medius import --keypoints`
/// writes them.
[[nodiscard]] bool HasPersons(const storage::TrialReader& trial,
                              const std::vector<std::string>& cameras);

/// The one person of a trial of keypoints who is wanted. Goes over the trial twice: once to find
/// who is in it, then block by block with everybody else left out and exchanged sides repaired.
class KeypointRunner {
 public:
  /// @param blocks  makes a source of the whole trial, from its first frame.
  /// @param wanted  1 for who is seen most and nearest to the middle, 2 for the next, ...
  /// @throws NotComputed where no person is found, or fewer than wanted.
  KeypointRunner(const std::function<ObservationSource()>& blocks, const std::string& trial,
                 const TimeBase& time_base, const std::vector<std::string>& labels,
                 const CameraRig& rig, const reconstruct::KeypointOptions& options,
                 std::size_t wanted, CommandContext& context);

  /// Sightings of that person, with at most one a label and camera.
  [[nodiscard]] ObservationSource Blocks() const;
  /// Who was found, one line each.
  [[nodiscard]] std::string SummaryText() const;
  [[nodiscard]] nlohmann::json SummaryJson() const;

 private:
  struct Total;
  [[nodiscard]] Total TotalOf(const std::vector<std::int32_t>& parts) const;

  std::function<ObservationSource()> blocks_;
  TimeBase time_base_;
  std::vector<std::string> labels_;
  CameraRig rig_;
  reconstruct::KeypointOptions options_;
  std::size_t wanted_;
  std::vector<reconstruct::PersonSummary> persons_;
  std::vector<std::vector<std::int32_t>> ranked_;
};

}  // namespace medius::apps
