#include "storage/hdf5_column_writer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "core/check.hpp"
#include "storage/hdf5_attributes.hpp"

namespace medius::storage::hdf5 {

namespace {

constexpr unsigned kDeflateLevel = 1;
// Enough chunks for any number of threads, little beside the memory of a stage.
constexpr std::size_t kLargeBatchBytes = 8U << 20U;

std::size_t ElementSize(const ColumnSpec& spec) {
  return spec.type == ElementType::kText ? spec.text_size : SizeOf(spec.type);
}

// What stands where nothing was written: NaN for a float, "unlabelled" for int16, zero otherwise.
std::vector<std::uint8_t> FillElement(const ColumnSpec& spec) {
  std::vector<std::uint8_t> bytes(ElementSize(spec), 0);
  const float nan32 = std::numeric_limits<float>::quiet_NaN();
  const double nan64 = std::numeric_limits<double>::quiet_NaN();
  if (spec.type == ElementType::kFloat32) std::memcpy(bytes.data(), &nan32, sizeof nan32);
  if (spec.type == ElementType::kFloat64) std::memcpy(bytes.data(), &nan64, sizeof nan64);
  if (spec.type == ElementType::kInt16) std::fill(bytes.begin(), bytes.end(), 0xff);
  return bytes;
}

Handle NewDatasetProperties() {
  Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  MEDIUS_CHECK(properties.valid() && H5Pset_obj_track_times(properties.get(), false) >= 0,
               "dataset properties");
  return properties;
}

Handle ChunkedProperties(const ColumnSpec& spec, hid_t type, const std::vector<hsize_t>& chunk) {
  Handle properties = NewDatasetProperties();
  const std::vector<std::uint8_t> fill = FillElement(spec);
  const hid_t id = properties.get();
  MEDIUS_CHECK(H5Pset_chunk(id, static_cast<int>(chunk.size()), chunk.data()) >= 0 &&
                   H5Pset_shuffle(id) >= 0 && H5Pset_deflate(id, kDeflateLevel) >= 0 &&
                   H5Pset_fletcher32(id) >= 0,
               "chunk properties");
  // A text may be longer than a message of an object header; zero is its fill value anyway.
  MEDIUS_CHECK(spec.type == ElementType::kText || H5Pset_fill_value(id, type, fill.data()) >= 0,
               "fill value");
  return properties;
}

void WriteMeaning(hid_t dataset, const ColumnSpec& spec, const std::string& file) {
  WriteText(dataset, "unit", spec.unit.empty() ? "1" : spec.unit, file);
  WriteText(dataset, "definition", spec.definition, file);
}

}  // namespace

ColumnWriter::ColumnWriter(hid_t group, ColumnSpec spec, std::string file)
    : spec_(std::move(spec)), file_(std::move(file)) {
  std::vector<hsize_t> shape{0};
  std::vector<hsize_t> most{H5S_UNLIMITED};
  std::vector<hsize_t> chunk{spec_.rows_per_chunk};
  row_bytes_ = ElementSize(spec_);
  for (const std::size_t size : spec_.row_shape) {
    row_bytes_ *= size;
    shape.push_back(size);
    most.push_back(std::max<std::size_t>(1, size));
    chunk.push_back(std::max<std::size_t>(1, size));
  }
  codec_ = StandardCodec(ElementSize(spec_), row_bytes_ * spec_.rows_per_chunk);
  const Handle type = FileType(spec_.type, spec_.text_size);
  const Handle properties = ChunkedProperties(spec_, type.get(), chunk);
  const Handle space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), most.data()),
                     H5Sclose);
  dataset_ = Handle(H5Dcreate2(group, spec_.name.c_str(), type.get(), space.get(), H5P_DEFAULT,
                               properties.get(), H5P_DEFAULT),
                    H5Dclose);
  if (!dataset_.valid()) ThrowWriteError(file_, spec_.name);
  WriteMeaning(dataset_.get(), spec_, file_);
}

void ColumnWriter::Append(const void* rows, std::size_t count, ChunkBatch& batch) {
  if (row_bytes_ == 0) {
    row_count_ += count;
    return;
  }
  const auto* next = static_cast<const std::uint8_t*>(rows);
  while (count > 0) {
    const std::size_t staged = staging_.size() / row_bytes_;
    const std::size_t take = std::min(count, spec_.rows_per_chunk - staged);
    if (staging_.capacity() < codec_.chunk_bytes) staging_.reserve(codec_.chunk_bytes);
    staging_.insert(staging_.end(), next, next + take * row_bytes_);
    next += take * row_bytes_;
    count -= take;
    row_count_ += take;
    if (staged + take == spec_.rows_per_chunk) HandOver(spec_.rows_per_chunk, batch);
  }
}

