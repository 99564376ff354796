#pragma once

#include <filesystem>
#include <string>

namespace medius::storage {

/// A temporary file beside its target that takes the target's place whole, or vanishes. It is
/// locked while it lives, so that what a killed process left behind can be told from what another
/// writer is still at.
class PartialFile {
 public:
  /// Removes what killed writers of the same target left, and creates `.<name>.<pid>-<n>.partial`.
  /// @throws InputError where the folder is missing or not writable, or the target is a folder, not
  ///         a regular file, or write-protected.
  explicit PartialFile(const std::filesystem::path& target);
  /// Removes the file unless it was published.
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  PartialFile(PartialFile&&) = delete;
  PartialFile& operator=(PartialFile&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Open for reading and writing until the file is published.
  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// Brings the file to the disk, renames it over the target and brings the folder to the disk. A
  /// target that was there hands its permissions on.
  /// @throws InputError
  void Publish();

 private:
  void Create();
  void TakeOverPermissions() const;

  std::string shown_;             ///< the target as the user named it
  std::filesystem::path target_;  ///< behind a symbolic link, where the user gave one
  std::filesystem::path folder_;
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace medius::storage
