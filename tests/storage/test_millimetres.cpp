#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "storage/millimetres.hpp"

namespace medius::storage {
namespace {

std::string Millimetres(float metres) {
  fmt::memory_buffer text;
  AppendMillimetres(text, metres);
  return fmt::to_string(text);
}

TEST(Millimetres, ArePrintedInTheFewestDigits) {
  EXPECT_EQ(Millimetres(2.33784F), "2337.84");
  EXPECT_EQ(Millimetres(1e-4F), "0.1");
  EXPECT_EQ(Millimetres(-0.5F), "-500");
  EXPECT_EQ(Millimetres(0.0F), "0");
  EXPECT_EQ(Millimetres(-0.0F), "-0");
  EXPECT_EQ(Millimetres(1.0F), "1000");
  EXPECT_EQ(Millimetres(0.123456789F), "123.45679");
  EXPECT_EQ(Millimetres(1e-6F), "0.001");
  EXPECT_EQ(Millimetres(1.5e20F), "1.5e23");
  EXPECT_EQ(Millimetres(-1.25e-30F), "-1.25e-27");
}

TEST(Millimetres, ReadBackToTheSameMetres) {
  std::mt19937 random(3);
  std::uniform_int_distribution<std::uint32_t> bits;
  std::uniform_real_distribution<float> place(-5.0F, 5.0F);
  for (int i = 0; i < 200'000; ++i) {
    const float metres = i % 2 == 0 ? place(random) : std::bit_cast<float>(bits(random));
    if (!std::isfinite(metres) || std::abs(metres) < std::numeric_limits<float>::min()) continue;
    const std::string text = Millimetres(metres);
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    ASSERT_EQ(end, text.data() + text.size()) << text;
    ASSERT_EQ(static_cast<float>(value * 1e-3), metres) << text;
  }
}

}  // namespace
}  // namespace medius::storage
