#pragma once

#include <cstddef>
#include <cstdint>

namespace medius::calibration {

/// A small generator of whole numbers for consensus searches: the same everywhere, unlike the
/// distributions of the standard library.
/// Source: Steele et al., Fast splittable pseudorandom number generators (SplitMix64), 2014.
class SampleSequence {
 public:
  explicit SampleSequence(std::uint64_t seed) : state_(seed) {}

  /// A number in [0, count); count > 0.
  std::size_t Below(std::size_t count) {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return static_cast<std::size_t>((z ^ (z >> 31U)) % count);
  }

 private:
  std::uint64_t state_;
};

}  // namespace medius::calibration
