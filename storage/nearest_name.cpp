#include "storage/nearest_name.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace medius::storage {
namespace {

// Number of letters to insert, remove or change to get from one word to the other.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> NearestNames(std::string_view word,
                                      const std::vector<std::string>& candidates) {
  constexpr std::size_t kMost = 3;
  constexpr std::size_t kLongestWord = 200;  // the work grows with the square
  if (word.size() > kLongestWord) return {};
  // Two letters may have changed places; in a word of two that would be any word.
  const std::size_t limit = word.size() <= 2 ? 1 : std::max<std::size_t>(2, word.size() / 3);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = EditDistance(word, candidate);
    if (distance <= limit) near.emplace_back(distance, candidate);
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(kMost, near.size()); ++i) names.push_back(near[i].second);
  return names;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::vector<std::string> near = NearestNames(word, candidates);
  std::string text;
  for (std::size_t i = 0; i < near.size(); ++i) {
    text += fmt::format("{}\"{}\"",
                        i == 0                ? "; did you mean "
                        : i + 1 < near.size() ? ", "
                                              : " or ",
                        near[i]);
  }
  return text.empty() ? text : text + "?";
}

}  // namespace medius::storage
