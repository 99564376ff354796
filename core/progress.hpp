#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace medius {

/// Told by long work how far it is: done of total, in frames. Called from one thread at a time.
using ProgressCallback = std::function<void(std::size_t done, std::size_t total)>;

/// A flag that asks long work to stop at its next safe place. Safe to set from a signal handler.
class CancellationToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool IsCancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  /// @throws Cancelled where Cancel() was called.
  void ThrowIfCancelled() const;

 private:
  std::atomic<bool> cancelled_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

/// How long work reports and is stopped; both optional.
struct WorkControl {
  ProgressCallback progress;
  const CancellationToken* cancellation = nullptr;

  /// Reports, and throws Cancelled where asked to stop.
  void Report(std::size_t done, std::size_t total) const;
  void ThrowIfCancelled() const;
};

}  // namespace medius
