#pragma once

#include <string>

namespace medius::testing {

/// Empty where all tags are closed in order and attributes are quoted; else what is wrong.
[[nodiscard]] std::string TagProblem(const std::string& html);

/// Empty where the page needs nothing but itself: no script, no address; else what it refers to.
[[nodiscard]] std::string OutsideOf(const std::string& html);

/// The page without its tags and its style: what people read.
[[nodiscard]] std::string TextOf(const std::string& html);

}  // namespace medius::testing
