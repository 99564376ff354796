// The contract of core/parallel. Compiled twice: against the back-end that the program has and
// against the one for ThreadSanitizer, which have to keep the same promises.

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"

namespace medius {
namespace {

constexpr int kThreadCounts[] = {1, 2, 7};
constexpr std::chrono::seconds kLongEnough{20};  // for a thread to arrive on a busy machine

// Where threads wait for each other; false once the time is over.
class Meeting {
 public:
  explicit Meeting(int expected) : missing_(expected) {}

  bool Attend() {
    std::unique_lock lock(mutex_);
    --missing_;
    arrived_.notify_all();
    return arrived_.wait_for(lock, kLongEnough, [&] { return missing_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  int missing_;
};

TEST(Parallelism, CountsTheThreadsAsked) {
  EXPECT_EQ(Parallelism().threads(), 1);
  EXPECT_EQ(Parallelism(7).threads(), 7);
  EXPECT_GE(Parallelism::Max().threads(), 1);
  EXPECT_EQ(Parallelism(0).threads(), Parallelism::Max().threads());
  EXPECT_THROW(Parallelism(-1), std::logic_error);
}

TEST(ParallelFor, VisitsEveryIndexOnce) {
  for (const int threads : kThreadCounts) {
    for (const std::size_t count : {0U, 1U, 9U, 10U, 11U, 1000U}) {
      for (const std::size_t grain : {1U, 10U, 5000U}) {
        std::vector<std::atomic<int>> visits(count);
        ParallelFor(Parallelism(threads), count, grain, [&](std::size_t begin, std::size_t end) {
          for (std::size_t i = begin; i < end; ++i) ++visits[i];
        });
        EXPECT_TRUE(std::all_of(visits.begin(), visits.end(), [](int n) { return n == 1; }))
            << threads << " threads, " << count << " in blocks of " << grain;
      }
    }
  }
}

TEST(ParallelFor, CutsTheSameBlocksForAnyNumberOfThreads) {
  const std::set<std::pair<std::size_t, std::size_t>> expected = {{0, 4}, {4, 8}, {8, 10}};
  for (const int threads : kThreadCounts) {
    std::mutex mutex;
    std::set<std::pair<std::size_t, std::size_t>> blocks;
    ParallelFor(Parallelism(threads), 10, 4, [&](std::size_t begin, std::size_t end) {
      const std::scoped_lock lock(mutex);
      blocks.emplace(begin, end);
    });
    EXPECT_EQ(blocks, expected);
  }
}

TEST(ParallelFor, TakesABlockLargerThanAnyCount) {
  int calls = 0;
  ParallelFor(Parallelism(2), 5, std::numeric_limits<std::size_t>::max(),
              [&](std::size_t begin, std::size_t end) {
                ++calls;
                EXPECT_EQ(begin, 0U);
                EXPECT_EQ(end, 5U);
              });
  EXPECT_EQ(calls, 1);
}

TEST(ParallelFor, CallsAnEmptyBlockABug) {
  EXPECT_THROW(ParallelFor(Parallelism(2), 5, 0, [](std::size_t, std::size_t) {}),
               std::logic_error);
}

TEST(ParallelFor, RethrowsWhatTheBodyThrew) {
  for (const int threads : kThreadCounts) {
    try {
      ParallelFor(Parallelism(threads), 100, 1, [](std::size_t begin, std::size_t) {
        if (begin == 50) throw InputError("block 50");
      });
      FAIL() << "nothing thrown with " << threads << " threads";
    } catch (const InputError& error) {
      EXPECT_STREQ(error.what(), "block 50");
    }
  }
}

TEST(ParallelFor, HasItsThreadsAtWorkAtOnce) {
  Meeting meeting(2);
  std::atomic<int> met{0};
  ParallelFor(Parallelism(2), 2, 1, [&](std::size_t, std::size_t) {
    if (meeting.Attend()) ++met;
  });
  EXPECT_EQ(met, 2);
}

TEST(ParallelFor, WorksInsideItself) {
  std::atomic<int> sum{0};
  ParallelFor(Parallelism(2), 8, 1, [&](std::size_t, std::size_t) {
    ParallelFor(Parallelism(3), 8, 1, [&](std::size_t, std::size_t) { ++sum; });
  });
  EXPECT_EQ(sum, 64);
}

// A sum in float, in which the order of additions shows in the last bits.
float SumOfReciprocals(int threads, std::size_t count, std::size_t grain) {
  return ParallelReduce(
      Parallelism(threads), count, grain, 0.0F,
      [](std::size_t begin, std::size_t end) {
        float sum = 0.0F;
        for (std::size_t i = begin; i < end; ++i) sum += 1.0F / static_cast<float>(i + 1);
        return sum;
      },
      [](float a, float b) { return a + b; });
}

TEST(ParallelReduce, GivesTheSameBitsForAnyNumberOfThreads) {
  const auto bits = [](float value) { return std::bit_cast<std::uint32_t>(value); };
  const float one = SumOfReciprocals(1, 100000, 7);
  for (int repeat = 0; repeat < 20; ++repeat) {
    EXPECT_EQ(bits(SumOfReciprocals(2, 100000, 7)), bits(one));
    EXPECT_EQ(bits(SumOfReciprocals(7, 100000, 7)), bits(one));
  }
  // The test can fail: another order of additions does give other bits.
  EXPECT_NE(bits(SumOfReciprocals(1, 100000, 100000)), bits(one));
}

TEST(ParallelReduce, FoldsInTheOrderOfTheIndices) {
  for (const int threads : kThreadCounts) {
    const std::string text = ParallelReduce(
        Parallelism(threads), 10, 3, std::string("|"),
        [](std::size_t begin, std::size_t end) {
          std::string block;
          for (std::size_t i = begin; i < end; ++i) block += static_cast<char>('0' + i);
          return block;
        },
        [](std::string all, const std::string& block) { return std::move(all) + block + "|"; });
    EXPECT_EQ(text, "|012|345|678|9|");
  }
}

TEST(ParallelReduce, GivesTheInitialValueOfNothing) {
  EXPECT_EQ(SumOfReciprocals(2, 0, 7), 0.0F);
  EXPECT_THROW(SumOfReciprocals(2, 10, 0), std::logic_error);
}

// An item that counts how many of its kind are alive, moved-from shells aside.
class Counted {
 public:
  Counted(int value, std::atomic<int>* alive) : value_(value), alive_(alive) { ++*alive_; }
  Counted(Counted&& other) noexcept
      : value_(other.value_), alive_(std::exchange(other.alive_, nullptr)) {}
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    if (alive_ != nullptr) --*alive_;
  }
  [[nodiscard]] int value() const { return value_; }
  void Square() { value_ *= value_; }

 private:
  int value_;
  std::atomic<int>* alive_;
};

// A stream of 0 .. count - 1.
class Stream {
 public:
  explicit Stream(int count) : count_(count) {}

  std::optional<Counted> Next() {
    if (next_ == count_) return std::nullopt;
    std::optional<Counted> item(std::in_place, next_++, &alive_);
    most_ = std::max(most_, alive_.load());
    return item;
  }
  [[nodiscard]] int alive() const { return alive_; }
  [[nodiscard]] int most_alive() const { return most_; }
  [[nodiscard]] int given() const { return next_; }

 private:
  int count_;
  int next_ = 0;
  int most_ = 0;
  std::atomic<int> alive_{0};
};

TEST(OrderedPipeline, SinksInTheOrderOfTheSource) {
  for (const int threads : kThreadCounts) {
    Stream stream(500);
    std::vector<int> sunk;
    OrderedPipeline<Counted>(
        Parallelism(threads), 8, [&] { return stream.Next(); },
        [](Counted& item) {
          // The earlier of a group are the slower ones.
          if (item.value() % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
          item.Square();
        },
        [&](Counted& item) { sunk.push_back(item.value()); });
    ASSERT_EQ(sunk.size(), 500U) << threads;
    for (int i = 0; i < 500; ++i) ASSERT_EQ(sunk[static_cast<std::size_t>(i)], i * i) << threads;
    EXPECT_EQ(stream.alive(), 0);
  }
}

TEST(OrderedPipeline, HoldsNoMoreItemsThanAllowed) {
  for (const int threads : kThreadCounts) {
    for (const std::size_t bound : {1U, 2U, 5U}) {
      Stream stream(200);
      OrderedPipeline<Counted>(
          Parallelism(threads), bound, [&] { return stream.Next(); },
          [](Counted& item) {
            if (item.value() % 5 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
          },
          [](Counted&) {});
      EXPECT_LE(stream.most_alive(), static_cast<int>(bound)) << threads << " threads";
      EXPECT_EQ(stream.given(), 200);
      EXPECT_EQ(stream.alive(), 0);
    }
  }
}

TEST(OrderedPipeline, EndsAtOnceWithAnEmptySource) {
  for (const int threads : kThreadCounts) {
    OrderedPipeline<int>(
        Parallelism(threads), 4, [] { return std::optional<int>(); },
        [](int&) { FAIL() << "transformed nothing"; }, [](int&) { FAIL() << "sank nothing"; });
  }
}

TEST(OrderedPipeline, CallsABoundOfNoItemsABug) {
  EXPECT_THROW(
      OrderedPipeline<int>(
          Parallelism(2), 0, [] { return std::optional<int>(); }, [](int&) {}, [](int&) {}),
      std::logic_error);
}

TEST(OrderedPipeline, TransformsSeveralItemsAtOnce) {
  Meeting meeting(2);
  std::atomic<int> met{0};
  Stream stream(2);
  OrderedPipeline<Counted>(
      Parallelism(2), 4, [&] { return stream.Next(); },
      [&](Counted&) {
        if (meeting.Attend()) ++met;
      },
      [](Counted&) {});
  EXPECT_EQ(met, 2);
}

TEST(OrderedPipeline, NeverRunsTheSourceTwiceAtOnceNorTheSink) {
  std::atomic<int> in_source{0};
  std::atomic<int> in_sink{0};
  std::atomic<bool> overlapped{false};
  Stream stream(200);
  const auto alone = [&](std::atomic<int>& inside) {
    if (++inside > 1) overlapped = true;
    std::this_thread::yield();
    --inside;
  };
  OrderedPipeline<Counted>(
      Parallelism(7), 16,
      [&] {
        alone(in_source);
        return stream.Next();
      },
      [](Counted&) {}, [&](Counted&) { alone(in_sink); });
  EXPECT_FALSE(overlapped);
}

enum class Part { kSource, kTransform, kSink };

// Runs a stream of 100 in which one part throws at item 30.
void RunWithFailure(int threads, Part failing, Stream* stream, std::vector<int>* sunk) {
  const auto fail_in = [&](Part part, int value) {
    if (part == failing && value == 30) throw InputError("item 30");
  };
  OrderedPipeline<Counted>(
      Parallelism(threads), 6,
      [&] {
        fail_in(Part::kSource, stream->given());
        return stream->Next();
      },
      [&](Counted& item) { fail_in(Part::kTransform, item.value()); },
      [&](Counted& item) {
        sunk->push_back(item.value());
        fail_in(Part::kSink, item.value());
      });
}

TEST(OrderedPipeline, StopsAndRethrowsWhatAnyPartThrew) {
  for (const int threads : kThreadCounts) {
    for (const Part failing : {Part::kSource, Part::kTransform, Part::kSink}) {
      for (int repeat = 0; repeat < 20; ++repeat) {
        SCOPED_TRACE(testing::Message()
                     << threads << " threads, part " << static_cast<int>(failing));
        Stream stream(100);
        std::vector<int> sunk;
        try {
          RunWithFailure(threads, failing, &stream, &sunk);
          FAIL() << "nothing thrown";
        } catch (const InputError& error) {
          EXPECT_STREQ(error.what(), "item 30");
        }
        EXPECT_EQ(stream.alive(), 0) << "items leaked";
        EXPECT_LE(stream.given(), 30 + 6) << "the source was drained after the failure";
        // What did reach the sink is the beginning of the stream, each item once.
        for (std::size_t i = 0; i < sunk.size(); ++i) ASSERT_EQ(sunk[i], static_cast<int>(i));
        EXPECT_LE(sunk.size(), failing == Part::kSink ? 31U : 30U);
      }
    }
  }
}

TEST(OrderedPipeline, IsCancelledThroughItsSource) {
  for (const int threads : kThreadCounts) {
    CancellationToken token;
    Stream stream(1000000);
    std::size_t sunk = 0;
    EXPECT_THROW(OrderedPipeline<Counted>(
                     Parallelism(threads), 4,
                     [&] {
                       token.ThrowIfCancelled();
                       return stream.Next();
                     },
                     [](Counted&) {},
                     [&](Counted&) {
                       if (++sunk == 10) token.Cancel();
                     }),
                 Cancelled);
    EXPECT_GE(sunk, 10U);
    EXPECT_LE(stream.given(), 10 + 4);
    EXPECT_EQ(stream.alive(), 0);
  }
}

TEST(OrderedPipeline, MayRunParallelLoopsInItsTransform) {
  Stream stream(50);
  std::atomic<int> visits{0};
  OrderedPipeline<Counted>(
      Parallelism(2), 4, [&] { return stream.Next(); },
      [&](Counted&) {
        ParallelFor(Parallelism(2), 10, 1, [&](std::size_t, std::size_t) { ++visits; });
      },
      [](Counted&) {});
  EXPECT_EQ(visits, 500);
}

}  // namespace
}  // namespace medius
