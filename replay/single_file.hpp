#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace medius::replay {

/// The most bytes of trials that one page can carry: browsers hold no text of a gigabyte.
inline constexpr std::size_t kMostInlinedBytes = std::size_t{300} << 20;

/// A trial to be put into the page.
struct InlinedTrial {
  std::string name;            ///< what the page calls it
  std::filesystem::path path;  ///< read here, whole
};

/// The replay page with the trials inside as one HTML text, which needs no server, no network and
/// no other file: opens from a disk.
///
/// @param single_page  the page as one file (single.html of the built page).
/// @throws InputError where a file cannot be read, or the trials come to more than
///         kMostInlinedBytes.
[[nodiscard]] std::string SinglePage(const std::filesystem::path& single_page,
                                     const std::vector<InlinedTrial>& trials);

}  // namespace medius::replay
