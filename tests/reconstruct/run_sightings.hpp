#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/ids.hpp"
#include "core/marker_set.hpp"
#include "core/observations.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"

namespace medius::testing {

/// A run that other people recorded, with its standing trial (../shared/real).
struct RecordedRun {
  std::string name;
  std::string run;         ///< file below the folder of the recordings
  std::string standing;    ///< as well
  std::string marker_set;  ///< preset
  /// Labels that the run has the wrong way round by its own standing trial.
  std::vector<std::pair<std::string, std::string>> exchanged;
};
[[nodiscard]] const std::vector<RecordedRun>& RecordedRuns();

/// All frames of a trial file.
struct WholeTrial {
  TimeBase time_base;
  std::vector<std::string> labels;
  TrajectoryBlock positions;
};
/// @throws InputError as TrialReader.
[[nodiscard]] WholeTrial ReadPositions(const std::filesystem::path& trial);
/// Sightings of the cameras of a rig, in its order.
[[nodiscard]] ObservationBlock ReadSightings(const std::filesystem::path& trial,
                                             const CameraRig& rig);

/// Cameras of 2048 x 1536 pixels on a ring of 4.5 m round the middle of a run, 1.2 and 2.4 m high
/// in turn: datasets/rigs/treadmill_8.toml for any number of cameras and any place.
[[nodiscard]] CameraRig RingRound(const TrajectoryBlock& positions, int cameras,
                                  std::uint64_t seed);

/// The rig as a calibration would give it whose error moves the pixels of these positions away from
/// where the cameras agree best by error_px, root mean square distance; it states the covariance
/// that its error was drawn from. As a whole it stands where it puts these positions best.
[[nodiscard]] CameraRig WithCalibrationError(const CameraRig& truth,
                                             const TrajectoryBlock& positions, double error_px,
                                             std::uint64_t seed);

/// Markers that no camera sees for a while.
struct Loss {
  std::vector<MarkerId> markers;
  double begin = 0.0;  ///< s
  double end = 0.0;    ///< s, not lost any more
};

/// Losses one after the other over a whole run, of 50, 100, 200, 500 and 1000 ms in turn, half a
/// second after the start at the earliest and with as much between them.
/// @param of_segment  three markers of one cluster at once, else one marker.
[[nodiscard]] std::vector<Loss> PlanLosses(const WholeTrial& run, const MarkerSet& set,
                                           bool of_segment, std::uint64_t seed);

/// Takes away the sightings of lost markers. Needs labels.
void TakeAway(const std::vector<Loss>& losses, const TimeBase& time_base, ObservationBlock* seen);

/// Keeps the rows of a camera for which a function is true, given frame and row.
void KeepRows(const std::function<bool(std::size_t, std::size_t)>& keeps,
              CameraObservations* camera);

/// Writes the header and time base of one trial with other sightings; where with_labels is false
/// neither labels nor names.
void WriteSightings(const std::filesystem::path& like, const CameraRig& rig,
                    const ObservationBlock& seen, bool with_labels,
                    const std::filesystem::path& path);

}  // namespace medius::testing
