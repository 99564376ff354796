// The parts of a trial that arrive frame by frame: times, sightings, trajectories.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/hdf5_attributes.hpp"
#include "storage/hdf5_tree.hpp"
#include "storage/trial_writer_impl.hpp"

namespace medius::storage {

namespace {

using hdf5::ColumnSpec;
using hdf5::ColumnWriter;

ColumnSpec Spec(const schema::Dataset& dataset, std::vector<std::size_t> row_shape,
                std::size_t rows_wanted) {
  std::size_t row_bytes = hdf5::SizeOf(dataset.type);
  for (const std::size_t size : row_shape) row_bytes *= size;
  return {dataset.name,
          dataset.type,
          dataset.unit,
          dataset.definition,
          std::move(row_shape),
          schema::RowsPerChunk(rows_wanted, row_bytes),
          0};
}

std::unique_ptr<ColumnWriter> Begin(hid_t group, const schema::Dataset& dataset,
                                    std::vector<std::size_t> row_shape, std::size_t rows_wanted,
                                    const std::string& file) {
  return std::make_unique<ColumnWriter>(group, Spec(dataset, std::move(row_shape), rows_wanted),
                                        file);
}

template <typename Value>
void AppendOptional(ColumnWriter* column, const std::vector<Value>& values, std::size_t rows,
                    hdf5::ChunkBatch& batch) {
  MEDIUS_CHECK(values.size() == (column == nullptr ? 0 : rows),
               "an optional column is as long as xy where it was begun, and empty elsewhere");
  if (column != nullptr) column->Append(values.data(), rows, batch);
}

void WriteImageSize(hid_t camera, const ImageSize& size, const std::string& file) {
  MEDIUS_CHECK(size.width > 0 && size.height > 0, "an image has pixels");
  hdf5::WriteInteger(camera, "width", size.width, file);
  hdf5::WriteInteger(camera, "height", size.height, file);
}

void CheckCameraNames(const std::vector<std::string>& cameras, const std::string& file) {
  std::set<std::string> seen;
  for (const std::string& name : cameras) {
    if (name.empty() || name == "." || name.find('/') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      throw InputError(fmt::format("{}: camera name \"{}\"; a name without '/' expected", file,
                                   hdf5::Printable(name)));
    }
    if (!seen.insert(name).second) {
      throw InputError(fmt::format("{}: two cameras are named \"{}\"", file, name));
    }
  }
}

}  // namespace

void TrialWriter::Impl::WriteTimeBase(const TimeBase& time_base) {
  const hdf5::Handle group = FreshGroup(schema::kTimeBase);
  ColumnWriter time(group.get(), Spec(schema::kTime, {}, schema::kFrameChunk), shown);
  time.Append(time_base.time.data(), time_base.time.size(), batch);
  time.Finish(batch);
  batch.Flush();
  hdf5::WriteNumber(time.dataset(), "rate_hz", time_base.rate_hz, shown);
  time.Close();
  frame_count = time_base.frame_count();
}

void TrialWriter::Impl::SetLabels(const std::vector<std::string>& names) {
  if (names.size() > schema::kMostMarkers) {
    throw InputError(fmt::format("{}: {} markers, expected at most {}", shown, names.size(),
                                 schema::kMostMarkers));
  }
  labels = names;
}

void TrialWriter::Impl::WriteLabels(const std::vector<std::string>& names) {
  SetLabels(names);
  const hdf5::Handle group = FreshGroup(schema::kTrajectories);
  hdf5::WriteText(group.get(), "frame", "lab", shown);
  ColumnSpec spec{schema::kLabels,
                  schema::kLabelNames.type,
                  schema::kLabelNames.unit,
                  schema::kLabelNames.definition,
                  {},
                  schema::kTableChunk,
                  0};
  std::size_t longest = 1;
  for (const std::string& name : names) longest = std::max(longest, name.size());
  spec.rows_per_chunk =
      schema::RowsPerChunk(std::clamp<std::size_t>(names.size(), 1, schema::kTableChunk), longest);
  hdf5::WriteTextColumn(group.get(), std::move(spec), names, shown);
}

void TrialWriter::Impl::BeginObservations(const std::vector<std::string>& cameras,
                                          ObservationColumns columns,
                                          const std::vector<std::optional<ImageSize>>& sizes) {
  MEDIUS_CHECK(!observations_begun, "observations are begun once");
  MEDIUS_CHECK(sizes.empty() || sizes.size() == cameras.size(), "one image size a camera");
  CheckCameraNames(cameras, shown);
  observations_begun = true;
  observation_columns = columns;
  const hdf5::Handle group = FreshGroup(schema::kObservations);
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    const hdf5::Handle camera = hdf5::CreateGroup(group.get(), cameras[c], shown);
    if (!sizes.empty() && sizes[c]) WriteImageSize(camera.get(), *sizes[c], shown);
    sightings.push_back(BeginCamera(camera.get()));
    constexpr std::uint64_t kFirst = 0;
    sightings.back().frame_start->Append(&kFirst, 1, batch);
  }
}

