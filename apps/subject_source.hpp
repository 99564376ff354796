#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/command.hpp"
#include "core/marker_set.hpp"
#include "core/subject_model.hpp"

namespace medius::apps {

/// A stretch of a labelled trial: "FILE" or "FILE:FROM-TO" in seconds.
struct TrialStretch {
  std::filesystem::path file;
  std::optional<double> from;  ///< seconds
  std::optional<double> to;    ///< seconds
};
/// @throws InputError where the times are no numbers or in the wrong order.
[[nodiscard]] TrialStretch ParseStretch(const std::string& word);

/// Learns a subject from a labelled standing trial.
/// @throws InputError that names the file and what it lacks.
[[nodiscard]] SubjectModel LearnSubjectFromStanding(const std::filesystem::path& trial,
                                                    const MarkerSet& set, CommandContext& context);

/// Learns a subject from a labelled stretch of motion, of at most a minute.
[[nodiscard]] SubjectModel LearnSubjectFromMotion(const TrialStretch& stretch, const MarkerSet& set,
                                                  CommandContext& context);

}  // namespace medius::apps
