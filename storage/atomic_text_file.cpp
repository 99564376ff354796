#include "storage/atomic_text_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = 1 << 18;

bool IsDeviceOrPipe(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::is_character_file(status) || fs::is_fifo(status);
}

}  // namespace

AtomicTextFile::AtomicTextFile(const fs::path& path) : shown_(path.string()) {
  if (!IsDeviceOrPipe(path)) partial_.emplace(path);
  const fs::path& written = partial_ ? partial_->path() : path;
  descriptor_ = ::open(written.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor_ < 0) Fail(errno);
}

AtomicTextFile::~AtomicTextFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AtomicTextFile::Append(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) Flush();
}

void AtomicTextFile::Flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) Fail(errno);
    written_ += static_cast<std::uint64_t>(count);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  buffer_.clear();
}

void AtomicTextFile::Commit() {
  Flush();
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0) Fail(errno);  // network drives report a full disk only here
  if (partial_) partial_->Publish();
}

void AtomicTextFile::Fail(int code) const {
  const std::string reason = std::generic_category().message(code);
  if (code == ENOSPC || code == EDQUOT) {
    throw InputError(fmt::format(
        "{}: the disk is full ({} after {} bytes); free some space and run the command again",
        shown_, reason, written_));
  }
  throw InputError(fmt::format("{}: cannot be written: {}", shown_, reason));
}

void WriteTextFile(const fs::path& path, std::string_view text) {
  AtomicTextFile file(path);
  file.Append(text);
  file.Commit();
}

}  // namespace medius::storage
