#include <cmath>

#include <gtest/gtest.h>

#include "capture/random.hpp"

namespace medius::capture {
namespace {

// The known answers that come with Random123 (philox4x32 10).
TEST(Random, GivesThePublishedPhiloxWords) {
  EXPECT_EQ(Random::Block({0, 0, 0, 0}, {0, 0}),
            (Random::Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t all = 0xffffffff;
  EXPECT_EQ(Random::Block({all, all, all, all}, {all, all}),
            (Random::Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(
      Random::Block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      (Random::Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, DependsOnEveryPartOfItsKeyAlone) {
  const auto first = [](std::uint64_t seed, RandomStream stream, std::uint64_t frame,
                        std::uint32_t item, std::uint32_t camera) {
    return Random(seed, stream, frame, item, camera).Bits();
  };
  const std::uint32_t base = first(7, RandomStream::kPixelNoise, 100, 3, 2);
  EXPECT_EQ(base, first(7, RandomStream::kPixelNoise, 100, 3, 2));
  EXPECT_NE(base, first(8, RandomStream::kPixelNoise, 100, 3, 2));
  EXPECT_NE(base, first(7 + (1ULL << 40), RandomStream::kPixelNoise, 100, 3, 2));
  EXPECT_NE(base, first(7, RandomStream::kReflection, 100, 3, 2));
  EXPECT_NE(base, first(7, RandomStream::kPixelNoise, 101, 3, 2));
  EXPECT_NE(base, first(7, RandomStream::kPixelNoise, 100, 4, 2));
  EXPECT_NE(base, first(7, RandomStream::kPixelNoise, 100, 3, 1));
}

TEST(Random, NormalNumbersHaveTheMomentsOfANormalDistribution) {
  constexpr int kCount = 200000;
  double sum = 0.0, squares = 0.0, fourth = 0.0, product = 0.0;
  for (int i = 0; i < kCount; ++i) {
    Random random(1, RandomStream::kPixelNoise, static_cast<std::uint64_t>(i), 0);
    const double x = random.Normal();
    const double y = random.Normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    product += x * y;
  }
  // Five standard errors: sd of the mean 1, of the square sqrt 2, of the fourth power sqrt 96.
  const double error = 5.0 / std::sqrt(kCount);
  EXPECT_NEAR(sum / kCount, 0.0, error);
  EXPECT_NEAR(squares / kCount, 1.0, std::sqrt(2.0) * error);
  EXPECT_NEAR(fourth / kCount, 3.0, std::sqrt(96.0) * error);
  EXPECT_NEAR(product / kCount, 0.0, error);
}

TEST(Random, PoissonNumbersHaveTheMeanAskedFor) {
  constexpr int kCount = 50000;
  double sum = 0.0;
  for (int i = 0; i < kCount; ++i) {
    sum += Random(2, RandomStream::kReflection, static_cast<std::uint64_t>(i), 0).Poisson(1.7);
  }
  EXPECT_NEAR(sum / kCount, 1.7, 5.0 * std::sqrt(1.7 / kCount));
  EXPECT_EQ(Random(2, RandomStream::kReflection, 0, 0).Poisson(0.0), 0);
}

}  // namespace
}  // namespace medius::capture
