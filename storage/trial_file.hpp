#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/camera_rig.hpp"
#include "core/events.hpp"
#include "core/kinematics.hpp"
#include "core/observations.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/run_statistics.hpp"
#include "core/shared_covariance.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "core/trial.hpp"

namespace medius::storage {

inline constexpr int kSchemaVersion = 1;

/// The parts of a trial file, by their group: what a rewrite carries over or leaves out.
enum class TrialPart {
  kRig,
  kObservations,
  kTrajectories,
  kEvents,
  kKinematics,
  kStrides,
  kSummary
};

/// An open trial file (HDF5, see docs/file-format.md). Opening checks the format, the version, that
/// every dataset has the type and shape that the others imply, and its checksums where it is read;
/// it refuses external links, external storage, virtual datasets, unknown filters and sizes that
/// cannot be. Not for use by several threads at once.
///
/// Every member throws InputError that names the file, the dataset and what is wrong with it.
class TrialReader {
 public:
  /// @param parallelism  threads that unpack chunks; the result does not depend on it.
  explicit TrialReader(const std::filesystem::path& path, Parallelism parallelism = Parallelism(1));
  ~TrialReader();
  TrialReader(TrialReader&&) noexcept;
  TrialReader& operator=(TrialReader&&) noexcept;
  TrialReader(const TrialReader&) = delete;
  TrialReader& operator=(const TrialReader&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const;
  [[nodiscard]] const TrialHeader& header() const;
  [[nodiscard]] const TimeBase& time_base() const;
  [[nodiscard]] bool Has(TrialPart part) const;

  /// Names of the markers, index = MarkerId; empty where the trial has neither labels nor
  /// trajectories. A trial of labelled sightings has labels before it has positions.
  [[nodiscard]] const std::vector<std::string>& labels() const;
  /// Names of the cameras that have observations, in file order.
  [[nodiscard]] const std::vector<std::string>& observation_cameras() const;
  /// Sizes of their images, in the same order; nullopt where whoever wrote the sightings did not
  /// say.
  [[nodiscard]] const std::vector<std::optional<ImageSize>>& image_sizes() const;

  [[nodiscard]] CameraRig ReadRig() const;
  /// Sightings of `cameras` (by name, in that order) in the frames given.
  [[nodiscard]] ObservationBlock ReadObservations(FrameRange frames,
                                                  const std::vector<std::string>& cameras) const;
  [[nodiscard]] TrajectoryBlock ReadTrajectories(FrameRange frames) const;
  /// Whether there are smoothed positions, and a block with these in place of the raw ones.
  [[nodiscard]] bool HasSmoothed() const;
  [[nodiscard]] TrajectoryBlock ReadSmoothed(FrameRange frames) const;
  /// Empty where the rig that made the positions stated no covariance.
  [[nodiscard]] SharedCovariance ReadSharedCovariance() const;
  [[nodiscard]] GaitEvents ReadEvents() const;
  [[nodiscard]] Kinematics ReadKinematics() const;
  [[nodiscard]] StrideTable ReadStrides() const;
  [[nodiscard]] Summary ReadSummary() const;
  /// Goes with the summary; empty where there is none.
  [[nodiscard]] RunStatistics ReadRunStatistics() const;
  [[nodiscard]] std::vector<StageProvenance> ReadProvenance() const;
  /// What people noted, in the order of the file; empty where there is nothing.
  [[nodiscard]] std::vector<TrialNote> ReadNotes() const;

  /// Number of sightings of a camera over all frames, without reading them.
  [[nodiscard]] std::size_t SightingCount(const std::string& camera) const;

  /// Reads every dataset through its checksum: is the file whole?
  void VerifyAll(const WorkControl& control = {}) const;

 private:
  friend class TrialWriter;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Writes a trial file beside its place under a temporary name and publishes it whole: nothing of
/// the old file is touched before Commit(), which flushes, checks, syncs and renames. Without
/// Commit() the destructor removes the temporary file. Parts may be written in any order, frames of
/// a part in order. A temporary file that a killed process left behind is removed by the next
/// writer of the same target.
///
/// Every member throws InputError that names the file and what failed (a full disk: the space).
class TrialWriter {
 public:
  /// @param parallelism  threads that pack chunks; the file does not depend on it.
  explicit TrialWriter(const std::filesystem::path& path, Parallelism parallelism = Parallelism(1));
  ~TrialWriter();
  TrialWriter(const TrialWriter&) = delete;
  TrialWriter& operator=(const TrialWriter&) = delete;
  TrialWriter(TrialWriter&&) = delete;
  TrialWriter& operator=(TrialWriter&&) = delete;

  void WriteHeader(const TrialHeader& header);
  void WriteTimeBase(const TimeBase& time_base);
  /// Labels alone, for a trial of labelled sightings; implied by BeginTrajectories.
  void WriteLabels(const std::vector<std::string>& labels);
  void WriteRig(const CameraRig& rig);

  /// @param columns  which optional columns the blocks will have, the same in every block.
  struct ObservationColumns {
    bool sigma = false;
    bool radius = false;
    bool intensity = false;
    bool label = false;
    bool instance = false;
    bool time_stamp = false;
  };
  /// @param sizes  of the images, one a camera, where they are known; or none at all.
  void BeginObservations(const std::vector<std::string>& cameras, ObservationColumns columns,
                         const std::vector<std::optional<ImageSize>>& sizes = {});
  /// The next frames, cameras in the order of BeginObservations.
  void AppendObservations(const ObservationBlock& block);

  void BeginTrajectories(const std::vector<std::string>& labels);
  void AppendTrajectories(const TrajectoryBlock& block);
  /// Smoothed positions beside those of the trajectories that were begun; frames in order, apart
  /// from those of AppendTrajectories. Of a block position and covariance are kept.
  void BeginSmoothed();
  void AppendSmoothed(const TrajectoryBlock& block);
  /// Of the trajectories that were begun.
  void WriteSharedCovariance(const SharedCovariance& shared);

  void WriteEvents(const GaitEvents& events);
  void WriteKinematics(const Kinematics& kinematics);
  void WriteStrides(const StrideTable& strides);
  void WriteSummary(const Summary& summary);
  /// After the summary, whose group it goes into.
  void WriteRunStatistics(const RunStatistics& statistics);
  void WriteProvenance(const StageProvenance& provenance);
  /// In place of those that there are. @throws InputError where they are too long for the file.
  void WriteNotes(const std::vector<TrialNote>& notes);

  /// Copies header, time base, labels and provenance of an open trial, and the parts named, without
  /// unpacking them. Attributes and datasets that this version does not know are carried along.
  void CopyFrom(const TrialReader& source, const std::vector<TrialPart>& parts);

  /// Checks that what was begun is complete, flushes, syncs, renames over the target, syncs the
  /// folder. Success means that the file is on disk.
  void Commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace medius::storage
