#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <vector>

namespace medius::storage::hdf5 {

/// The open file that HDF5 writes into. HDF5 is never told of a failed write: version 1.10 of the
/// library crashes, or says that all is well, when it meets one on its way. The failure is kept
/// here instead, what could not be written is remembered so that the library goes on unharmed, and
/// whoever writes asks `error()` before anything is published.
class WriteTarget {
 public:
  /// @param descriptor  of an empty file, open for reading and writing; not closed here.
  explicit WriteTarget(int descriptor) : descriptor_(descriptor) {}
  ~WriteTarget() = default;
  WriteTarget(const WriteTarget&) = delete;
  WriteTarget& operator=(const WriteTarget&) = delete;
  WriteTarget(WriteTarget&&) = delete;
  WriteTarget& operator=(WriteTarget&&) = delete;

  /// errno of the first write that failed, 0 while all is well.
  [[nodiscard]] int error() const { return error_; }

  // What HDF5 asks of a file.
  void Write(std::uint64_t address, std::size_t size, const void* bytes, bool is_bulk);
  /// False where the disk fails; what lies beyond the end is zero.
  [[nodiscard]] bool Read(std::uint64_t address, std::size_t size, void* bytes) const;
  void Truncate(std::uint64_t size);
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  // A piece of metadata that is not in the file although it should be.
  struct Lost {
    std::uint64_t address;
    std::vector<std::uint8_t> bytes;
  };
  void Overlay(std::uint64_t address, std::size_t size, std::uint8_t* bytes) const;

  int descriptor_;
  int error_ = 0;
  std::uint64_t size_ = 0;
  std::vector<Lost> lost_;
};

/// Makes files created with these access properties go into the target, which must outlive them.
void UseWriteTarget(hid_t access_properties, WriteTarget& target);

}  // namespace medius::storage::hdf5