SightingWriters TrialWriter::Impl::BeginCamera(hid_t group) const {
  const auto optional = [&](bool wanted, const schema::Dataset& dataset) {
    return wanted ? Begin(group, dataset, {}, schema::kSightingChunk, shown) : nullptr;
  };
  SightingWriters writers;
  writers.frame_start = Begin(group, schema::kFrameStart, {}, schema::kFrameChunk, shown);
  writers.xy = Begin(group, schema::kXy, {2}, schema::kSightingChunk, shown);
  writers.sigma = optional(observation_columns.sigma, schema::kSigma);
  writers.radius = optional(observation_columns.radius, schema::kRadius);
  writers.intensity = optional(observation_columns.intensity, schema::kIntensity);
  writers.label = optional(observation_columns.label, schema::kLabel);
  writers.instance = optional(observation_columns.instance, schema::kInstance);
  if (observation_columns.time_stamp) {
    writers.time_stamp = Begin(group, schema::kTimeStamp, {}, schema::kFrameChunk, shown);
  }
  return writers;
}

void TrialWriter::Impl::AppendObservations(const ObservationBlock& block) {
  MEDIUS_CHECK(observations_begun && block.cameras.size() == sightings.size(),
               "a block of the cameras that were begun");
  MEDIUS_CHECK(block.frames.first == observed_frames, "frames follow each other");
  for (std::size_t c = 0; c < sightings.size(); ++c) {
    MEDIUS_CHECK(block.cameras[c].frame_count() == block.frames.count, "a camera has all frames");
    AppendCamera(sightings[c], block.cameras[c]);
  }
  observed_frames += block.frames.count;
  batch.FlushIfLarge();
}

void TrialWriter::Impl::AppendCamera(SightingWriters& writers, const CameraObservations& camera) {
  const std::vector<std::uint64_t>& start = camera.frame_start;
  const std::size_t rows = camera.row_count();
  MEDIUS_CHECK(
      start.front() == 0 && start.back() == rows && std::is_sorted(start.begin(), start.end()),
      "frame_start runs from 0 to the number of rows");
  const std::uint64_t before = writers.xy->row_count();
  std::vector<std::uint64_t> ends(start.begin() + 1, start.end());
  for (std::uint64_t& end : ends) end += before;
  writers.frame_start->Append(ends.data(), ends.size(), batch);
  writers.xy->Append(camera.xy.data(), rows, batch);
  AppendOptional(writers.sigma.get(), camera.sigma, rows, batch);
  AppendOptional(writers.radius.get(), camera.radius, rows, batch);
  AppendOptional(writers.intensity.get(), camera.intensity, rows, batch);
  AppendOptional(writers.label.get(), camera.label, rows, batch);
  AppendOptional(writers.instance.get(), camera.instance, rows, batch);
  AppendOptional(writers.time_stamp.get(), camera.time_stamp, camera.frame_count(), batch);
}

