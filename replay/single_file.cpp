#include "replay/single_file.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/error.hpp"
#include "replay/page_site.hpp"

namespace medius::replay {
namespace {

namespace fs = std::filesystem;

std::string ReadWhole(const fs::path& path, const char* what) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw InputError(fmt::format("{}: {} cannot be read", path.string(), what));
  return content;
}

void RequireRoom(const std::vector<InlinedTrial>& trials) {
  std::size_t bytes = 0;
  for (const InlinedTrial& trial : trials) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(trial.path, error);
    if (error) throw InputError(fmt::format("{}: {}", trial.path.string(), error.message()));
    bytes += size;
  }
  if (bytes <= kMostInlinedBytes) return;
  throw InputError(fmt::format(
      "the trials come to {} MB, more than the {} MB that a browser can hold in one page; look at "
      "them with medius replay without --export",
      bytes >> 20, kMostInlinedBytes >> 20));
}

// RFC 4648, section 4.
void AppendBase64(std::string& text, const std::string& bytes) {
  constexpr const char* kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  text.reserve(text.size() + (bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
}

}  // namespace

std::string SinglePage(const fs::path& single_page, const std::vector<InlinedTrial>& trials) {
  RequireRoom(trials);
  std::string page = ReadWhole(single_page, "the replay page");
  constexpr std::string_view kPlace = "<!-- trials -->";
  const std::size_t place = page.find(kPlace);
  if (place == std::string::npos) {
    throw InputError(single_page.string() + ": is not the replay page as one file");
  }
  std::vector<std::string> names;
  names.reserve(trials.size());
  for (const InlinedTrial& trial : trials) names.push_back(trial.name);
  std::string inlined =
      "<script type=\"application/json\" id=\"trials\">" + TrialNamesJson(names) + "</script>\n";
  for (std::size_t i = 0; i < trials.size(); ++i) {
    inlined += fmt::format("<script type=\"application/x-hdf5-base64\" id=\"trial-{}\">", i);
    AppendBase64(inlined, ReadWhole(trials[i].path, "the trial"));
    inlined += "</script>\n";
  }
  page.replace(place, kPlace.size(), inlined);
  return page;
}

}  // namespace medius::replay
