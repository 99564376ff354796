#include "storage/hdf5_handle.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::storage::hdf5 {

namespace {

constexpr std::size_t kLongestText = 300;

// HDF5 keeps errno only inside its text: "..., errno = 28, error message = '...'".
int SystemErrorIn(std::string_view text) {
  constexpr std::string_view kKey = "errno = ";
  const std::size_t at = text.find(kKey);
  if (at == std::string_view::npos) return 0;
  return std::atoi(std::string(text.substr(at + kKey.size(), 8)).c_str());
}

herr_t Collect(unsigned /*depth*/, const H5E_error2_t* entry, void* data) {
  auto& error = *static_cast<LastError*>(data);
  if (entry->desc == nullptr) return 0;
  error.innermost = entry->desc;
  error.all += error.innermost + "; ";
  if (error.system_error == 0) error.system_error = SystemErrorIn(error.innermost);
  return 0;
}

bool IsNoSpace(int system_error) {
  return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

// Opening a damaged file leaks in the library, which then complains on standard error when it
// cleans up at exit. There is nothing to clean: every handle of ours is closed by then.
void SkipCleanupAtExit() {
  static const herr_t kSkipped = H5dont_atexit();
  static_cast<void>(kSkipped);
}

}  // namespace

bool Handle::Close() {
  if (id_ < 0) return true;
  const hid_t id = std::exchange(id_, kNone);
  return closer_(id) >= 0;
}

ErrorSilence::ErrorSilence() {
  SkipCleanupAtExit();
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

ErrorSilence::~ErrorSilence() {
  H5Eset_auto2(H5E_DEFAULT, function_, data_);
}

LastError GetLastError() {
  LastError error;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, Collect, &error);
  return error;
}

void ThrowSystemWriteError(const std::string& file, std::string_view what, int system_error) {
  const std::string reason = std::generic_category().message(system_error);
  if (IsNoSpace(system_error)) {
    throw InputError(fmt::format(
        "{}: no space left on its disk while writing {} ({}); nothing was changed, free some space "
        "and run again",
        file, what, reason));
  }
  throw InputError(
      fmt::format("{}: writing {} failed: {}; nothing was changed", file, what, reason));
}

void ThrowWriteError(const std::string& file, std::string_view what) {
  const LastError error = GetLastError();
  if (error.system_error != 0) ThrowSystemWriteError(file, what, error.system_error);
  throw InputError(fmt::format("{}: writing {} failed: {}; nothing was changed", file, what,
                               Printable(error.innermost)));
}

void ThrowReadError(const std::string& where, std::string_view what) {
  const LastError error = GetLastError();
  throw InputError(
      fmt::format("{}: {} cannot be read ({}): the file is damaged; restore it from a copy or make "
                  "it again",
                  where, what, error.innermost.empty() ? "?" : Printable(error.innermost)));
}

std::string Printable(std::string_view text) {
  std::string printable(text.substr(0, kLongestText));
  for (char& c : printable) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return printable;
}

}  // namespace medius::storage::hdf5
