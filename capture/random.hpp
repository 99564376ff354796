#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace medius::capture {

/// What a random number is for. Numbers of different purposes never come from one sequence, so that
/// switching one effect on leaves the others as they were.
enum class RandomStream : std::uint32_t {
  kStrideVariation = 1,
  kMarkerPlacement = 2,
  kSkin = 3,
  kCameraBuild = 4,
  kWand = 5,
  kPixelNoise = 16,
  kDroppedFrame = 17,
  kReflection = 18,
  kRowOrder = 19,
  kHidden = 20,
  kLost = 21,
};

/// Numbers that depend only on (seed, stream, camera, frame, item): any frame can be made alone, in
/// any order and on any thread, and comes out the same.
///
/// Philox4x32-10 of Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"
/// (doi 10.1145/2063384.2063405). Normal numbers by Box & Muller 1958.
class Random {
 public:
  Random(std::uint64_t seed, RandomStream stream, std::uint64_t frame, std::uint32_t item,
         std::uint32_t camera = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        counter_{0, item, static_cast<std::uint32_t>(frame),
                 static_cast<std::uint32_t>(stream) | (camera << 8)} {}

  /// 32 random bits.
  std::uint32_t Bits() {
    if (used_ == 4) {
      block_ = Block(counter_, key_);
      ++counter_[0];
      used_ = 0;
    }
    return block_[used_++];
  }

  /// Uniform in the open interval (0, 1), 53 bits.
  double Uniform() {
    const std::uint64_t high = Bits();
    const std::uint64_t bits = ((high << 32) | Bits()) >> 11;
    return (static_cast<double>(bits) + 0.5) * 0x1p-53;
  }

  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }

  /// Mean 0, standard deviation 1.
  double Normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    constexpr double kTwoPi = 6.283185307179586;
    const double radius = std::sqrt(-2.0 * std::log(Uniform()));
    const double angle = kTwoPi * Uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

  /// Poisson distributed with the mean given (Knuth's product of uniforms, for means below about
  /// 30).
  int Poisson(double mean) {
    if (mean <= 0.0) return 0;
    const double limit = std::exp(-mean);
    int count = 0;
    for (double product = Uniform(); product > limit; product *= Uniform()) ++count;
    return count;
  }

  /// Uniform in 0 .. count - 1 (the bias of 2^-32 does not matter here).
  std::uint32_t Below(std::uint32_t count) {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(Bits()) * count) >> 32);
  }

  using Words = std::array<std::uint32_t, 4>;

  /// The ten rounds of Philox4x32. Public for the test against the published vectors.
  static Words Block(Words counter, std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t{0xD2511F53U} * counter[0];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * counter[2];
      counter = {
          static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
          static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
      key = {key[0] + 0x9E3779B9U, key[1] + 0xBB67AE85U};
    }
    return counter;
  }

 private:
  std::array<std::uint32_t, 2> key_;
  Words counter_;
  Words block_{};
  std::size_t used_ = 4;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace medius::capture
