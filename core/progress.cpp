#include "core/progress.hpp"

#include "core/error.hpp"

namespace medius {

void CancellationToken::ThrowIfCancelled() const {
  if (IsCancelled()) throw Cancelled();
}

void WorkControl::Report(std::size_t done, std::size_t total) const {
  ThrowIfCancelled();
  if (progress) progress(done, total);
}

void WorkControl::ThrowIfCancelled() const {
  if (cancellation != nullptr) cancellation->ThrowIfCancelled();
}

}  // namespace medius
