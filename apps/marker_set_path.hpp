#pragma once

#include <filesystem>
#include <string>

namespace medius::apps {

/// The file that a user means with `--markers WORD`: the file of that name, or the preset WORD.toml
/// of datasets/marker_sets, beside the installed program (../share/medius/datasets) or in the
/// source tree that it was built from. MEDIUS_DATASETS names another folder of datasets.
/// @throws InputError that lists the presets where it is neither.
[[nodiscard]] std::filesystem::path FindMarkerSet(const std::string& word);

/// The same of a wand file.
[[nodiscard]] std::filesystem::path FindWand(const std::string& word);

}  // namespace medius::apps
