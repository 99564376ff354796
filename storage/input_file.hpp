#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace medius::storage {

/// A regular file open for reading at any place, by several threads at once. Read with pread rather
/// than mapped: memory stays bounded, and a file that shrinks meanwhile is an error, not a signal.
///
/// Every member throws InputError that names the file and what is wrong with it.
class InputFile {
 public:
  /// @throws InputError where there is no such file, it is a directory or no regular file, it is
  ///         empty, or it may not be read.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// The path as messages name it.
  [[nodiscard]] std::string name() const { return path_.string(); }
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Fills `buffer` with the `count` bytes from `offset`.
  void ReadAt(std::uint64_t offset, std::size_t count, void* buffer) const;

  /// The first `count` bytes, fewer where the file is shorter.
  [[nodiscard]] std::string ReadHead(std::size_t count) const;

  /// Everything. @throws InputError also where the file has more than `max_bytes`.
  [[nodiscard]] std::string ReadAll(std::uint64_t max_bytes) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace medius::storage
