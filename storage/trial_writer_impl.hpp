#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/hdf5_column_writer.hpp"
#include "storage/hdf5_write_target.hpp"
#include "storage/trial_file.hpp"
#include "storage/trial_partial_file.hpp"
#include "storage/trial_schema.hpp"

namespace medius::storage {

/// Columns of one camera while its sightings arrive.
struct SightingWriters {
  std::unique_ptr<hdf5::ColumnWriter> frame_start;
  std::unique_ptr<hdf5::ColumnWriter> xy;
  std::unique_ptr<hdf5::ColumnWriter> sigma;       ///< null where there is no such column
  std::unique_ptr<hdf5::ColumnWriter> radius;      ///< likewise
  std::unique_ptr<hdf5::ColumnWriter> intensity;   ///< likewise
  std::unique_ptr<hdf5::ColumnWriter> label;       ///< likewise
  std::unique_ptr<hdf5::ColumnWriter> instance;    ///< likewise
  std::unique_ptr<hdf5::ColumnWriter> time_stamp;  ///< likewise, a row a frame
};

struct TrajectoryWriters {
  std::unique_ptr<hdf5::ColumnWriter> position;
  std::unique_ptr<hdf5::ColumnWriter> covariance;
  std::unique_ptr<hdf5::ColumnWriter> residual;
  std::unique_ptr<hdf5::ColumnWriter> rays;
  std::unique_ptr<hdf5::ColumnWriter> source;
  std::unique_ptr<hdf5::ColumnWriter> smoothed_position;    ///< nullptr where there is none
  std::unique_ptr<hdf5::ColumnWriter> smoothed_covariance;  ///< as well
};

struct TrialWriter::Impl {
  Impl(const std::filesystem::path& path, Parallelism threads);

  /// Runs one step; after any error the writer refuses everything, so that nothing that lost data
  /// is ever published.
  template <typename Step>
  void Guarded(const Step& step) {
    const hdf5::ErrorSilence silence;
    ThrowIfFailed();
    try {
      step();
      ThrowIfLost();
    } catch (const std::exception& error) {
      failure = error.what();
      throw;
    }
  }

  void WriteHeader(const TrialHeader& header);
  void WriteTimeBase(const TimeBase& time_base);
  void WriteLabels(const std::vector<std::string>& names);
  void WriteRig(const CameraRig& rig);
  void BeginObservations(const std::vector<std::string>& cameras, ObservationColumns columns,
                         const std::vector<std::optional<ImageSize>>& sizes);
  void AppendObservations(const ObservationBlock& block);
  void BeginTrajectories(const std::vector<std::string>& names);
  void AppendTrajectories(const TrajectoryBlock& block);
  void BeginSmoothed();
  void AppendSmoothed(const TrajectoryBlock& block);
  void WriteSharedCovariance(const SharedCovariance& shared);
  void WriteEvents(const GaitEvents& events);
  void WriteKinematics(const Kinematics& kinematics);
  void WriteStrides(const StrideTable& strides);
  void WriteSummary(const Summary& summary);
  void WriteRunStatistics(const RunStatistics& statistics);
  void WriteProvenance(const StageProvenance& provenance);
  void WriteNotes(const std::vector<TrialNote>& notes);
  void CopyFrom(const hdf5::Handle& source, const TrialReader& reader,
                const std::vector<TrialPart>& wanted);
  void Commit();
  /// Closes the file, checking that everything reached it.
  void Close();

  std::string shown;
  Parallelism parallelism;
  PartialFile partial;
  hdf5::WriteTarget target;
  hdf5::Handle file;
  hdf5::ChunkBatch batch;
  std::string failure;  ///< what went wrong first; empty while all is well
  bool has_header = false;
  bool committed = false;
  std::optional<std::size_t> frame_count;
  std::optional<std::vector<std::string>> labels;

  bool observations_begun = false;
  ObservationColumns observation_columns;
  std::vector<SightingWriters> sightings;
  std::size_t observed_frames = 0;

  std::optional<TrajectoryWriters> trajectories;
  std::size_t trajectory_frames = 0;
  std::size_t smoothed_frames = 0;

 private:
  void ThrowIfFailed() const;
  /// @throws InputError where a write did not reach the file.
  void ThrowIfLost() const;
  [[nodiscard]] hdf5::Handle FreshGroup(const std::string& name);
  void Remove(const std::string& name);
  [[nodiscard]] bool Has(const std::string& name) const;
  [[nodiscard]] SightingWriters BeginCamera(hid_t group) const;
  void AppendCamera(SightingWriters& writers, const CameraObservations& camera);
  [[nodiscard]] std::vector<hdf5::ColumnWriter*> OpenColumns() const;
  void SetLabels(const std::vector<std::string>& names);
  void CopyProvenance(hid_t source, const std::string& where);
  void CopyLabels(hid_t source, const std::string& where);
};

}  // namespace medius::storage