void TrialWriter::Impl::BeginTrajectories(const std::vector<std::string>& names) {
  MEDIUS_CHECK(!trajectories, "trajectories are begun once");
  WriteLabels(names);
  const hdf5::Handle group = hdf5::OpenGroup(file.get(), schema::kTrajectories, shown);
  const std::size_t M = names.size();
  const auto begin = [&](const schema::Dataset& dataset, std::size_t values) {
    std::vector<std::size_t> row_shape{M};
    if (values > 1) row_shape.push_back(values);
    return Begin(group.get(), dataset, std::move(row_shape), schema::kTrajectoryChunk, shown);
  };
  trajectories.emplace();
  trajectories->position = begin(schema::kPosition, 3);
  trajectories->covariance = begin(schema::kPositionCovariance, 6);
  trajectories->residual = begin(schema::kResidual, 1);
  trajectories->rays = begin(schema::kRays, 1);
  trajectories->source = begin(schema::kSource, 1);
}

void TrialWriter::Impl::AppendTrajectories(const TrajectoryBlock& block) {
  MEDIUS_CHECK(trajectories && block.marker_count() == labels->size(),
               "a block of the markers that were begun");
  MEDIUS_CHECK(block.frames().first == trajectory_frames, "frames follow each other");
  const std::size_t count = block.frames().count;
  const std::size_t slots = count * block.marker_count();
  MEDIUS_CHECK(block.position.size() == 3 * slots && block.covariance.size() == 6 * slots &&
                   block.residual.size() == slots && block.rays.size() == slots &&
                   block.source.size() == slots,
               "a block's arrays have its size");
  trajectories->position->Append(block.position.data(), count, batch);
  trajectories->covariance->Append(block.covariance.data(), count, batch);
  trajectories->residual->Append(block.residual.data(), count, batch);
  trajectories->rays->Append(block.rays.data(), count, batch);
  trajectories->source->Append(block.source.data(), count, batch);
  trajectory_frames += count;
  batch.FlushIfLarge();
}

void TrialWriter::Impl::WriteSharedCovariance(const SharedCovariance& shared) {
  MEDIUS_CHECK(trajectories, "shared covariance belongs to trajectories");
  const std::size_t rows = shared.frame.size();
  const std::size_t M = labels->size();
  MEDIUS_CHECK(shared.covariance.size() == rows * M * 6, "six numbers a marker");
  if (rows == 0 || M == 0) return;
  const hdf5::Handle group = hdf5::OpenGroup(file.get(), schema::kTrajectories, shown);
  const auto write = [&](const schema::Dataset& dataset, std::vector<std::size_t> row_shape,
                         std::size_t row_bytes, const void* values) {
    ColumnSpec spec{
        dataset.name, dataset.type, dataset.unit, dataset.definition, std::move(row_shape), 0, 0};
    spec.rows_per_chunk =
        schema::RowsPerChunk(std::min<std::size_t>(rows, schema::kFrameChunk), row_bytes);
    hdf5::WriteColumn(group.get(), std::move(spec), values, rows, shown);
  };
  write(schema::kRigCovarianceFrame, {}, sizeof(std::uint64_t), shared.frame.data());
  write(schema::kRigCovariance, {M, 6}, M * 6 * sizeof(float), shared.covariance.data());
}

std::vector<ColumnWriter*> TrialWriter::Impl::OpenColumns() const {
  std::vector<ColumnWriter*> columns;
  for (const SightingWriters& camera : sightings) {
    for (const auto* column :
         {&camera.frame_start, &camera.xy, &camera.sigma, &camera.radius, &camera.intensity,
          &camera.label, &camera.instance, &camera.time_stamp}) {
      if (*column != nullptr) columns.push_back(column->get());
    }
  }
  if (!trajectories) return columns;
  for (const auto* column : {&trajectories->position, &trajectories->covariance,
                             &trajectories->residual, &trajectories->rays, &trajectories->source}) {
    columns.push_back(column->get());
  }
  return columns;
}

}  // namespace medius::storage
