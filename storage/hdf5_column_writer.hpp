#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/parallel.hpp"
#include "storage/hdf5_codec.hpp"
#include "storage/hdf5_handle.hpp"
#include "storage/hdf5_types.hpp"

namespace medius::storage::hdf5 {

/// A dataset whose first dimension is rows (frames, sightings, strides, ...).
struct ColumnSpec {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::string unit;                    ///< "1" where there is none
  std::string definition;              ///< one sentence
  std::vector<std::size_t> row_shape;  ///< dimensions after the first
  std::size_t rows_per_chunk = 1;
  std::size_t text_size = 0;  ///< bytes, for kText
};

class ChunkBatch;

/// Writes a dataset of rows that arrive in blocks of any length, as chunks packed by Medius.
class ColumnWriter {
 public:
  /// @param file  the target, for messages.
  ColumnWriter(hid_t group, ColumnSpec spec, std::string file);

  /// Takes the next rows; chunks that are full go into the batch, which must be flushed while this
  /// lives.
  void Append(const void* rows, std::size_t count, ChunkBatch& batch);
  /// Hands over the last, partial chunk, padded with the fill value.
  void Finish(ChunkBatch& batch);
  /// Closes the dataset; everything handed over must have been flushed.
  void Close();

  [[nodiscard]] std::size_t row_count() const { return row_count_; }
  [[nodiscard]] hid_t dataset() const { return dataset_.get(); }

 private:
  friend class ChunkBatch;
  void WritePacked(std::size_t first_row, std::size_t rows, const std::vector<std::uint8_t>& raw);
  void SetRowCount(std::size_t rows);
  void HandOver(std::size_t rows, ChunkBatch& batch);

  ColumnSpec spec_;
  std::string file_;
  Handle dataset_;
  ChunkCodec codec_;
  std::size_t row_bytes_ = 0;
  std::size_t row_count_ = 0;
  std::vector<std::uint8_t> staging_;
};

/// Chunks that wait to be packed at once by several threads and then written in order.
class ChunkBatch {
 public:
  explicit ChunkBatch(Parallelism parallelism) : parallelism_(parallelism) {}

  /// Packs and writes what waits.
  void Flush();
  /// The same where enough waits to keep the threads busy.
  void FlushIfLarge();

 private:
  friend class ColumnWriter;
  struct Pending {
    ColumnWriter* column;
    std::size_t first_row;
    std::size_t rows;
    std::vector<std::uint8_t> bytes;
  };
  Parallelism parallelism_;
  std::vector<Pending> pending_;
  std::size_t pending_bytes_ = 0;
};

/// Writes a whole column at once.
void WriteColumn(hid_t group, const ColumnSpec& spec, const void* rows, std::size_t count,
                 const std::string& file);
/// The same for texts; type and text_size of the spec are set here.
void WriteTextColumn(hid_t group, ColumnSpec spec, const std::vector<std::string>& texts,
                     const std::string& file);

/// Writes a small dataset into its object header, whose checksum then covers it: a scalar or a few
/// numbers cannot be chunked with profit, and outside a chunk HDF5 has no checksum.
/// @param shape  empty for a scalar.
void WriteCompactDoubles(hid_t group, const ColumnSpec& spec, const std::vector<std::size_t>& shape,
                         const double* values, const std::string& file);

}  // namespace medius::storage::hdf5
