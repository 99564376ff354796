#include "storage/input_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/error.hpp"

namespace medius::storage {
namespace {

// A name that opens a pipe would wait for its writer for ever: look before opening, and do not
// block.
void RequireRegularFile(const std::filesystem::path& path, const struct stat& status) {
  if (S_ISDIR(status.st_mode)) {
    throw InputError(fmt::format("{}: is a directory; a file is expected", path.string()));
  }
  if (!S_ISREG(status.st_mode)) {
    throw InputError(fmt::format("{}: is no regular file", path.string()));
  }
  if (status.st_size == 0) throw InputError(fmt::format("{}: the file is empty", path.string()));
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) {
    const int code = errno;
    throw InputError(
        code == ENOENT ? fmt::format("{}: no such file", path.string())
                       : fmt::format("{}: cannot be read: {}", path.string(), std::strerror(code)));
  }
  struct stat status {};
  try {
    if (::fstat(descriptor_, &status) != 0) {
      throw InputError(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
    }
    RequireRegularFile(path, status);
  } catch (const InputError&) {
    ::close(descriptor_);
    throw;
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

void InputFile::ReadAt(std::uint64_t offset, std::size_t count, void* buffer) const {
  char* place = static_cast<char*>(buffer);
  while (count > 0) {
    const ssize_t got = ::pread(descriptor_, place, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw InputError(
          fmt::format("{}: reading at byte {} failed: {}", name(), offset, std::strerror(errno)));
    }
    if (got == 0) {
      throw InputError(
          fmt::format("{}: ends at byte {}, {} more bytes expected", name(), offset, count));
    }
    place += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::size_t>(got);
  }
}

std::string InputFile::ReadHead(std::size_t count) const {
  std::string head(static_cast<std::size_t>(std::min<std::uint64_t>(count, size_)), '\0');
  ReadAt(0, head.size(), head.data());
  return head;
}

std::string InputFile::ReadAll(std::uint64_t max_bytes) const {
  if (size_ > max_bytes) {
    throw InputError(fmt::format("{}: has {} bytes; a file of this kind has at most {}", name(),
                                 size_, max_bytes));
  }
  return ReadHead(static_cast<std::size_t>(size_));
}

}  // namespace medius::storage
