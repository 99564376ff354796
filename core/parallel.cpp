#include "core/parallel.hpp"

#include <algorithm>
#include <thread>

#include "core/check.hpp"

namespace medius {

Parallelism::Parallelism(int threads) : threads_(threads) {
  MEDIUS_CHECK(threads >= 0, "a negative number of threads");
  if (threads == 0) threads_ = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace medius
