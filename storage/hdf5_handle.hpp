#pragma once

#include <hdf5.h>

#include <string>
#include <string_view>
#include <utility>

namespace medius::storage::hdf5 {

/// Owns one HDF5 identifier.
class Handle {
 public:
  using Closer = herr_t (*)(hid_t);

  Handle() = default;
  /// @param id  negative where the call that made it failed: an empty handle.
  Handle(hid_t id, Closer closer) : id_(id), closer_(closer) {}
  ~Handle() { Close(); }
  Handle(Handle&& other) noexcept
      : id_(std::exchange(other.id_, kNone)), closer_(std::exchange(other.closer_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      Close();
      id_ = std::exchange(other.id_, kNone);
      closer_ = std::exchange(other.closer_, nullptr);
    }
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] hid_t get() const { return id_; }
  [[nodiscard]] bool valid() const { return id_ >= 0; }
  /// Closes now; false where HDF5 says that it failed, which after writing means lost data.
  bool Close();

 private:
  static constexpr hid_t kNone = -1;
  hid_t id_ = kNone;
  Closer closer_ = nullptr;
};

/// Keeps HDF5 from printing its error stack in this thread while it lives.
class ErrorSilence {
 public:
  ErrorSilence();
  ~ErrorSilence();
  ErrorSilence(const ErrorSilence&) = delete;
  ErrorSilence& operator=(const ErrorSilence&) = delete;
  ErrorSilence(ErrorSilence&&) = delete;
  ErrorSilence& operator=(ErrorSilence&&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

/// What the last failed HDF5 call of this thread said; any later HDF5 call clears it.
struct LastError {
  int system_error = 0;  ///< errno of a failed read or write, 0 where it was something else
  std::string all;       ///< every line of the stack, joined
  std::string innermost;
};
[[nodiscard]] LastError GetLastError();

/// Throws InputError for a failed write, in the words of the system where it has any ("no space
/// left"). Call it before any other HDF5 function.
/// @param file  the target, as the user named it; @param what  what was being written.
[[noreturn]] void ThrowWriteError(const std::string& file, std::string_view what);

/// The same for an errno of our own calls.
[[noreturn]] void ThrowSystemWriteError(const std::string& file, std::string_view what,
                                        int system_error);

/// Throws InputError for a failed read: the file is damaged there, or the disk is.
/// @param where  file and dataset.
[[noreturn]] void ThrowReadError(const std::string& where, std::string_view what);

/// Names that come out of a file, fit for one line of a terminal: control bytes become '?'.
[[nodiscard]] std::string Printable(std::string_view text);

}  // namespace medius::storage::hdf5
