#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "storage/trial_partial_file.hpp"

namespace medius::storage {

/// Writes a text file beside its place under a temporary name and puts it there whole: nothing of
/// an old file is touched before Commit(), which flushes, syncs and renames. Without Commit() the
/// destructor removes the temporary file. Where the target is a device or a pipe, text goes
/// straight to it.
///
/// Every member throws InputError that names the file and what failed (a full disk: the space).
class AtomicTextFile {
 public:
  explicit AtomicTextFile(const std::filesystem::path& path);
  ~AtomicTextFile();
  AtomicTextFile(const AtomicTextFile&) = delete;
  AtomicTextFile& operator=(const AtomicTextFile&) = delete;

  void Append(std::string_view text);
  /// Success means that the file is on disk.
  void Commit();

 private:
  void Flush();
  [[noreturn]] void Fail(int code) const;

  std::string shown_;                   // the target as the user named it
  std::optional<PartialFile> partial_;  // absent where the target is written straight
  int descriptor_ = -1;
  std::uint64_t written_ = 0;
  std::string buffer_;
};

/// Writes all of a small file at once, see AtomicTextFile.
void WriteTextFile(const std::filesystem::path& path, std::string_view text);

}  // namespace medius::storage
