#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "storage/rig_exchange.hpp"

namespace medius::storage {

/// What kind of rig a file is, by its content alone: XML by its root, YAML by its keys, a Python
/// dictionary, else TOML (which is read as Medius' own where it is neither).
/// @throws InputError where the file cannot be read or is a known kind of file that is no rig.
[[nodiscard]] RigFormat FormatOf(const std::filesystem::path& path);

/// The format of a file that is not Medius' own; nullopt for what is or might be.
[[nodiscard]] std::optional<RigFormat> ForeignFormatOf(const std::filesystem::path& path);

/// "Qualisys", "OpenCV", ...: whose format it is, for messages.
[[nodiscard]] std::string_view NameOfProgram(RigFormat format);

}  // namespace medius::storage
