#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include "core/check.hpp"
#include "core/parallel.hpp"

namespace medius {
namespace {

constexpr int kMostThreads = 256;

// Runs work where exactly `threads` threads serve it. By default TBB never uses more threads than
// the machine has cores, and a test with seven wants seven. One limit for the whole run: of several
// at once the smallest holds, and TBB prints a warning where a loop inside a loop asks for more.
template <typename Work>
void RunWithThreads(int threads, const Work& work) {
  static const tbb::global_control kLimit(tbb::global_control::max_allowed_parallelism,
                                          kMostThreads);
  tbb::task_arena arena(std::min(threads, kMostThreads));
  arena.execute(work);
}

}  // namespace

void ParallelFor(Parallelism parallelism, std::size_t count, std::size_t grain,
                 const std::function<void(std::size_t, std::size_t)>& body) {
  MEDIUS_CHECK(grain > 0, "a block must hold an index");
  const std::size_t blocks = internal::BlockCount(count, grain);
  const auto run_block = [&](std::size_t block) {
    const std::size_t begin = block * grain;
    body(begin, begin + std::min(grain, count - begin));
  };
  if (parallelism.threads() == 1 || blocks <= 1) {
    for (std::size_t block = 0; block < blocks; ++block) run_block(block);
    return;
  }
  RunWithThreads(parallelism.threads(),
                 [&] { tbb::parallel_for(std::size_t{0}, blocks, run_block); });
}

namespace internal {

void RunOrderedPipeline(Parallelism parallelism, std::size_t max_in_flight,
                        const std::function<ErasedItem()>& source,
                        const std::function<void(void*)>& transform,
                        const std::function<void(void*)>& sink) {
  MEDIUS_CHECK(max_in_flight > 0, "a pipeline must hold an item");
  if (parallelism.threads() == 1) {
    while (ErasedItem item = source()) {
      transform(item.get());
      sink(item.get());
    }
    return;
  }
  // Items in flight follow each other without a hole, so each has the slot of its number. They live
  // here and not in TBB, which lets go of those that wait for the sink when another part throws.
  std::vector<ErasedItem> slots(max_in_flight);
  std::size_t taken = 0;
  const auto next = [&](tbb::flow_control& control) -> ErasedItem* {
    ErasedItem& slot = slots[taken % max_in_flight];
    slot = source();
    if (!slot) {
      control.stop();
      return nullptr;
    }
    ++taken;
    return &slot;
  };
  const auto apply = [&](ErasedItem* slot) {
    transform(slot->get());
    return slot;
  };
  const auto drain = [&](ErasedItem* slot) {
    sink(slot->get());
    slot->reset();
  };
  RunWithThreads(parallelism.threads(), [&] {
    tbb::parallel_pipeline(
        max_in_flight,
        tbb::make_filter<void, ErasedItem*>(tbb::filter_mode::serial_in_order, next) &
            tbb::make_filter<ErasedItem*, ErasedItem*>(tbb::filter_mode::parallel, apply) &
            tbb::make_filter<ErasedItem*, void>(tbb::filter_mode::serial_in_order, drain));
  });
}

}  // namespace internal
}  // namespace medius
