// The same interface on std::jthread, for ThreadSanitizer: the packaged TBB is not built for it and
// its hand-made synchronization would be reported as races.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

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
  const std::size_t blocks = (count + grain - 1) / grain;
  std::atomic<std::size_t> next{0};
  FirstException failure;
  const auto work = [&] {
    for (std::size_t block = next++; block < blocks && !failure.raised(); block = next++) {
      try {
        body(block * grain, std::min(count, (block + 1) * grain));
      } catch (...) {
        failure.Capture();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    const auto extra = std::min<std::size_t>(blocks, parallelism.threads());
    for (std::size_t i = 1; i < extra; ++i) threads.emplace_back(work);
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
    try {
      while (Slot* slot = Take()) {
        transform_(slot->item.get());
        Finish(slot);
      }
    } catch (...) {
      failure_.Capture();
      const std::scoped_lock lock(mutex_);
      room_.notify_all();
    }
  }

  void Rethrow() { failure_.Rethrow(); }

 private:
  struct Slot {
    ErasedItem item;
    bool finished = false;
  };

  Slot* Take() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] {
      return failure_.raised() || exhausted_ || in_flight_.size() < max_in_flight_;
    });
    if (failure_.raised() || exhausted_) return nullptr;
    ErasedItem item = source_();
    if (!item) {
      exhausted_ = true;
      room_.notify_all();
      return nullptr;
    }
    in_flight_.push_back(std::make_unique<Slot>(Slot{std::move(item), false}));
    return in_flight_.back().get();
  }

  void Finish(Slot* slot) {
    const std::scoped_lock lock(mutex_);
    slot->finished = true;
    while (!in_flight_.empty() && in_flight_.front()->finished && !failure_.raised()) {
      sink_(in_flight_.front()->item.get());
      in_flight_.pop_front();
    }
    room_.notify_all();
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
