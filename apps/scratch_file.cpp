#include "apps/scratch_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::apps {

ScratchFile::ScratchFile(const std::filesystem::path& output)
    : folder_(output.has_parent_path() ? output.parent_path().string() : ".") {
  std::string name = folder_ + "/.medius-scratch-XXXXXX";
  file_ = mkostemp(name.data(), O_CLOEXEC);
  if (file_ < 0) Throw("make a scratch file in");
  // Nothing is left behind, even by kill -9.
  unlink(name.c_str());
}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept
    : folder_(std::move(other.folder_)), file_(other.file_), end_(other.end_) {
  other.file_ = -1;
}

ScratchFile::~ScratchFile() {
  if (file_ >= 0) close(file_);
}

void ScratchFile::Throw(const char* doing) const {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  throw InputError(fmt::format("{}: could not {} this folder ({}){}", folder_, doing,
                               std::strerror(code),
                               full ? "; free space there or name another folder with -o" : ""));
}

std::uint64_t ScratchFile::Append(const void* bytes, std::size_t count) {
  const std::uint64_t begin = end_;
  const auto* from = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = pwrite(file_, from, count, static_cast<off_t>(end_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) Throw("write to a scratch file in");
    from += written;
    count -= static_cast<std::size_t>(written);
    end_ += static_cast<std::uint64_t>(written);
  }
  return begin;
}

void ScratchFile::Read(std::uint64_t begin, void* bytes, std::size_t count) const {
  auto* to = static_cast<char*>(bytes);
  while (count > 0) {
    const ssize_t got = pread(file_, to, count, static_cast<off_t>(begin));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) Throw("read a scratch file in");
    to += got;
    count -= static_cast<std::size_t>(got);
    begin += static_cast<std::uint64_t>(got);
  }
}

}  // namespace medius::apps
