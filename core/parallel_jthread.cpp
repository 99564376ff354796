// The same interface on std::jthread, for ThreadSanitizer: the packaged TBB is not built for it and
// its hand-made synchronization would be reported as races.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/check.hpp"
#include "core/parallel.hpp"

namespace medius {
namespace {

// Keeps the first exception of several threads.
class FirstException {
 public:
  void Capture() {
    const std::scoped_lock lock(mutex_);
    if (!exception_) exception_ = std::current_exception();
    raised_ = true;
  }
  [[nodiscard]] bool raised() const { return raised_; }
  void Rethrow() {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr exception_;
  std::atomic<bool> raised_{false};
};

}  // namespace

void ParallelFor(Parallelism parallelism, std::size_t count, std::size_t grain,
                 const std::function<void(std::size_t, std::size_t)>& body) {
  MEDIUS_CHECK(grain > 0, "a block must hold an index");
  const std::size_t blocks = internal::BlockCount(count, grain);
  std::atomic<std::size_t> next{0};
  FirstException failure;
  const auto work = [&] {
    for (std::size_t block = next++; block < blocks && !failure.raised(); block = next++) {
      try {
        const std::size_t begin = block * grain;
        body(begin, begin + std::min(grain, count - begin));
      } catch (...) {
        failure.Capture();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    const auto wanted = std::min(blocks, static_cast<std::size_t>(parallelism.threads()));
    for (std::size_t i = 1; i < wanted; ++i) threads.emplace_back(work);
    work();
  }
  failure.Rethrow();
}

namespace internal {
namespace {

// One pipeline: workers take the next item from the source, transform it, and whoever holds the
// oldest finished items drains them in order.
class Pipeline {
 public:
  Pipeline(std::size_t max_in_flight, const std::function<ErasedItem()>& source,
           const std::function<void(void*)>& transform, const std::function<void(void*)>& sink)
      : max_in_flight_(max_in_flight), source_(source), transform_(transform), sink_(sink) {}

  void Work() {
    while (Slot* slot = Take()) {
      try {
        transform_(slot->item.get());
      } catch (...) {
        const std::scoped_lock lock(mutex_);
        Fail();
        return;
      }
      Finish(slot);
    }
  }

  void Rethrow() { failure_.Rethrow(); }

 private:
  struct Slot {
    ErasedItem item;
    bool finished = false;
  };

  // Called with mutex_ held, by the one that failed: nobody calls the source or the sink after it.
  void Fail() {
    failure_.Capture();
    room_.notify_all();
  }

  Slot* Take() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] {
      return failure_.raised() || exhausted_ || in_flight_.size() < max_in_flight_;
    });
    if (failure_.raised() || exhausted_) return nullptr;
    try {
      if (ErasedItem item = source_()) {
        in_flight_.push_back(std::make_unique<Slot>(Slot{std::move(item), false}));
        return in_flight_.back().get();
      }
      exhausted_ = true;
      room_.notify_all();
    } catch (...) {
      Fail();
    }
    return nullptr;
  }

  void Finish(Slot* slot) {
    const std::scoped_lock lock(mutex_);
    slot->finished = true;
    try {
      while (!in_flight_.empty() && in_flight_.front()->finished && !failure_.raised()) {
        sink_(in_flight_.front()->item.get());
        in_flight_.pop_front();
      }
      room_.notify_all();
    } catch (...) {
      Fail();
    }
  }

  std::size_t max_in_flight_;
  const std::function<ErasedItem()>& source_;
  const std::function<void(void*)>& transform_;
  const std::function<void(void*)>& sink_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<std::unique_ptr<Slot>> in_flight_;
  bool exhausted_ = false;
  FirstException failure_;
};

}  // namespace

void RunOrderedPipeline(Parallelism parallelism, std::size_t max_in_flight,
                        const std::function<ErasedItem()>& source,
                        const std::function<void(void*)>& transform,
                        const std::function<void(void*)>& sink) {
  MEDIUS_CHECK(max_in_flight > 0, "a pipeline must hold an item");
  Pipeline pipeline(max_in_flight, source, transform, sink);
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < parallelism.threads(); ++i) threads.emplace_back([&] { pipeline.Work(); });
    pipeline.Work();
  }
  pipeline.Rethrow();
}

}  // namespace internal
}  // namespace medius
