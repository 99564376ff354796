#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/trial_file.hpp"
#include "storage/trial_reader_impl.hpp"

namespace medius::storage {

void TrialReader::Impl::CheckFrames(FrameRange frames) const {
  MEDIUS_CHECK(frames.first <= frame_count() && frames.count <= frame_count() - frames.first,
               "frames that the trial has");
}

SightingColumns& TrialReader::Impl::SightingsOf(const std::string& camera) {
  const auto found =
      std::find_if(sightings.begin(), sightings.end(),
                   [&camera](const SightingColumns& columns) { return columns.camera == camera; });
  if (found == sightings.end()) {
    throw InputError(
        fmt::format("{}: has no sightings of camera \"{}\"; it has those of {}", shown, camera,
                    hdf5::Printable(fmt::format("{}", fmt::join(camera_names, ", ")))));
  }
  return *found;
}

namespace {

// Frame t of the block must begin where t - 1 ends, and none beyond the sightings.
void CheckFrameStart(const SightingColumns& columns, FrameRange frames,
                     const std::vector<std::uint64_t>& start) {
  for (std::size_t i = 0; i < start.size(); ++i) {
    const std::uint64_t floor = i == 0 ? 0 : start[i - 1];
    const bool begins_at_zero = frames.first != 0 || i != 0 || start[i] == 0;
    if (start[i] >= floor && start[i] <= columns.xy.row_count() && begins_at_zero) continue;
    throw InputError(
        fmt::format("{}: the value of frame {} is {}, expected {} to {}: the file is damaged; "
                    "restore it from a "
                    "copy or make it again",
                    columns.frame_start.where(), frames.first + i, start[i], floor,
                    frames.first + i == 0 ? 0 : columns.xy.row_count()));
  }
}

void CheckLabels(const hdf5::ColumnReader& column, const std::vector<std::int16_t>& label,
                 std::size_t marker_count) {
  for (const std::int16_t index : label) {
    if (index >= kUnlabelled && index < static_cast<std::ptrdiff_t>(marker_count)) continue;
    throw InputError(fmt::format(
        "{}: holds label {}, expected -1 to {} (the trial has {} labels): the file is damaged",
        column.where(), index, static_cast<std::ptrdiff_t>(marker_count) - 1, marker_count));
  }
}

template <typename Value>
void AddColumn(hdf5::ReadPlan& plan, std::optional<hdf5::ColumnReader>& column, std::size_t first,
               std::size_t count, std::vector<Value>& out) {
  if (!column) return;
  out.resize(count);
  plan.Add(*column, first, count, out.data());
}

}  // namespace

void TrialReader::Impl::ReadSightings(const std::vector<SightingColumns*>& columns,
                                      ObservationBlock& block) const {
  hdf5::ReadPlan plan;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    CameraObservations& camera = block.cameras[c];
    const std::uint64_t first = camera.frame_start.front();
    const std::uint64_t count = camera.frame_start.back() - first;
    for (std::uint64_t& row : camera.frame_start) row -= first;
    camera.xy.resize(count);
    plan.Add(columns[c]->xy, first, count, camera.xy.data());
    AddColumn(plan, columns[c]->sigma, first, count, camera.sigma);
    AddColumn(plan, columns[c]->radius, first, count, camera.radius);
    AddColumn(plan, columns[c]->intensity, first, count, camera.intensity);
    AddColumn(plan, columns[c]->label, first, count, camera.label);
    AddColumn(plan, columns[c]->instance, first, count, camera.instance);
    AddColumn(plan, columns[c]->time_stamp, block.frames.first, block.frames.count,
              camera.time_stamp);
  }
  plan.Run(parallelism);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c]->label) {
      CheckLabels(*columns[c]->label, block.cameras[c].label, labels.size());
    }
  }
}

ObservationBlock TrialReader::Impl::ReadObservations(FrameRange frames,
                                                     const std::vector<std::string>& names) {
  Require(TrialPart::kObservations);
  CheckFrames(frames);
  ObservationBlock block;
  block.frames = frames;
  block.cameras.resize(names.size());
  std::vector<SightingColumns*> columns;
  hdf5::ReadPlan plan;
  for (std::size_t c = 0; c < names.size(); ++c) {
    columns.push_back(&SightingsOf(names[c]));
    block.cameras[c].frame_start.resize(frames.count + 1);
    plan.Add(columns[c]->frame_start, frames.first, frames.count + 1,
             block.cameras[c].frame_start.data());
  }
  plan.Run(parallelism);
  for (std::size_t c = 0; c < names.size(); ++c) {
    CheckFrameStart(*columns[c], frames, block.cameras[c].frame_start);
  }
  ReadSightings(columns, block);
  return block;
}

