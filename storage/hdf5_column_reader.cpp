#include "storage/hdf5_column_reader.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/hdf5_attributes.hpp"

namespace medius::storage::hdf5 {

namespace {

constexpr std::size_t kMostChunkBytes = 64U << 20U;
constexpr std::size_t kMostRank = 3;
// Deflate cannot do better than 1032:1 (RFC 1951: 258 bytes from two bits); a little room.
constexpr std::uint64_t kMostRatio = 1100;
constexpr std::size_t kMostCacheBytes = 8U << 20U;

constexpr const char* kDamaged = "the file is damaged; restore it from a copy or make it again";

std::vector<hsize_t> ChunkShape(hid_t properties) {
  hsize_t shape[H5S_MAX_RANK] = {};
  const int rank = H5Pget_chunk(properties, H5S_MAX_RANK, shape);
  return rank < 0 ? std::vector<hsize_t>{} : std::vector<hsize_t>(shape, shape + rank);
}

// Empty where Medius does not know the filter.
std::optional<Filter> FilterOf(H5Z_filter_t id) {
  switch (id) {
    case H5Z_FILTER_SHUFFLE:
      return Filter::kShuffle;
    case H5Z_FILTER_DEFLATE:
      return Filter::kDeflate;
    case H5Z_FILTER_FLETCHER32:
      return Filter::kFletcher32;
    default:
      return std::nullopt;
  }
}

H5Z_filter_t FilterId(hid_t properties, unsigned index) {
  unsigned flags = 0;
  std::size_t value_count = 0;
  return H5Pget_filter2(properties, index, &flags, &value_count, nullptr, 0, nullptr, nullptr);
}

Filter ReadFilter(hid_t properties, unsigned index, const std::string& where) {
  const H5Z_filter_t id = FilterId(properties, index);
  const std::optional<Filter> filter = FilterOf(id);
  if (filter) return *filter;
  throw InputError(fmt::format(
      "{}: is packed with HDF5 filter {}, expected shuffle, deflate or Fletcher32; pack it again "
      "with h5repack",
      where, id));
}

std::vector<Filter> ReadFilters(hid_t properties, const std::string& where) {
  constexpr int kMostFilters = 4;
  const int count = H5Pget_nfilters(properties);
  if (count < 0 || count > kMostFilters) {
    throw InputError(
        fmt::format("{}: has {} filters, expected at most {}", where, count, kMostFilters));
  }
  std::vector<Filter> filters;
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    filters.push_back(ReadFilter(properties, i, where));
  }
  return filters;
}

std::size_t CheckedChunkBytes(const std::vector<hsize_t>& chunk, std::size_t element_size,
                              const std::string& where) {
  std::size_t bytes = element_size;
  bool too_large = false;
  for (const hsize_t size : chunk) {
    too_large = too_large || __builtin_mul_overflow(bytes, size, &bytes);
  }
  if (too_large || bytes > kMostChunkBytes) {
    throw InputError(fmt::format(
        "{}: has chunks of {} elements, expected at most {} MiB; pack it again with h5repack",
        where, fmt::join(chunk, " x "), kMostChunkBytes >> 20U));
  }
  return bytes;
}

// Whether a dataset that need not be ours has the rank, filters and chunks that Medius can read.
bool IsInReadableForm(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 1 || static_cast<std::size_t>(rank) > kMostRank) return false;
  if (H5Pget_layout(properties.get()) != H5D_CHUNKED) return false;
  const int filters = H5Pget_nfilters(properties.get());
  for (int i = 0; i < filters; ++i) {
    if (!FilterOf(FilterId(properties.get(), static_cast<unsigned>(i)))) return false;
  }
  return true;
}

}  // namespace

void RefuseForeignStorage(hid_t dataset, const std::string& where) {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (!properties.valid()) ThrowReadError(where, "its layout");
  if (H5Pget_layout(properties.get()) == H5D_VIRTUAL) {
    throw InputError(where +
                     ": is a virtual dataset, which points into other files; a trial file "
                     "holds its own data");
  }
  if (H5Pget_external_count(properties.get()) != 0) {
    throw InputError(where + ": is stored in another file; a trial file holds its own data");
  }
}

std::size_t ColumnReader::Grid::ChunkCount() const {
  const auto parts = [](std::size_t whole, std::size_t part) { return (whole + part - 1) / part; };
  return parts(rows, chunk_rows) * parts(outer, chunk_outer) * parts(inner, chunk_inner);
}

ColumnReader::ColumnReader(hid_t group, const std::string& name, ElementType type,
                           std::string where, std::uint64_t file_size)
    : where_(std::move(where)) {
  Open(group, name);
  if (!IsOfType(type_.get(), type)) {
    throw InputError(fmt::format("{}: holds {}, expected {}", where_, hdf5::Describe(type_.get()),
                                 hdf5::Describe(type)));
  }
  ReadForm(file_size);
}

