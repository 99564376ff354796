#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace medius::apps {

/// Room on disk for what a command needs again later and memory should not hold: a file without a
/// name in the folder of the command's output, gone when the command ends, however it ends.
class ScratchFile {
 public:
  /// @param output  the file that the command writes; the scratch file lies beside it.
  /// @throws InputError where the folder cannot be written to.
  explicit ScratchFile(const std::filesystem::path& output);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&&) = delete;

  /// @return where the bytes begin. @throws InputError where the disk is full.
  std::uint64_t Append(const void* bytes, std::size_t count);
  /// @throws InputError where the disk fails.
  void Read(std::uint64_t begin, void* bytes, std::size_t count) const;

 private:
  [[noreturn]] void Throw(const char* doing) const;
  std::string folder_;
  int file_ = -1;
  std::uint64_t end_ = 0;
};

}  // namespace medius::apps