TrajectoryBlock TrialReader::Impl::ReadTrajectories(FrameRange frames) {
  Require(TrialPart::kTrajectories);
  CheckFrames(frames);
  TrajectoryBlock block(frames, labels.size());
  hdf5::ReadPlan plan;
  const auto add = [&](hdf5::ColumnReader& column, auto& out) {
    MEDIUS_CHECK(out.size() * sizeof(out[0]) == frames.count * column.row_bytes(),
                 "a block of the size of its rows");
    plan.Add(column, frames.first, frames.count, out.data());
  };
  add(trajectories->position, block.position);
  add(trajectories->covariance, block.covariance);
  add(trajectories->residual, block.residual);
  add(trajectories->rays, block.rays);
  add(trajectories->source, block.source);
  plan.Run(parallelism);
  for (const std::uint8_t source : block.source) {
    if (source <= static_cast<std::uint8_t>(SampleSource::kImported)) continue;
    throw InputError(fmt::format("{}: holds {}, expected 0 to 5; a newer Medius may have made it",
                                 trajectories->source.where(), source));
  }
  return block;
}

TrajectoryBlock TrialReader::Impl::ReadSmoothed(FrameRange frames) {
  TrajectoryBlock block = ReadTrajectories(frames);
  if (!trajectories->smoothed_position) {
    throw InputError(fmt::format("{}: has no smoothed positions; reconstruct it with --smooth",
                                 Where(schema::kTrajectories)));
  }
  hdf5::ReadPlan plan;
  plan.Add(*trajectories->smoothed_position, frames.first, frames.count, block.position.data());
  plan.Add(*trajectories->smoothed_covariance, frames.first, frames.count, block.covariance.data());
  plan.Run(parallelism);
  return block;
}

SharedCovariance TrialReader::Impl::ReadSharedCovariance() const {
  SharedCovariance shared;
  if (!Has(TrialPart::kTrajectories)) return shared;
  auto frames = OptionalColumn(schema::kTrajectories, schema::kRigCovarianceFrame.name,
                               schema::kRigCovarianceFrame.type);
  if (!frames) return shared;
  if (frames->shape().size() != 1 || frames->row_count() > frame_count()) {
    throw InputError(fmt::format("{}: is not one frame a row, of the {} of the trial",
                                 frames->where(), frame_count()));
  }
  const std::size_t rows = frames->row_count();
  shared.frame.resize(rows);
  frames->Read(0, rows, shared.frame.data());
  hdf5::ColumnReader covariance =
      Column(schema::kTrajectories, schema::kRigCovariance.name, schema::kRigCovariance.type);
  covariance.ExpectShape({rows, labels.size(), 6},
                         fmt::format("{} rows in {}", rows, schema::kRigCovarianceFrame.name));
  shared.covariance.resize(rows * labels.size() * 6);
  covariance.Read(0, rows, shared.covariance.data());
  return shared;
}

TrialReader::TrialReader(const std::filesystem::path& path, Parallelism parallelism) {
  const hdf5::ErrorSilence silence;
  impl_ = std::make_unique<Impl>(path, path.string(), parallelism);
}
TrialReader::~TrialReader() {
  const hdf5::ErrorSilence silence;
  impl_.reset();
}
TrialReader::TrialReader(TrialReader&&) noexcept = default;
TrialReader& TrialReader::operator=(TrialReader&&) noexcept = default;

const std::filesystem::path& TrialReader::path() const {
  return impl_->file_path;
}
const TrialHeader& TrialReader::header() const {
  return impl_->header;
}
const TimeBase& TrialReader::time_base() const {
  return impl_->time_base;
}
bool TrialReader::Has(TrialPart part) const {
  return impl_->Has(part);
}
const std::vector<std::string>& TrialReader::labels() const {
  return impl_->labels;
}
const std::vector<std::string>& TrialReader::observation_cameras() const {
  return impl_->camera_names;
}

const std::vector<std::optional<ImageSize>>& TrialReader::image_sizes() const {
  return impl_->image_sizes;
}

CameraRig TrialReader::ReadRig() const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadRig();
}

ObservationBlock TrialReader::ReadObservations(FrameRange frames,
                                               const std::vector<std::string>& cameras) const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadObservations(frames, cameras);
}

TrajectoryBlock TrialReader::ReadTrajectories(FrameRange frames) const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadTrajectories(frames);
}

bool TrialReader::HasSmoothed() const {
  return impl_->trajectories && impl_->trajectories->smoothed_position.has_value();
}

TrajectoryBlock TrialReader::ReadSmoothed(FrameRange frames) const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadSmoothed(frames);
}

SharedCovariance TrialReader::ReadSharedCovariance() const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadSharedCovariance();
}

GaitEvents TrialReader::ReadEvents() const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadEvents();
}

Kinematics TrialReader::ReadKinematics() const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadKinematics(true);
}

StrideTable TrialReader::ReadStrides() const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadStrides(true);
}

Summary TrialReader::ReadSummary() const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadSummary();
}

RunStatistics TrialReader::ReadRunStatistics() const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadRunStatistics();
}

std::vector<TrialNote> TrialReader::ReadNotes() const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadNotes();
}

std::vector<StageProvenance> TrialReader::ReadProvenance() const {
  const hdf5::ErrorSilence silence;
  return impl_->ReadProvenance();
}

std::size_t TrialReader::SightingCount(const std::string& camera) const {
  return impl_->SightingsOf(camera).xy.row_count();
}

void TrialReader::VerifyAll(const WorkControl& control) const {
  const hdf5::ErrorSilence silence;
  impl_->VerifyAll(control);
}

}  // namespace medius::storage