ColumnReader::ColumnReader(hid_t group, const std::string& name, std::string where,
                           std::uint64_t file_size)
    : where_(std::move(where)) {
  Open(group, name);
  ReadForm(file_size);
}

void ColumnReader::Open(hid_t group, const std::string& name) {
  const Handle object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (object.valid() && H5Iget_type(object.get()) != H5I_DATASET) {
    throw InputError(where_ + ": is a group, expected a dataset");
  }
  dataset_ = Handle(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset_.valid()) ThrowReadError(where_, "the dataset");
  RefuseForeignStorage(dataset_.get(), where_);
  type_ = Handle(H5Dget_type(dataset_.get()), H5Tclose);
  if (!type_.valid()) ThrowReadError(where_, "its type");
}

void ColumnReader::ReadForm(std::uint64_t file_size) {
  codec_.element_size = H5Tget_size(type_.get());
  ReadShape();
  ReadLayout();
  CheckClaim(file_size);
}

void ColumnReader::ReadShape() {
  const Handle space(H5Dget_space(dataset_.get()), H5Sclose);
  const int rank = space.valid() ? H5Sget_simple_extent_ndims(space.get()) : -1;
  if (rank < 0 || H5Sget_simple_extent_type(space.get()) == H5S_NULL) {
    ThrowReadError(where_, "its shape");
  }
  if (static_cast<std::size_t>(rank) > kMostRank) {
    throw InputError(
        fmt::format("{}: has {} dimensions, expected at most {}", where_, rank, kMostRank));
  }
  std::vector<hsize_t> shape(static_cast<std::size_t>(rank));
  if (rank > 0 && H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr) < 0) {
    ThrowReadError(where_, "its shape");
  }
  shape_.assign(shape.begin(), shape.end());
  if (rank > 0) grid_.rows = shape_[0];
  if (rank == 2) grid_.inner = shape_[1];
  if (rank == 3) {
    grid_.outer = shape_[1];
    grid_.inner = shape_[2];
  }
}

void ColumnReader::ReadLayout() {
  const Handle properties(H5Dget_create_plist(dataset_.get()), H5Pclose);
  chunked_ = H5Pget_layout(properties.get()) == H5D_CHUNKED;
  if (!chunked_) return;
  const std::vector<hsize_t> chunk = ChunkShape(properties.get());
  if (chunk.size() != shape_.size()) ThrowReadError(where_, "the shape of its chunks");
  codec_.chunk_bytes = CheckedChunkBytes(chunk, codec_.element_size, where_);
  codec_.filters = ReadFilters(properties.get(), where_);
  grid_.chunk_rows = chunk[0];
  if (chunk.size() == 2) grid_.chunk_inner = chunk[1];
  if (chunk.size() == 3) {
    grid_.chunk_outer = chunk[1];
    grid_.chunk_inner = chunk[2];
  }
}

// A dimension may lie: what is claimed must fit into what is stored, and that into the file.
void ColumnReader::CheckClaim(std::uint64_t file_size) {
  std::uint64_t bytes = codec_.element_size;
  bool impossible = false;
  for (const std::size_t size : shape_) {
    impossible = impossible || __builtin_mul_overflow(bytes, size, &bytes);
  }
  const std::uint64_t stored = H5Dget_storage_size(dataset_.get());
  if (stored == 0 && !GetLastError().all.empty()) ThrowReadError(where_, "the index of its chunks");
  const bool packed =
      std::count(codec_.filters.begin(), codec_.filters.end(), Filter::kDeflate) > 0;
  impossible =
      impossible || stored > file_size || (packed ? bytes / kMostRatio > stored : bytes > stored);
  impossible = impossible || (bytes > 0 && stored == 0) ||
               (chunked_ && bytes > 0 && grid_.ChunkCount() > stored);
  if (impossible) {
    throw InputError(fmt::format("{}: claims {} elements of {} bytes but {} bytes are stored: {}",
                                 where_, fmt::join(shape_, " x "), codec_.element_size, stored,
                                 kDamaged));
  }
  row_bytes_ = codec_.element_size * grid_.outer * grid_.inner;
}

std::string ColumnReader::Attribute(const std::string& name) const {
  return ReadText(dataset_.get(), name, where_).value_or("");
}

void ColumnReader::ExpectShape(const std::vector<std::size_t>& expected,
                               const std::string& reason) const {
  if (shape_ == expected) return;
  throw InputError(fmt::format(
      "{}: has shape {}, expected {} ({}): {}", where_,
      shape_.empty() ? "()" : fmt::format("{}", fmt::join(shape_, " x ")),
      expected.empty() ? "()" : fmt::format("{}", fmt::join(expected, " x ")), reason, kDamaged));
}

