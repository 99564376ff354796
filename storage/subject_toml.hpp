#pragma once

#include <filesystem>
#include <string>

#include "core/subject_model.hpp"

namespace medius::storage {

/// Reads a SUBJECT.toml (docs/import-export.md): the markers of one subject, where they lie and how
/// far from each other, metres.
/// @throws InputError that names the file, the line and what is wrong: a marker twice, a distance
///         between markers that are not there, an anchor of fewer than three.
[[nodiscard]] SubjectModel ReadSubject(const std::filesystem::path& path);

/// The text of a SUBJECT.toml; numbers come back the same to the last bit.
[[nodiscard]] std::string FormatSubject(const SubjectModel& subject);

/// Writes it whole or not at all.
void WriteSubject(const std::filesystem::path& path, const SubjectModel& subject);

}  // namespace medius::storage
