#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apps/command.hpp"
#include "core/camera_rig.hpp"
#include "reconstruct/camera_monitor.hpp"
#include "reconstruct/gap_filler.hpp"
#include "reconstruct/statistics.hpp"

namespace medius::apps {

/// What became of sightings without labels.
struct TracksReport {
  std::size_t fragments = 0;
  std::uint64_t seen = 0;     ///< frames of all fragments in which they are seen
  std::uint64_t unnamed = 0;  ///< of these, how many are some marker, but which could not be told
  std::uint64_t ghosts = 0;   ///< and how many are no marker
  std::size_t swaps_undone = 0;
  double tracking_seconds = 0.0;
  double labelling_seconds = 0.0;
};

/// What `medius reconstruct` did, for its answer and its warnings.
struct ReconstructReport {
  std::vector<std::string> labels;
  reconstruct::ReconstructStatistics statistics;
  double seconds = 0.0;                            ///< of triangulation alone
  std::optional<TracksReport> tracks;              ///< where the sightings were anonymous
  std::size_t corrections = 0;                     ///< of a person, applied
  std::optional<reconstruct::GapStatistics> gaps;  ///< where gaps were filled
  double filling_seconds = 0.0;
  double smoothing_seconds = 0.0;
  double rate_hz = 0.0;
  std::vector<reconstruct::CameraQuality> cameras;  ///< as in the rig
};

/// @throws NotComputed where what was found is no result.
void RefuseNonsense(const std::string& trial, const ReconstructReport& report);

/// Warns of cameras that stand out and of results that are worse than they say.
void WarnOf(const CameraRig& rig, const ReconstructReport& report, CommandContext& context);

/// What the file keeps of it: quality and counts, without times and places, so that the same input
/// gives the same bytes.
[[nodiscard]] nlohmann::json QualityJson(const CameraRig& rig, const ReconstructReport& report);

[[nodiscard]] nlohmann::json SummaryJson(const std::string& output, const CameraRig& rig,
                                         const ReconstructReport& report);
[[nodiscard]] std::string SummaryText(const std::string& output, const CameraRig& rig,
                                      const ReconstructReport& report);

}  // namespace medius::apps