void ColumnReader::ReadUnchunked(std::size_t first, std::size_t count, void* out) const {
  if (count == 0 || row_bytes_ == 0) return;
  const Handle space(H5Dget_space(dataset_.get()), H5Sclose);
  std::vector<hsize_t> start(shape_.size(), 0);
  std::vector<hsize_t> size(shape_.begin(), shape_.end());
  hid_t memory = H5S_ALL;
  Handle memory_space;
  if (!shape_.empty()) {
    start[0] = first;
    size[0] = count;
    memory_space =
        Handle(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr), H5Sclose);
    memory = memory_space.get();
    if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, size.data(),
                            nullptr) < 0) {
      ThrowReadError(where_, "its rows");
    }
  }
  if (H5Dread(dataset_.get(), type_.get(), memory, shape_.empty() ? H5S_ALL : space.get(),
              H5P_DEFAULT, out) < 0) {
    ThrowReadError(where_, "its values");
  }
}

template <typename Visit>
void ColumnReader::ForEachChunk(std::size_t first, std::size_t count, const Visit& visit) const {
  if (count == 0 || row_bytes_ == 0) return;
  const std::size_t begin = first / grid_.chunk_rows * grid_.chunk_rows;
  for (std::size_t row = begin; row < first + count; row += grid_.chunk_rows) {
    for (std::size_t outer = 0; outer < grid_.outer; outer += grid_.chunk_outer) {
      for (std::size_t inner = 0; inner < grid_.inner; inner += grid_.chunk_inner) {
        visit(ChunkPlace{row, outer, inner});
      }
    }
  }
}

std::string ColumnReader::Describe(const ChunkPlace& place) const {
  const std::size_t end = std::min(place.row + grid_.chunk_rows, grid_.rows);
  return fmt::format("{}: the chunk of rows {} to {}", where_, place.row, end - 1);
}

ColumnReader::RawChunk ColumnReader::Load(const ChunkPlace& place) const {
  hsize_t offset[kMostRank] = {place.row, place.inner, 0};
  if (shape_.size() == 3) {
    offset[1] = place.outer;
    offset[2] = place.inner;
  }
  hsize_t size = 0;
  RawChunk raw;
  haddr_t address = HADDR_UNDEF;
  if (H5Dget_chunk_info_by_coord(dataset_.get(), offset, &raw.skipped, &address, &size) < 0) {
    ThrowReadError(Describe(place), "its place");
  }
  if (size == 0 || address == HADDR_UNDEF)
    throw InputError(Describe(place) + " was never written: " + kDamaged);
  // Deflate makes noise larger by less than this.
  const std::size_t most = codec_.chunk_bytes + codec_.chunk_bytes / 100 + 1024;
  if (size > most) {
    throw InputError(fmt::format("{} takes {} bytes, expected at most {}: {}", Describe(place),
                                 size, most, kDamaged));
  }
  raw.bytes.resize(size);
  if (H5Dread_chunk(dataset_.get(), H5P_DEFAULT, offset, &raw.skipped, raw.bytes.data()) < 0) {
    ThrowReadError(Describe(place), "it");
  }
  return raw;
}

void ColumnReader::CopyOut(const ChunkPlace& place, const Bytes& chunk, std::size_t first,
                           std::size_t count, std::uint8_t* out) const {
  const std::size_t size = codec_.element_size;
  const std::size_t begin = std::max(first, place.row);
  const std::size_t end = std::min(first + count, place.row + grid_.chunk_rows);
  const std::size_t outer_count = std::min(grid_.chunk_outer, grid_.outer - place.outer);
  const std::size_t inner_count = std::min(grid_.chunk_inner, grid_.inner - place.inner);
  const std::size_t chunk_row = grid_.chunk_outer * grid_.chunk_inner * size;
  if (grid_.chunk_outer == grid_.outer && grid_.chunk_inner == grid_.inner) {
    std::memcpy(out + (begin - first) * row_bytes_, chunk.data() + (begin - place.row) * chunk_row,
                (end - begin) * row_bytes_);
    return;
  }
  for (std::size_t row = begin; row < end; ++row) {
    for (std::size_t outer = 0; outer < outer_count; ++outer) {
      const std::size_t to = (place.outer + outer) * grid_.inner + place.inner;
      std::memcpy(out + (row - first) * row_bytes_ + to * size,
                  chunk.data() + (row - place.row) * chunk_row + outer * grid_.chunk_inner * size,
                  inner_count * size);
    }
  }
}

