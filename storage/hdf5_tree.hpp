#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/hdf5_handle.hpp"
#include "storage/hdf5_write_target.hpp"

namespace medius::storage::hdf5 {

/// An HDF5 file that is open for reading.
struct OpenedFile {
  Handle file;
  std::uint64_t size = 0;  ///< bytes
};

/// Opens a file for reading; takes no lock, as trial files are never changed in place.
/// @param shown  the name for messages.
/// @throws InputError: no such file, a folder, empty, not HDF5, cut short, never finished, damaged.
[[nodiscard]] OpenedFile OpenForReading(const std::filesystem::path& path,
                                        const std::string& shown);

/// Creates a file in the target, which must outlive it. Superblock version 3, so that all metadata
/// has checksums; no times, so that the same content gives the same bytes.
/// @param shown  the target, for messages.
[[nodiscard]] Handle CreateForWriting(WriteTarget& target, const std::string& shown);

/// Creates a group whose members keep their order and whose attributes stay in its header.
[[nodiscard]] Handle CreateGroup(hid_t parent, const std::string& name, const std::string& file);
/// @throws InputError where it is not there or not a group.
[[nodiscard]] Handle OpenGroup(hid_t parent, const std::string& name, const std::string& where);
/// @throws InputError where the group is damaged.
[[nodiscard]] bool Exists(hid_t parent, const std::string& name, const std::string& where);

enum class MemberKind : std::uint8_t { kGroup, kDataset, kOther };
struct Member {
  std::string name;
  MemberKind kind = MemberKind::kOther;
};

/// What a group holds, in the order of creation where the file knows it, else by name. Only names
/// that RefuseForeignLinks has passed may be opened.
/// @throws InputError
[[nodiscard]] std::vector<Member> Members(hid_t group, const std::string& where);

/// Walks the whole file and refuses links to other files, soft links, external and virtual
/// datasets, and trees that are too deep or too large, before any of it is read.
/// @throws InputError
void RefuseForeignLinks(hid_t file, const std::string& shown);

}  // namespace medius::storage::hdf5
