#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/check.hpp"

namespace medius {

/// How many threads a piece of work may use. A small value that is passed in, never global.
class Parallelism {
 public:
  /// @param threads  >= 1; 0 stands for every core of the machine. No work uses more than 256.
  explicit Parallelism(int threads = 1);
  [[nodiscard]] static Parallelism Max() { return Parallelism(0); }
  [[nodiscard]] int threads() const { return threads_; }

 private:
  int threads_;
};

namespace internal {
/// Blocks of `grain` indices in [0, count), the last one shorter.
constexpr std::size_t BlockCount(std::size_t count, std::size_t grain) {
  return count / grain + (count % grain == 0 ? 0 : 1);
}
}  // namespace internal

/// Calls body(begin, end) over blocks of `grain` indices of [0, count), in any order and at once.
/// The blocks do not depend on the number of threads. An exception of the body is rethrown here.
void ParallelFor(Parallelism parallelism, std::size_t count, std::size_t grain,
                 const std::function<void(std::size_t begin, std::size_t end)>& body);

/// Maps blocks of `grain` indices at once, then folds the results in the order of the indices: the
/// same bits for any number of threads, also where the fold rounds.
template <typename Value, typename Map, typename Fold>
Value ParallelReduce(Parallelism parallelism, std::size_t count, std::size_t grain, Value initial,
                     const Map& map, const Fold& fold) {
  MEDIUS_CHECK(grain > 0, "a block must hold an index");
  std::vector<std::optional<Value>> partial(internal::BlockCount(count, grain));
  ParallelFor(parallelism, count, grain, [&](std::size_t begin, std::size_t end) {
    partial[begin / grain] = map(begin, end);
  });
  for (std::optional<Value>& value : partial) initial = fold(std::move(initial), *std::move(value));
  return initial;
}

namespace internal {
using ErasedItem = std::shared_ptr<void>;
void RunOrderedPipeline(Parallelism parallelism, std::size_t max_in_flight,
                        const std::function<ErasedItem()>& source,
                        const std::function<void(void*)>& transform,
                        const std::function<void(void*)>& sink);
}  // namespace internal

/// Streams items: source() one at a time until it returns nullopt, transform(item) of several at
/// once, sink(item) one at a time in the order of the source. At most max_in_flight items exist,
/// which bounds the memory. An exception of any part stops the stream and is rethrown here.
template <typename Item>
void OrderedPipeline(Parallelism parallelism, std::size_t max_in_flight,
                     const std::function<std::optional<Item>()>& source,
                     const std::function<void(Item&)>& transform,
                     const std::function<void(Item&)>& sink) {
  internal::RunOrderedPipeline(
      parallelism, max_in_flight,
      [&source]() -> internal::ErasedItem {
        std::optional<Item> item = source();
        if (!item) return nullptr;
        return std::make_shared<Item>(*std::move(item));
      },
      [&transform](void* item) { transform(*static_cast<Item*>(item)); },
      [&sink](void* item) { sink(*static_cast<Item*>(item)); });
}

}  // namespace medius
