#include "storage/marker_labels.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace medius::storage {
namespace {

bool IsPadding(char c) {
  return c == ' ' || c == '\t' || c == '\0' || c == '\r' || c == '\n';
}

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 where there is none
// (Unicode standard, table 3-7).
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && is_tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

// The "subject:" that all names which have one share, empty where they do not. "*12" is what Vicon
// calls a trajectory without a name.
std::string CommonPrefix(const std::vector<std::string>& labels) {
  std::string prefix;
  for (const std::string& label : labels) {
    if (label.empty() || label[0] == '*') continue;
    const std::size_t colon = label.find(':');
    if (colon == std::string::npos || colon + 1 == label.size()) return {};
    const std::string own = label.substr(0, colon + 1);
    if (!prefix.empty() && own != prefix) return {};
    prefix = own;
  }
  return prefix;
}

void DropPrefix(std::vector<std::string>& labels, std::vector<std::string>& warnings) {
  const std::string prefix = CommonPrefix(labels);
  if (prefix.empty()) return;
  for (std::string& label : labels) {
    if (label.starts_with(prefix)) label.erase(0, prefix.size());
  }
  warnings.push_back(
      fmt::format("the subject's name before each marker's (\"subject:LABEL\") is left out"));
}

void NameTheNameless(std::vector<std::string>& labels, std::vector<std::string>& warnings) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!labels[i].empty()) continue;
    labels[i] = fmt::format("unnamed_{}", i + 1);
    ++count;
  }
  if (count == 0) return;
  warnings.push_back(fmt::format("{} of {} markers have no name; named unnamed_N by their place",
                                 count, labels.size()));
}

void NumberTheTwins(std::vector<std::string>& labels, std::vector<std::string>& warnings) {
  std::set<std::string> taken;
  std::vector<std::string> renamed;
  const std::set<std::string> all(labels.begin(), labels.end());
  for (std::string& label : labels) {
    if (taken.insert(label).second) continue;
    const std::string twin = label;
    for (int number = 2; taken.contains(label) || all.contains(label); ++number) {
      label = fmt::format("{}_{}", twin, number);
    }
    taken.insert(label);
    renamed.push_back(label);
  }
  if (renamed.empty()) return;
  const std::size_t shown = std::min<std::size_t>(renamed.size(), 5);
  renamed.resize(shown);
  warnings.push_back(fmt::format("several markers have the same name; the later ones are now {}{}",
                                 fmt::join(renamed, ", "), shown == 5 ? ", ..." : ""));
}

}  // namespace

std::vector<std::string> TidyLabels(const std::vector<std::string>& raw,
                                    std::vector<std::string>& warnings) {
  std::vector<std::string> labels;
  labels.reserve(raw.size());
  for (const std::string& label : raw) labels.push_back(CleanText(label));
  DropPrefix(labels, warnings);
  NameTheNameless(labels, warnings);
  NumberTheTwins(labels, warnings);
  return labels;
}

std::string CleanText(std::string_view raw) {
  std::string clean;
  std::string_view rest = Trimmed(raw);
  while (!rest.empty()) {
    const auto first = static_cast<unsigned char>(rest[0]);
    const std::size_t length = Utf8Length(rest);
    if (length == 1) {
      clean += first < 0x20 || first == 0x7F ? '_' : rest[0];
    } else if (length > 1) {
      clean += rest.substr(0, length);
    } else {  // Latin-1: U+0080..U+00FF as two bytes
      clean += static_cast<char>(0xC0U | (first >> 6U));
      clean += static_cast<char>(0x80U | (first & 0x3FU));
    }
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsPadding(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsPadding(text.back())) text.remove_suffix(1);
  return text;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

}  // namespace medius::storage
