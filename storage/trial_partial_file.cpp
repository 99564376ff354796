#include "storage/trial_partial_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/error.hpp"
#include "storage/hdf5_handle.hpp"

namespace medius::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".partial";

std::string Reason(int system_error) {
  return std::generic_category().message(system_error);
}

// An "open file description" lock: it goes with the last descriptor, however the process ends, and
// does not meet the flock() that HDF5 takes where its environment asks for one.
bool TryLock(int descriptor) {
  struct flock whole_file = {};
  whole_file.l_type = F_WRLCK;
  whole_file.l_whence = SEEK_SET;
  return fcntl(descriptor, F_OFD_SETLK, &whole_file) == 0;
}

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// ".run.trial.h5.123-0.partial" for "run.trial.h5".
bool IsPartialOf(std::string_view name, const std::string& target_name) {
  const std::string prefix = "." + target_name + ".";
  if (name.size() <= prefix.size() + kSuffix.size() || name.substr(0, prefix.size()) != prefix ||
      name.substr(name.size() - kSuffix.size()) != kSuffix) {
    return false;
  }
  const std::string_view owner =
      name.substr(prefix.size(), name.size() - prefix.size() - kSuffix.size());
  const std::size_t dash = owner.find('-');
  return dash != std::string_view::npos && IsDigits(owner.substr(0, dash)) &&
         IsDigits(owner.substr(dash + 1));
}

// Removes it under its lock, which nobody gets whose writer lives. Errors leave the file: it is
// only litter.
void RemoveIfAbandoned(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return;
  if (TryLock(descriptor)) unlink(path.c_str());
  close(descriptor);
}

void RemoveAbandoned(const fs::path& folder, const std::string& target_name) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (IsPartialOf(entry->path().filename().string(), target_name)) {
      RemoveIfAbandoned(entry->path());
    }
  }
}

// Where a symbolic link leads, so that the link stays and the file behind it is replaced.
fs::path Resolve(const fs::path& target) {
  std::error_code error;
  if (!fs::is_symlink(target, error)) return target;
  const fs::path resolved = fs::canonical(target, error);
  return error ? target : resolved;
}

void CheckTarget(const fs::path& target, const std::string& shown) {
  std::error_code error;
  const fs::file_status status = fs::status(target, error);
  if (!fs::exists(status)) return;
  if (fs::is_directory(status)) {
    throw InputError(shown + ": is a directory, expected the name of a file to write");
  }
  if (!fs::is_regular_file(status)) {
    throw InputError(shown + ": is not a regular file, and would be replaced by one");
  }
  if (access(target.c_str(), W_OK) != 0) {
    throw InputError(fmt::format(
        "{}: is write-protected ({}); choose another name or allow writing", shown, Reason(errno)));
  }
}

void CheckFolder(const fs::path& folder, const std::string& shown) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) {
    throw InputError(
        fmt::format("{}: its folder {} does not exist; make it first", shown, folder.string()));
  }
  if (!fs::is_directory(status)) {
    throw InputError(fmt::format("{}: {} is not a directory", shown, folder.string()));
  }
}

// Makes the name of a new file last through a power cut.
void SyncFolder(const fs::path& folder, const std::string& shown) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  // Some network drives cannot sync a folder; they do so by themselves.
  const int reason = errno;
  if (descriptor >= 0) close(descriptor);
  if (synced || reason == EINVAL || reason == ENOTSUP) return;
  throw InputError(fmt::format(
      "{}: was written but its folder could not be brought to the disk ({}): check the disk", shown,
      Reason(reason)));
}

}  // namespace

PartialFile::PartialFile(const fs::path& target)
    : shown_(target.string()), target_(Resolve(target)), folder_(target_.parent_path()) {
  if (folder_.empty()) folder_ = ".";
  if (target_.filename().empty() || target_.filename() == "." || target_.filename() == "..") {
    throw InputError(shown_ + ": is a directory, expected the name of a file to write");
  }
  CheckFolder(folder_, shown_);
  CheckTarget(target_, shown_);
  RemoveAbandoned(folder_, target_.filename().string());
  Create();
}

PartialFile::~PartialFile() {
  if (descriptor_ < 0) return;
  unlink(path_.c_str());
  close(descriptor_);
}

void PartialFile::Create() {
  constexpr int kMostAttempts = 10000;
  constexpr mode_t kByUmask = 0666;
  for (int n = 0; n < kMostAttempts; ++n) {
    path_ = folder_ / fmt::format(".{}.{}-{}{}", target_.filename().string(), getpid(), n, kSuffix);
    const int descriptor = open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kByUmask);
    if (descriptor < 0 && errno == EEXIST) continue;
    if (descriptor < 0) {
      throw InputError(
          fmt::format("{}: cannot write into {}: {}", shown_, folder_.string(), Reason(errno)));
    }
    // Between creation and lock a cleaner may have taken it for litter.
    struct stat status = {};
    const bool locked = TryLock(descriptor) || errno == ENOLCK || errno == EOPNOTSUPP ||
                        errno == EINVAL || errno == ENOSYS;
    if (locked && fstat(descriptor, &status) == 0 && status.st_nlink > 0) {
      descriptor_ = descriptor;
      return;
    }
    close(descriptor);
  }
  throw InputError(fmt::format("{}: {} is full of unfinished files of this target; remove them",
                               shown_, folder_.string()));
}

void PartialFile::TakeOverPermissions() const {
  constexpr mode_t kPermissions = 07777;
  struct stat old = {};
  if (stat(target_.c_str(), &old) != 0) return;
  if (fchmod(descriptor_, old.st_mode & kPermissions) != 0) {
    hdf5::ThrowSystemWriteError(shown_, "its permissions", errno);
  }
}

void PartialFile::Publish() {
  TakeOverPermissions();
  if (fsync(descriptor_) != 0) hdf5::ThrowSystemWriteError(shown_, "to the disk", errno);
  if (rename(path_.c_str(), target_.c_str()) != 0) {
    hdf5::ThrowSystemWriteError(shown_, "in its place", errno);
  }
  close(descriptor_);
  descriptor_ = -1;
  SyncFolder(folder_, shown_);
}

}  // namespace medius::storage
