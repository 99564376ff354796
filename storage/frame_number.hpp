#pragma once

#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace medius::storage {

/// The last run of digits in a name without its extension: 12 of "cam1_000012.png". nullopt where
/// there is none or it has more than 15 digits.
[[nodiscard]] inline std::optional<std::int64_t> LastNumberIn(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos && dot > 0) name = name.substr(0, dot);
  std::size_t end = name.size();
  const auto is_digit = [&](std::size_t i) {
    return std::isdigit(static_cast<unsigned char>(name[i])) != 0;
  };
  while (end > 0 && !is_digit(end - 1)) --end;
  std::size_t begin = end;
  while (begin > 0 && is_digit(begin - 1)) --begin;
  if (begin == end || end - begin > 15) return std::nullopt;
  std::int64_t number = 0;
  std::from_chars(name.data() + begin, name.data() + end, number);
  return number;
}

}  // namespace medius::storage
