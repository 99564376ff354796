#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/progress.hpp"

namespace medius {
namespace {

TEST(WorkControl, PassesProgressOn) {
  std::vector<std::pair<std::size_t, std::size_t>> reports;
  WorkControl control;
  control.progress = [&](std::size_t done, std::size_t total) {
    reports.emplace_back(done, total);
  };
  control.Report(10, 100);
  control.Report(100, 100);
  const std::vector<std::pair<std::size_t, std::size_t>> expected = {{10, 100}, {100, 100}};
  EXPECT_EQ(reports, expected);
}

TEST(WorkControl, NeedsNeitherCallbackNorToken) {
  const WorkControl control;
  EXPECT_NO_THROW(control.Report(1, 2));
  EXPECT_NO_THROW(control.ThrowIfCancelled());
}

TEST(WorkControl, ThrowsOnceCancelledAndReportsNoMore) {
  CancellationToken token;
  int reports = 0;
  WorkControl control;
  control.progress = [&](std::size_t, std::size_t) { ++reports; };
  control.cancellation = &token;
  control.Report(1, 3);
  token.Cancel();
  EXPECT_TRUE(token.IsCancelled());
  EXPECT_THROW(control.Report(2, 3), Cancelled);
  EXPECT_THROW(control.ThrowIfCancelled(), Cancelled);
  EXPECT_THROW(token.ThrowIfCancelled(), Cancelled);
  EXPECT_EQ(reports, 1);
}

TEST(WorkControl, StopsFromInsideItsOwnCallback) {
  CancellationToken token;
  WorkControl control;
  control.cancellation = &token;
  control.progress = [&](std::size_t done, std::size_t) {
    if (done == 2) token.Cancel();
  };
  std::size_t done = 0;
  EXPECT_THROW(for (done = 1; done <= 10; ++done) control.Report(done, 10), Cancelled);
  EXPECT_EQ(done, 3U);
}

}  // namespace
}  // namespace medius
