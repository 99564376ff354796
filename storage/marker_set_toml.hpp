#pragma once

#include <filesystem>

#include "core/marker_set.hpp"

namespace medius::storage {

/// Reads a marker-set file (docs/import-export.md): name, [roles], [clusters], [lab].
/// @throws InputError that names the file, the line and what is wrong: an unknown role or segment
///         with those it resembles, a label that is no text, an axis that is none.
[[nodiscard]] MarkerSet ReadMarkerSet(const std::filesystem::path& path);

}  // namespace medius::storage
