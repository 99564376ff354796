#include "storage/millimetres.hpp"

#include <charconv>
#include <string_view>

namespace medius::storage {
namespace {

// "-2.33784e+00" taken apart: sign, digits without the point, exponent of the first digit.
struct Decimal {
  bool is_negative = false;
  char digits[16] = {};
  int digit_count = 0;
  int exponent = 0;
};

Decimal ShortestDecimal(float value) {
  char buffer[32];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  Decimal decimal;
  decimal.is_negative = text.starts_with('-');
  if (decimal.is_negative) text.remove_prefix(1);
  const std::size_t mark = text.find('e');
  for (const char c : text.substr(0, mark)) {
    if (c != '.') decimal.digits[decimal.digit_count++] = c;
  }
  text.remove_prefix(mark + 1);
  if (text.starts_with('+')) text.remove_prefix(1);  // from_chars takes no plus
  std::from_chars(text.data(), text.data() + text.size(), decimal.exponent);
  return decimal;
}

void AppendFixed(fmt::memory_buffer& text, const Decimal& decimal) {
  for (int place = 0; place > decimal.exponent; --place) {
    text.push_back('0');
    if (place == 0) text.push_back('.');
  }
  for (int i = 0; i < decimal.digit_count || i <= decimal.exponent; ++i) {
    if (i > 0 && i == decimal.exponent + 1) text.push_back('.');
    text.push_back(i < decimal.digit_count ? decimal.digits[i] : '0');
  }
}

}  // namespace

void AppendMillimetres(fmt::memory_buffer& text, float metres) {
  constexpr int kLargestFixed = 15;
  constexpr int kSmallestFixed = -9;
  Decimal decimal = ShortestDecimal(metres);
  if (decimal.is_negative) text.push_back('-');
  if (metres != 0.0F) decimal.exponent += 3;
  if (decimal.exponent <= kLargestFixed && decimal.exponent >= kSmallestFixed) {
    AppendFixed(text, decimal);
    return;
  }
  const int exponent = decimal.exponent;
  decimal.exponent = 0;
  AppendFixed(text, decimal);
  fmt::format_to(std::back_inserter(text), "e{}", exponent);
}

}  // namespace medius::storage