void ColumnWriter::Finish(ChunkBatch& batch) {
  if (!staging_.empty()) {
    const std::size_t rows = staging_.size() / row_bytes_;
    const std::vector<std::uint8_t> fill = FillElement(spec_);
    staging_.resize(codec_.chunk_bytes);
    for (std::size_t at = rows * row_bytes_; at < staging_.size(); at += fill.size()) {
      std::memcpy(staging_.data() + at, fill.data(), fill.size());
    }
    HandOver(rows, batch);
  }
  if (row_bytes_ == 0) SetRowCount(row_count_);
}

void ColumnWriter::Close() {
  if (!dataset_.Close()) ThrowWriteError(file_, spec_.name);
}

void ColumnWriter::HandOver(std::size_t rows, ChunkBatch& batch) {
  batch.pending_bytes_ += staging_.size();
  batch.pending_.push_back({this, row_count_ - rows, rows, std::move(staging_)});
  staging_ = {};
}

void ColumnWriter::SetRowCount(std::size_t rows) {
  std::vector<hsize_t> shape{rows};
  shape.insert(shape.end(), spec_.row_shape.begin(), spec_.row_shape.end());
  if (H5Dset_extent(dataset_.get(), shape.data()) < 0) ThrowWriteError(file_, spec_.name);
}

void ColumnWriter::WritePacked(std::size_t first_row, std::size_t rows,
                               const std::vector<std::uint8_t>& raw) {
  SetRowCount(first_row + rows);
  std::vector<hsize_t> offset(1 + spec_.row_shape.size(), 0);
  offset[0] = first_row;
  constexpr std::uint32_t kNoFilterSkipped = 0;
  if (H5Dwrite_chunk(dataset_.get(), H5P_DEFAULT, kNoFilterSkipped, offset.data(), raw.size(),
                     raw.data()) < 0) {
    ThrowWriteError(file_, spec_.name);
  }
}

void ChunkBatch::Flush() {
  ParallelFor(parallelism_, pending_.size(), 1, [this](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      pending_[i].bytes = EncodeChunk(pending_[i].column->codec_, pending_[i].bytes);
    }
  });
  for (const Pending& chunk : pending_) {
    chunk.column->WritePacked(chunk.first_row, chunk.rows, chunk.bytes);
  }
  pending_.clear();
  pending_bytes_ = 0;
}

void ChunkBatch::FlushIfLarge() {
  if (pending_bytes_ >= kLargeBatchBytes) Flush();
}

void WriteColumn(hid_t group, const ColumnSpec& spec, const void* rows, std::size_t count,
                 const std::string& file) {
  ChunkBatch batch{Parallelism(1)};
  ColumnWriter column(group, spec, file);
  column.Append(rows, count, batch);
  column.Finish(batch);
  batch.Flush();
  column.Close();
}

void WriteTextColumn(hid_t group, ColumnSpec spec, const std::vector<std::string>& texts,
                     const std::string& file) {
  spec.type = ElementType::kText;
  spec.text_size = TextSize(texts, fmt::format("{}: {}", file, spec.name));
  const std::vector<char> bytes = PackTexts(texts, spec.text_size);
  WriteColumn(group, spec, bytes.data(), texts.size(), file);
}

void WriteCompactDoubles(hid_t group, const ColumnSpec& spec, const std::vector<std::size_t>& shape,
                         const double* values, const std::string& file) {
  const Handle properties = NewDatasetProperties();
  MEDIUS_CHECK(H5Pset_layout(properties.get(), H5D_COMPACT) >= 0, "compact layout");
  const std::vector<hsize_t> dimensions(shape.begin(), shape.end());
  const Handle space(
      shape.empty() ? H5Screate(H5S_SCALAR)
                    : H5Screate_simple(static_cast<int>(shape.size()), dimensions.data(), nullptr),
      H5Sclose);
  Handle dataset(H5Dcreate2(group, spec.name.c_str(), H5T_IEEE_F64LE, space.get(), H5P_DEFAULT,
                            properties.get(), H5P_DEFAULT),
                 H5Dclose);
  if (!dataset.valid() ||
      H5Dwrite(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    ThrowWriteError(file, spec.name);
  }
  WriteMeaning(dataset.get(), spec, file);
  if (!dataset.Close()) ThrowWriteError(file, spec.name);
}

}  // namespace medius::storage::hdf5
