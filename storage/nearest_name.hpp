#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace medius::storage {

/// The candidates that a misspelt word was most likely meant to be, best first, at most three:
/// those within a third of its length by edits (Levenshtein 1966; case does not count).
[[nodiscard]] std::vector<std::string> NearestNames(std::string_view word,
                                                    const std::vector<std::string>& candidates);

/// `; did you mean "a" or "b"?` or nothing: the end of a message about an unknown word.
[[nodiscard]] std::string DidYouMean(std::string_view word,
                                     const std::vector<std::string>& candidates);

}  // namespace medius::storage
