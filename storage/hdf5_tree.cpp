#include "storage/hdf5_tree.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/error.hpp"
#include "storage/hdf5_column_reader.hpp"

namespace medius::storage::hdf5 {

namespace {

namespace fs = std::filesystem;

constexpr int kDeepestTree = 16;
constexpr std::size_t kMostObjects = 100000;
// Links and attributes of a group stay in its header, which is read through one checksum.
constexpr unsigned kMostInHeader = 32768;
constexpr char kSignature[] = "\x89HDF\r\n\x1a\n";
constexpr std::size_t kSignatureBytes = 8;
constexpr std::uint64_t kSmallestFile = 96;  // a superblock and a root group's header

std::string Reason(int system_error) {
  return std::generic_category().message(system_error);
}

std::string ReadStart(const fs::path& path, const std::string& shown) {
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  if (!file) throw InputError(fmt::format("{}: cannot be opened: {}", shown, Reason(errno)));
  std::string start(kSignatureBytes, '\0');
  start.resize(std::fread(start.data(), 1, start.size(), file.get()));
  return start;
}

// What is wrong before HDF5 is asked, each in its own words.
std::uint64_t CheckFile(const fs::path& path, const std::string& shown) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) throw InputError(shown + ": no such file");
  if (error) throw InputError(fmt::format("{}: cannot be opened: {}", shown, error.message()));
  if (fs::is_directory(status)) {
    throw InputError(shown + ": is a directory, expected a trial file (.trial.h5)");
  }
  if (!fs::is_regular_file(status)) {
    throw InputError(shown + ": is not a regular file, expected a trial file (.trial.h5)");
  }
  const std::uint64_t size = fs::file_size(path, error);
  if (error) throw InputError(fmt::format("{}: cannot be opened: {}", shown, error.message()));
  if (size == 0)
    throw InputError(shown + ": is empty (0 bytes), expected a trial file (.trial.h5)");
  if (ReadStart(path, shown) != std::string(kSignature, kSignatureBytes)) {
    throw InputError(shown +
                     ": is not an HDF5 file, expected a trial file (.trial.h5); other formats come "
                     "in through 'medius import'");
  }
  return size;
}

[[noreturn]] void ThrowNotOpened(const std::string& shown, std::uint64_t size) {
  const LastError error = GetLastError();
  const std::size_t eof = error.all.find("stored_eof = ");
  unsigned long long expected = 0;
  if (eof != std::string::npos &&
      std::sscanf(error.all.c_str() + eof, "stored_eof = %llu", &expected) == 1 &&
      expected > size) {
    throw InputError(fmt::format(
        "{}: is cut short: {} of {} bytes are there; copy it again or restore it from a copy",
        shown, size, expected));
  }
  if (size < kSmallestFile) {
    throw InputError(fmt::format(
        "{}: is cut short: only {} bytes are there; copy it again or restore it from a copy", shown,
        size));
  }
  if (error.all.find("open for write") != std::string::npos) {
    throw InputError(shown +
                     ": was never finished: whatever wrote it was stopped, or is still at "
                     "it; make it again");
  }
  ThrowReadError(shown, "its beginning");
}

Handle FileAccess() {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // Locks fail on some network drives, and a file that is only ever replaced whole needs none.
  MEDIUS_CHECK(access.valid() && H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG) >= 0 &&
                   H5Pset_file_locking(access.get(), false, true) >= 0,
               "file access properties");
  return access;
}

template <typename Properties>
void KeepOrderAndAttributes(const Properties& properties) {
  MEDIUS_CHECK(properties.valid() && H5Pset_obj_track_times(properties.get(), false) >= 0 &&
                   H5Pset_link_creation_order(properties.get(),
                                              H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0 &&
                   H5Pset_link_phase_change(properties.get(), kMostInHeader, 0) >= 0 &&
                   H5Pset_attr_phase_change(properties.get(), kMostInHeader, 0) >= 0,
               "group properties");
}

struct Link {
  std::string name;
  H5L_type_t type;
  bool has_order;
  std::int64_t order;
};

herr_t CollectLink(hid_t /*group*/, const char* name, const H5L_info_t* info, void* data) {
  auto& links = *static_cast<std::vector<Link>*>(data);
  if (links.size() >= kMostObjects) return 1;
  links.push_back({name, info->type, info->corder_valid != 0, info->corder});
  return 0;
}

// The library is asked for its own order and the sorting is done here: it sorts a table that it
// frees wrongly, and crashes, where an index of a large group is damaged.
std::vector<Link> Links(hid_t group, const std::string& where) {
  std::vector<Link> links;
  const herr_t status =
      H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, CollectLink, &links);
  if (status < 0) ThrowReadError(where, "the list of what it holds");
  if (status > 0) throw InputError(where + ": holds too many objects for a trial file");
  std::sort(links.begin(), links.end(), [](const Link& a, const Link& b) {
    if (a.has_order && b.has_order) return a.order < b.order;
    return a.name < b.name;
  });
  return links;
}

