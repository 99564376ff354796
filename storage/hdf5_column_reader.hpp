#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/parallel.hpp"
#include "storage/hdf5_codec.hpp"
#include "storage/hdf5_handle.hpp"
#include "storage/hdf5_types.hpp"

namespace medius::storage::hdf5 {

/// Refuses what a trial file must not hold, without reading any of it: external storage, virtual
/// datasets, filters unknown to Medius, chunks of more than 64 MiB.
/// @param where  file and dataset. @throws InputError
void RefuseForeignStorage(hid_t dataset, const std::string& where);

/// A dataset of rows in a file that may be hostile. Opening checks type, layout, filters, and that
/// a file of this size can hold as much as the shape claims.
class ColumnReader {
 public:
  /// @param where      file and dataset, for messages.
  /// @param file_size  bytes of the file.
  /// @throws InputError
  ColumnReader(hid_t group, const std::string& name, ElementType type, std::string where,
               std::uint64_t file_size);
  /// The same of any type, for its checksums alone.
  ColumnReader(hid_t group, const std::string& name, std::string where, std::uint64_t file_size);

  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] const std::vector<std::size_t>& shape() const { return shape_; }
  /// First dimension; 1 for a scalar.
  [[nodiscard]] std::size_t row_count() const { return grid_.rows; }
  [[nodiscard]] std::size_t row_bytes() const { return row_bytes_; }
  /// Bytes of one element: the length of a kText.
  [[nodiscard]] std::size_t element_size() const { return codec_.element_size; }
  /// Names another attribute of the dataset, "" where it is not there.
  [[nodiscard]] std::string Attribute(const std::string& name) const;
  [[nodiscard]] hid_t dataset() const { return dataset_.get(); }

  /// @throws InputError "found shape ..., expected ..." with the reason.
  void ExpectShape(const std::vector<std::size_t>& expected, const std::string& reason) const;

  /// Reads rows [first, first + count) into out on one thread.
  void Read(std::size_t first, std::size_t count, void* out);

  /// Checks the checksum of every chunk without unpacking any.
  void VerifyChecksums();

 private:
  friend class ReadPlan;
  using Bytes = std::vector<std::uint8_t>;

  // The dataset as rows x (outer x inner) elements, and its chunks likewise: one form for one, two
  // and three dimensions.
  struct Grid {
    std::size_t rows = 1, outer = 1, inner = 1;
    std::size_t chunk_rows = 1, chunk_outer = 1, chunk_inner = 1;
    [[nodiscard]] std::size_t ChunkCount() const;
  };
  struct ChunkPlace {
    std::size_t row = 0, outer = 0, inner = 0;  ///< first element of the chunk
    friend auto operator<=>(const ChunkPlace&, const ChunkPlace&) = default;
  };
  struct RawChunk {
    Bytes bytes;
    std::uint32_t skipped = 0;
  };

  void Open(hid_t group, const std::string& name);
  void ReadForm(std::uint64_t file_size);
  void ReadShape();
  void ReadLayout();
  void CheckClaim(std::uint64_t file_size);
  void ReadUnchunked(std::size_t first, std::size_t count, void* out) const;
  // Calls visit(place) for each chunk that the rows touch; a list of them could be of any length.
  template <typename Visit>
  void ForEachChunk(std::size_t first, std::size_t count, const Visit& visit) const;
  [[nodiscard]] RawChunk Load(const ChunkPlace& place) const;
  [[nodiscard]] std::string Describe(const ChunkPlace& place) const;
  void CopyOut(const ChunkPlace& place, const Bytes& chunk, std::size_t first, std::size_t count,
               std::uint8_t* out) const;
  /// Keeps the chunks of the last row read: the next block starts there.
  void Remember(std::size_t last_row,
                const std::vector<std::pair<ChunkPlace, std::shared_ptr<const Bytes>>>& chunks);

  std::string where_;
  Handle dataset_;
  Handle type_;
  bool chunked_ = false;
  std::vector<std::size_t> shape_;
  Grid grid_;
  ChunkCodec codec_;
  std::size_t row_bytes_ = 0;
  std::map<ChunkPlace, std::shared_ptr<const Bytes>> cache_;
};

/// Checks the checksums of a dataset that Medius may not know. One in a form that Medius does not
/// read (more dimensions, other filters) is left to whoever added it.
void VerifyDataset(hid_t group, const std::string& name, const std::string& where,
                   std::uint64_t file_size);

/// Rows of several columns, whose chunks are unpacked at once by several threads.
class ReadPlan {
 public:
  /// @param out  gets count rows; must live until Run.
  void Add(ColumnReader& column, std::size_t first, std::size_t count, void* out);
  /// @throws InputError that names the first damaged chunk, in the order of Add.
  void Run(Parallelism parallelism);

 private:
  struct Request {
    ColumnReader* column;
    std::size_t first;
    std::size_t count;
    std::uint8_t* out;
  };
  struct Task;
  static void RunTasks(Parallelism parallelism, std::vector<Task>& tasks);
  static void Unpack(Task& task);
  std::vector<Request> requests_;
};

}  // namespace medius::storage::hdf5
