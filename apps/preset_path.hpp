#pragma once

#include <filesystem>
#include <string>

namespace medius::apps {

/// Kinds of files that ship with the program, each in a folder of its own below datasets/.
enum class Preset { kMarkerSet, kWand, kLFrame, kReferenceValues, kRepeatability };

/// The file that a user means with a word such as that of `--markers WORD`: the file of that name,
/// or the preset WORD.toml, beside the installed program (../share/medius/datasets) or in the
/// source tree that it was built from. MEDIUS_DATASETS names another folder of datasets.
/// @throws InputError that lists the presets where it is neither.
[[nodiscard]] std::filesystem::path FindPreset(Preset kind, const std::string& word);

}  // namespace medius::apps
