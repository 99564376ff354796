#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/hdf5_column_reader.hpp"
#include "storage/hdf5_tree.hpp"
#include "storage/trial_file.hpp"
#include "storage/trial_schema.hpp"

namespace medius::storage {

/// The datasets of one camera under /observations.
struct SightingColumns {
  std::string camera;
  hdf5::ColumnReader frame_start;
  hdf5::ColumnReader xy;
  std::optional<hdf5::ColumnReader> sigma;
  std::optional<hdf5::ColumnReader> radius;
  std::optional<hdf5::ColumnReader> intensity;
  std::optional<hdf5::ColumnReader> label;
  std::optional<hdf5::ColumnReader> instance;
  std::optional<hdf5::ColumnReader> time_stamp;
};

/// The datasets of /trajectories where there are positions.
struct TrajectoryColumns {
  hdf5::ColumnReader position;
  hdf5::ColumnReader covariance;
  hdf5::ColumnReader residual;
  hdf5::ColumnReader rays;
  hdf5::ColumnReader source;
  std::optional<hdf5::ColumnReader> smoothed_position;
  std::optional<hdf5::ColumnReader> smoothed_covariance;
};

/// What an open trial knows: everything small, and the large columns ready to read.
struct TrialReader::Impl {
  /// @param shown  the name for messages, which for a file still under its temporary name is the
  ///               target's.
  Impl(std::filesystem::path path, std::string shown_name, Parallelism threads);

  // Opening (trial_open.cpp).
  void CheckFormat() const;
  void OpenHeader();
  void OpenTimeBase();
  void OpenLabels();
  void OpenObservations();
  void OpenTrajectories();
  void CheckSmallParts() const;

  // Reading parts; const in what they mean, though the columns keep their last chunk.
  [[nodiscard]] CameraRig ReadRig() const;
  [[nodiscard]] ObservationBlock ReadObservations(FrameRange frames,
                                                  const std::vector<std::string>& names);
  [[nodiscard]] TrajectoryBlock ReadTrajectories(FrameRange frames);
  [[nodiscard]] SharedCovariance ReadSharedCovariance() const;
  [[nodiscard]] TrajectoryBlock ReadSmoothed(FrameRange frames);
  /// @throws InputError where there is no such camera.
  [[nodiscard]] SightingColumns& SightingsOf(const std::string& camera);
  [[nodiscard]] GaitEvents ReadEvents() const;
  [[nodiscard]] Kinematics ReadKinematics(bool values) const;
  [[nodiscard]] std::string MethodOfKinematics() const;
  void ReadSegments(bool values, Kinematics& kinematics) const;
  [[nodiscard]] StrideTable ReadStrides(bool values) const;
  [[nodiscard]] Summary ReadSummary() const;
  [[nodiscard]] RunStatistics ReadRunStatistics() const;
  [[nodiscard]] std::vector<StageProvenance> ReadProvenance() const;
  [[nodiscard]] std::vector<TrialNote> ReadNotes() const;

  /// Reads all that this version knows, as a caller would, and the checksums of the rest.
  void VerifyAll(const WorkControl& control);
  /// The checksum of every chunk in the file, unpacking nothing.
  void VerifyChecksums() const;

  [[nodiscard]] std::size_t frame_count() const { return time_base.frame_count(); }
  [[nodiscard]] bool Has(TrialPart part) const { return parts.count(part) > 0; }
  /// @throws InputError that says which command makes the part.
  void Require(TrialPart part) const;

  [[nodiscard]] hdf5::Handle Group(const std::string& place) const;
  [[nodiscard]] bool HasMember(const std::string& place, const std::string& name) const;
  [[nodiscard]] std::vector<hdf5::Member> MembersOf(const std::string& place) const;
  [[nodiscard]] std::string Where(const std::string& place) const { return shown + ": /" + place; }

  [[nodiscard]] hdf5::ColumnReader Column(const std::string& group, const std::string& name,
                                          hdf5::ElementType type) const;
  [[nodiscard]] std::optional<hdf5::ColumnReader> OptionalColumn(const std::string& group,
                                                                 const std::string& name,
                                                                 hdf5::ElementType type) const;
  /// Rows of a table: at most kMostTableRows.
  [[nodiscard]] std::size_t TableRows(const hdf5::ColumnReader& first) const;
  [[nodiscard]] std::vector<std::string> ReadTexts(hdf5::ColumnReader& column) const;

  /// One whole column of a known length. @param reason  why that length, for the message.
  template <typename Value>
  [[nodiscard]] std::vector<Value> ReadTable(const std::string& group,
                                             const schema::Dataset& dataset, std::size_t rows,
                                             const std::string& reason) const {
    hdf5::ColumnReader column = Column(group, dataset.name, dataset.type);
    column.ExpectShape({rows}, reason);
    std::vector<Value> values(rows);
    column.Read(0, rows, values.data());
    return values;
  }

  std::filesystem::path file_path;
  std::string shown;
  Parallelism parallelism;
  hdf5::OpenedFile opened;
  TrialHeader header;
  TimeBase time_base;
  std::set<TrialPart> parts;
  std::vector<std::string> labels;
  std::vector<std::string> camera_names;
  std::vector<std::optional<ImageSize>> image_sizes;  ///< of camera_names
  std::vector<SightingColumns> sightings;
  std::optional<TrajectoryColumns> trajectories;

 private:
  [[nodiscard]] std::optional<ImageSize> ReadImageSize(const std::string& camera) const;
  [[nodiscard]] SightingColumns OpenSightings(const std::string& camera) const;
  [[nodiscard]] Camera ReadCamera(const std::string& name) const;
  /// A float64 dataset of a few numbers. @param reason  why that shape, for the message.
  [[nodiscard]] std::vector<double> ReadNumbers(const std::string& group,
                                                const schema::Dataset& dataset,
                                                const std::vector<std::size_t>& shape,
                                                const std::string& reason) const;
  [[nodiscard]] std::optional<Eigen::MatrixXd> ReadJointCovariance(const CameraRig& rig) const;
  void ReadSightings(const std::vector<SightingColumns*>& columns, ObservationBlock& block) const;
  void CheckFrames(FrameRange frames) const;
};

}  // namespace medius::storage
