#pragma once

#include <filesystem>
#include <string>

#include "core/marker_set.hpp"

namespace medius::storage {

/// Reads a marker-set file (docs/import-export.md): name, [roles], [clusters], [lab].
/// @throws InputError that names the file, the line and what is wrong: an unknown role or segment
///         with those it resembles, a label that is no text, an axis that is none.
[[nodiscard]] MarkerSet ReadMarkerSet(const std::filesystem::path& path);

/// The same of a text that is in memory already. @param where  its source, for messages.
[[nodiscard]] MarkerSet ParseMarkerSet(const std::string& text, const std::string& where);

/// The text of a marker-set file. @throws InputError where it cannot be read.
[[nodiscard]] std::string ReadMarkerSetText(const std::filesystem::path& path);

}  // namespace medius::storage
