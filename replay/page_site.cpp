#include "replay/page_site.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"

namespace medius::replay {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<const char*, const char*>, 4> kTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".wasm", "application/wasm"},
}};

std::optional<std::string> TypeOf(const fs::path& path) {
  for (const auto& [extension, type] : kTypes) {
    if (path.extension() == extension) return type;
  }
  return std::nullopt;
}

std::string ReadWhole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw InputError(path.string() + ": part of the replay page cannot be read");
  return content;
}

// Bytes that are not UTF-8 become the replacement character; controls and what HTML reads as a tag
// become escapes.
std::string JsonText(const std::string& text) {
  std::string json = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    bool whole = (byte < 0x80 || (byte >= 0xc2 && byte < 0xf5)) && i + length <= text.size();
    for (std::size_t k = 1; whole && k < length; ++k) {
      whole = (static_cast<unsigned char>(text[i + k]) & 0xc0) == 0x80;
    }
    if (!whole) {
      json += "\\ufffd";
      ++i;
      continue;
    }
    const bool plain =
        byte >= 0x20 && std::string_view("\"\\<>&").find(text[i]) == std::string::npos;
    json += plain ? text.substr(i, length) : fmt::format("\\u{:04x}", byte);
    i += length;
  }
  return json + '"';
}

}  // namespace

std::map<std::string, SiteFile> ReadSite(const fs::path& folder) {
  std::map<std::string, SiteFile> site;
  std::error_code error;
  if (!fs::is_regular_file(folder / "index.html", error)) {
    throw InputError(
        fmt::format("{}: the replay page is not there; build it (it needs Node.js: "
                    "scripts/setup) and install it beside the program",
                    folder.string()));
  }
  site["index.html"] = {ReadWhole(folder / "index.html"), *TypeOf("index.html")};
  for (fs::directory_iterator entry(folder / "assets", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::optional<std::string> type = TypeOf(entry->path());
    if (!type || !entry->is_regular_file(error)) continue;
    site["assets/" + entry->path().filename().string()] = {ReadWhole(entry->path()), *type};
  }
  return site;
}

std::string TrialNamesJson(const std::vector<std::string>& names) {
  std::string json = "{\"trials\": [";
  for (std::size_t i = 0; i < names.size(); ++i) json += (i == 0 ? "" : ", ") + JsonText(names[i]);
  return json + "]}\n";
}

}  // namespace medius::replay