class TreeWalk {
 public:
  explicit TreeWalk(std::string shown) : shown_(std::move(shown)) {}

  void Visit(hid_t group, const std::string& path, int depth) {
    if (depth > kDeepestTree) throw InputError(Where(path) + ": groups lie too deep in each other");
    // A hard link may lead back up: then there would be no end of groups.
    if (!groups_.insert(InfoOf(group, path).addr).second) {
      throw InputError(Where(path) +
                       ": is a group that is linked from two places; a trial file is a "
                       "tree; remove the link");
    }
    for (const Link& link : Links(group, Where(path))) {
      const std::string member = path + "/" + Printable(link.name);
      if (link.type != H5L_TYPE_HARD) RefuseLink(link.type, member);
      VisitObject(group, link.name, member, depth);
    }
  }

 private:
  [[nodiscard]] std::string Where(const std::string& path) const {
    return fmt::format("{}: {}", shown_, path.empty() ? "/" : path);
  }

  [[noreturn]] void RefuseLink(H5L_type_t type, const std::string& path) const {
    const char* kind = type == H5L_TYPE_SOFT ? "a soft link" : "a link into another file";
    throw InputError(
        fmt::format("{}: is {}; a trial file is self-contained and holds none; replace "
                    "it by what it points to",
                    Where(path), kind));
  }

  [[nodiscard]] H5O_info_t InfoOf(hid_t object, const std::string& path) const {
    H5O_info_t info;
    if (object < 0 || H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0) {
      ThrowReadError(Where(path), "the object");
    }
    return info;
  }

  void VisitObject(hid_t group, const std::string& name, const std::string& path, int depth) {
    const Handle object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose);
    const H5O_type_t type = InfoOf(object.get(), path).type;
    if (++object_count_ > kMostObjects) {
      throw InputError(shown_ + ": holds too many objects for a trial file");
    }
    if (type == H5O_TYPE_DATASET) RefuseForeignStorage(object.get(), Where(path));
    if (type == H5O_TYPE_GROUP) Visit(object.get(), path, depth + 1);
  }

  std::string shown_;
  std::size_t object_count_ = 0;
  std::set<haddr_t> groups_;
};

}  // namespace

OpenedFile OpenForReading(const fs::path& path, const std::string& shown) {
  OpenedFile opened;
  opened.size = CheckFile(path, shown);
  const Handle access = FileAccess();  // outlives the message: closing it clears HDF5's errors
  opened.file = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (!opened.file.valid()) ThrowNotOpened(shown, opened.size);
  return opened;
}

Handle CreateForWriting(WriteTarget& target, const std::string& shown) {
  const Handle access = FileAccess();
  UseWriteTarget(access.get(), target);
  MEDIUS_CHECK(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0,
               "file format version");
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  KeepOrderAndAttributes(creation);
  Handle file(H5Fcreate(shown.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose);
  if (!file.valid()) ThrowWriteError(shown, "its beginning");
  return file;
}

Handle CreateGroup(hid_t parent, const std::string& name, const std::string& file) {
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  KeepOrderAndAttributes(creation);
  Handle group(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
               H5Gclose);
  if (!group.valid()) ThrowWriteError(file, name);
  return group;
}

Handle OpenGroup(hid_t parent, const std::string& name, const std::string& where) {
  const Handle object(H5Oopen(parent, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object.valid()) ThrowReadError(where, "the group");
  if (H5Iget_type(object.get()) != H5I_GROUP) {
    throw InputError(where + ": is a dataset, expected a group");
  }
  Handle group(H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose);
  if (!group.valid()) ThrowReadError(where, "the group");
  return group;
}

bool Exists(hid_t parent, const std::string& name, const std::string& where) {
  const htri_t exists = H5Lexists(parent, name.c_str(), H5P_DEFAULT);
  if (exists < 0) ThrowReadError(where, "the list of what it holds");
  return exists > 0;
}

std::vector<Member> Members(hid_t group, const std::string& where) {
  std::vector<Member> members;
  for (const Link& link : Links(group, where)) {
    const Handle object(H5Oopen(group, link.name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!object.valid()) ThrowReadError(where + "/" + Printable(link.name), "the object");
    const H5I_type_t type = H5Iget_type(object.get());
    members.push_back({link.name, type == H5I_GROUP     ? MemberKind::kGroup
                                  : type == H5I_DATASET ? MemberKind::kDataset
                                                        : MemberKind::kOther});
  }
  return members;
}

void RefuseForeignLinks(hid_t file, const std::string& shown) {
  const Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose);
  if (!root.valid()) ThrowReadError(shown + ": /", "the root group");
  TreeWalk(shown).Visit(root.get(), "", 0);
}

}  // namespace medius::storage::hdf5