void ColumnReader::Remember(
    std::size_t last_row,
    const std::vector<std::pair<ChunkPlace, std::shared_ptr<const Bytes>>>& chunks) {
  const std::size_t band = last_row / grid_.chunk_rows * grid_.chunk_rows;
  std::map<ChunkPlace, std::shared_ptr<const Bytes>> kept;
  std::size_t bytes = 0;
  for (const auto& [place, chunk] : chunks) {
    if (place.row != band || bytes + chunk->size() > kMostCacheBytes) continue;
    bytes += chunk->size();
    kept.emplace(place, chunk);
  }
  for (const auto& [place, chunk] : cache_) {
    if (place.row == band) kept.emplace(place, chunk);
  }
  cache_ = std::move(kept);
}

void ColumnReader::Read(std::size_t first, std::size_t count, void* out) {
  ReadPlan plan;
  plan.Add(*this, first, count, out);
  plan.Run(Parallelism(1));
}

void ColumnReader::VerifyChecksums() {
  if (!chunked_) return;
  ForEachChunk(0, grid_.rows, [this](const ChunkPlace& place) {
    const RawChunk raw = Load(place);
    const std::string problem = VerifyChunkChecksum(codec_, raw.bytes, raw.skipped);
    if (problem.empty()) return;
    throw InputError(fmt::format("{} {}: {}", Describe(place), problem, kDamaged));
  });
}

void VerifyDataset(hid_t group, const std::string& name, const std::string& where,
                   std::uint64_t file_size) {
  const Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.valid()) ThrowReadError(where, "the dataset");
  if (IsInReadableForm(dataset.get()))
    ColumnReader(group, name, where, file_size).VerifyChecksums();
}

struct ReadPlan::Task {
  Request request;
  ColumnReader::ChunkPlace place;
  ColumnReader::RawChunk raw;
  std::shared_ptr<const ColumnReader::Bytes> unpacked;
  std::string problem;
};

void ReadPlan::Add(ColumnReader& column, std::size_t first, std::size_t count, void* out) {
  MEDIUS_CHECK(first <= column.row_count() && count <= column.row_count() - first,
               "rows that the dataset has");
  requests_.push_back({&column, first, count, static_cast<std::uint8_t*>(out)});
}

void ReadPlan::Unpack(Task& task) {
  const ColumnReader& column = *task.request.column;
  if (!task.unpacked) {
    auto bytes = std::make_shared<ColumnReader::Bytes>();
    task.problem = DecodeChunk(column.codec_, task.raw.bytes, task.raw.skipped, *bytes);
    if (!task.problem.empty()) return;
    task.unpacked = std::move(bytes);
  }
  column.CopyOut(task.place, *task.unpacked, task.request.first, task.request.count,
                 task.request.out);
}

void ReadPlan::RunTasks(Parallelism parallelism, std::vector<Task>& tasks) {
  ParallelFor(parallelism, tasks.size(), 1, [&tasks](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) Unpack(tasks[i]);
  });
  using Unpacked = std::pair<ColumnReader::ChunkPlace, std::shared_ptr<const ColumnReader::Bytes>>;
  std::map<ColumnReader*, std::vector<Unpacked>> by_column;
  for (Task& task : tasks) {
    ColumnReader* column = task.request.column;
    if (!task.problem.empty()) {
      throw InputError(
          fmt::format("{} {}: {}", column->Describe(task.place), task.problem, kDamaged));
    }
    by_column[column].emplace_back(task.place, std::move(task.unpacked));
  }
  for (const auto& [column, chunks] : by_column) {
    column->Remember(chunks.back().first.row, chunks);
  }
  tasks.clear();
}

void ReadPlan::Run(Parallelism parallelism) {
  constexpr std::size_t kBatchBytes = 32U << 20U;
  std::vector<Task> tasks;
  std::size_t bytes = 0;
  for (const Request& request : requests_) {
    ColumnReader& column = *request.column;
    if (!column.chunked_) {
      column.ReadUnchunked(request.first, request.count, request.out);
      continue;
    }
    column.ForEachChunk(request.first, request.count, [&](const ColumnReader::ChunkPlace& place) {
      Task task{request, place, {}, nullptr, {}};
      const auto cached = column.cache_.find(place);
      if (cached != column.cache_.end()) {
        task.unpacked = cached->second;
      } else {
        task.raw = column.Load(place);
      }
      tasks.push_back(std::move(task));
      bytes += column.codec_.chunk_bytes;
      if (bytes < kBatchBytes) return;
      RunTasks(parallelism, tasks);
      bytes = 0;
    });
  }
  RunTasks(parallelism, tasks);
  requests_.clear();
}

}  // namespace medius::storage::hdf5
