#include "apps/preset_path.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"

namespace medius::apps {
namespace {

namespace fs = std::filesystem;

struct KindWords {
  const char* folder;  // below datasets/
  const char* file;    // for messages
};

KindWords WordsOf(Preset kind) {
  switch (kind) {
    case Preset::kMarkerSet:
      return {"marker_sets", "marker-set file"};
    case Preset::kWand:
      return {"wands", "wand file"};
    case Preset::kLFrame:
      return {"l_frames", "L-frame file"};
    case Preset::kReferenceValues:
      return {"reference_values", "file of reference values"};
    case Preset::kRepeatability:
      return {"repeatability", "repeatability file"};
  }
  return {"", ""};
}

std::vector<fs::path> PresetFolders(Preset kind) {
  std::vector<fs::path> folders;
  const char* chosen = std::getenv("MEDIUS_DATASETS");  // NOLINT(concurrency-mt-unsafe): read once
  if (chosen != nullptr && *chosen != '\0') folders.emplace_back(chosen);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) folders.push_back(program.parent_path().parent_path() / "share/medius/datasets");
  folders.emplace_back(MEDIUS_DATASETS_DIR);
  for (fs::path& folder : folders) folder /= WordsOf(kind).folder;
  return folders;
}

std::set<std::string> PresetNames(Preset kind) {
  std::set<std::string> names;
  for (const fs::path& folder : PresetFolders(kind)) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().extension() == ".toml") names.insert(entry->path().stem().string());
    }
  }
  return names;
}

// A word of letters, digits, _ - and . (not first): no path, so that no preset lies outside its
// folder.
bool IsPresetName(const std::string& word) {
  return !word.empty() && word.front() != '.' &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
         });
}

}  // namespace

fs::path FindPreset(Preset kind, const std::string& word) {
  std::error_code error;
  if (fs::exists(word, error) && !(fs::is_directory(word, error) && IsPresetName(word))) {
    return word;
  }
  if (IsPresetName(word)) {
    for (const fs::path& folder : PresetFolders(kind)) {
      fs::path preset = folder / (word + ".toml");
      if (fs::is_regular_file(preset, error)) return preset;
    }
  }
  throw InputError(fmt::format("{}: there is neither such a {} nor such a preset; presets are {}",
                               word, WordsOf(kind).file, fmt::join(PresetNames(kind), ", ")));
}

}  // namespace medius::apps
