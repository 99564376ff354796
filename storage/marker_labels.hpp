#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace medius::storage {

/// Makes the marker names of a foreign file fit for a trial: without padding and control
/// characters, UTF-8 (other bytes are read as Latin-1), without the subject's name where all share
/// one ("Walker:LASI"; a trial holds a pseudonym), never empty, never twice.
///
/// @param raw       as they stand in the file.
/// @param warnings  gets one line for each kind of change that a user may need to know of.
[[nodiscard]] std::vector<std::string> TidyLabels(const std::vector<std::string>& raw,
                                                  std::vector<std::string>& warnings);

/// `raw` without padding and control characters, as UTF-8 (other bytes are read as Latin-1).
[[nodiscard]] std::string CleanText(std::string_view raw);

/// `text` without blanks, tabs and NUL bytes at both ends.
[[nodiscard]] std::string_view Trimmed(std::string_view text);

/// True where `a` and `b` are the same but for the case of ASCII letters.
[[nodiscard]] bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace medius::storage
