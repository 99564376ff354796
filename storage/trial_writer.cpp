#include <algorithm>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/hdf5_tree.hpp"
#include "storage/trial_reader_impl.hpp"
#include "storage/trial_writer_impl.hpp"

namespace medius::storage {

TrialWriter::Impl::Impl(const std::filesystem::path& path, Parallelism threads)
    : shown(path.string()),
      parallelism(threads),
      partial(path),
      target(partial.descriptor()),
      file(hdf5::CreateForWriting(target, shown)),
      batch(threads) {}

void TrialWriter::Impl::ThrowIfFailed() const {
  MEDIUS_CHECK(!committed, "nothing is written after Commit");
  if (!failure.empty()) throw InputError(failure);
}

void TrialWriter::Impl::ThrowIfLost() const {
  if (target.error() != 0) hdf5::ThrowSystemWriteError(shown, "its data", target.error());
}

bool TrialWriter::Impl::Has(const std::string& name) const {
  return hdf5::Exists(file.get(), name, shown);
}

void TrialWriter::Impl::Remove(const std::string& name) {
  if (!Has(name)) return;
  if (H5Ldelete(file.get(), name.c_str(), H5P_DEFAULT) < 0) hdf5::ThrowWriteError(shown, name);
}

hdf5::Handle TrialWriter::Impl::FreshGroup(const std::string& name) {
  Remove(name);
  return hdf5::CreateGroup(file.get(), name, shown);
}

void TrialWriter::Impl::WriteHeader(const TrialHeader& header) {
  const hdf5::Handle root = hdf5::OpenGroup(file.get(), "/", shown);
  hdf5::WriteText(root.get(), "format", schema::kFormat, shown);
  hdf5::WriteInteger(root.get(), "schema_version", kSchemaVersion, shown);
  hdf5::WriteText(root.get(), "trial", header.trial, shown);
  hdf5::WriteText(root.get(), "subject", header.subject, shown);
  hdf5::WriteText(root.get(), "session", header.session, shown);
  hdf5::WriteText(root.get(), "activity", header.activity, shown);
  hdf5::WriteText(root.get(), "created", header.created, shown);
  has_header = true;
}

// What HDF5 says of its own writing is not enough (on a full disk H5Fclose succeeds and the data is
// lost): the target knows whether every byte arrived.
void TrialWriter::Impl::Close() {
  if (H5Fflush(file.get(), H5F_SCOPE_GLOBAL) < 0) hdf5::ThrowWriteError(shown, "its metadata");
  if (!file.Close()) hdf5::ThrowWriteError(shown, "its end");
  ThrowIfLost();
}

void TrialWriter::Impl::Commit() {
  MEDIUS_CHECK(has_header && frame_count, "a trial has a header and a time base");
  MEDIUS_CHECK(!observations_begun || observed_frames == *frame_count,
               "sightings of every frame of the time base");
  MEDIUS_CHECK(!trajectories || trajectory_frames == *frame_count,
               "positions of every frame of the time base");
  MEDIUS_CHECK(!trajectories || trajectories->smoothed_position == nullptr ||
                   smoothed_frames == *frame_count,
               "smoothed positions of every frame of the time base");
  const std::vector<hdf5::ColumnWriter*> columns = OpenColumns();
  for (hdf5::ColumnWriter* column : columns) column->Finish(batch);
  batch.Flush();
  for (hdf5::ColumnWriter* column : columns) column->Close();
  sightings.clear();
  trajectories.reset();
  Close();
  // Whatever the calls above said: the file must open, be consistent, and every chunk must be
  // there with its checksum, or it does not take the place of the old one.
  TrialReader::Impl(partial.path(), shown, parallelism).VerifyChecksums();
  partial.Publish();
  committed = true;
}

TrialWriter::TrialWriter(const std::filesystem::path& path, Parallelism parallelism) {
  const hdf5::ErrorSilence silence;
  impl_ = std::make_unique<Impl>(path, parallelism);
}

TrialWriter::~TrialWriter() {
  const hdf5::ErrorSilence silence;
  impl_.reset();
}

void TrialWriter::WriteHeader(const TrialHeader& header) {
  impl_->Guarded([&] { impl_->WriteHeader(header); });
}
void TrialWriter::WriteTimeBase(const TimeBase& time_base) {
  impl_->Guarded([&] { impl_->WriteTimeBase(time_base); });
}
void TrialWriter::WriteLabels(const std::vector<std::string>& labels) {
  impl_->Guarded([&] { impl_->WriteLabels(labels); });
}
void TrialWriter::WriteRig(const CameraRig& rig) {
  impl_->Guarded([&] { impl_->WriteRig(rig); });
}
void TrialWriter::BeginObservations(const std::vector<std::string>& cameras,
                                    ObservationColumns columns,
                                    const std::vector<std::optional<ImageSize>>& sizes) {
  impl_->Guarded([&] { impl_->BeginObservations(cameras, columns, sizes); });
}
void TrialWriter::AppendObservations(const ObservationBlock& block) {
  impl_->Guarded([&] { impl_->AppendObservations(block); });
}
void TrialWriter::BeginTrajectories(const std::vector<std::string>& labels) {
  impl_->Guarded([&] { impl_->BeginTrajectories(labels); });
}
void TrialWriter::AppendTrajectories(const TrajectoryBlock& block) {
  impl_->Guarded([&] { impl_->AppendTrajectories(block); });
}
void TrialWriter::WriteEvents(const GaitEvents& events) {
  impl_->Guarded([&] { impl_->WriteEvents(events); });
}
void TrialWriter::WriteKinematics(const Kinematics& kinematics) {
  impl_->Guarded([&] { impl_->WriteKinematics(kinematics); });
}
void TrialWriter::WriteStrides(const StrideTable& strides) {
  impl_->Guarded([&] { impl_->WriteStrides(strides); });
}
void TrialWriter::WriteSummary(const Summary& summary) {
  impl_->Guarded([&] { impl_->WriteSummary(summary); });
}
void TrialWriter::WriteRunStatistics(const RunStatistics& statistics) {
  impl_->Guarded([&] { impl_->WriteRunStatistics(statistics); });
}
void TrialWriter::BeginSmoothed() {
  impl_->Guarded([&] { impl_->BeginSmoothed(); });
}
void TrialWriter::AppendSmoothed(const TrajectoryBlock& block) {
  impl_->Guarded([&] { impl_->AppendSmoothed(block); });
}
void TrialWriter::WriteSharedCovariance(const SharedCovariance& shared) {
  impl_->Guarded([&] { impl_->WriteSharedCovariance(shared); });
}
void TrialWriter::WriteProvenance(const StageProvenance& provenance) {
  impl_->Guarded([&] { impl_->WriteProvenance(provenance); });
}
void TrialWriter::WriteNotes(const std::vector<TrialNote>& notes) {
  impl_->Guarded([&] { impl_->WriteNotes(notes); });
}
void TrialWriter::CopyFrom(const TrialReader& source, const std::vector<TrialPart>& parts) {
  impl_->Guarded([&] { impl_->CopyFrom(source.impl_->opened.file, source, parts); });
}
void TrialWriter::Commit() {
  impl_->Guarded([&] { impl_->Commit(); });
}

}  // namespace medius::storage
