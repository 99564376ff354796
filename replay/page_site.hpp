#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace medius::replay {

/// A file of the built page, in memory.
struct SiteFile {
  std::string content;
  std::string type;  ///< media type
};

/// The built page: index.html and what stands in assets/, by the address below the token.
/// @throws InputError where it is not there, with what to do.
[[nodiscard]] std::map<std::string, SiteFile> ReadSite(const std::filesystem::path& folder);

/// {"trials": [names]} as JSON in which no character means anything to HTML.
[[nodiscard]] std::string TrialNamesJson(const std::vector<std::string>& names);

}  // namespace medius::replay
