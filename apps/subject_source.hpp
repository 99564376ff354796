#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "apps/command.hpp"
#include "core/marker_set.hpp"
#include "core/subject_model.hpp"
#include "reconstruct/subject_learning.hpp"

namespace medius::apps {

/// A stretch of a labelled trial: "FILE" or "FILE:FROM-TO" in seconds.
struct TrialStretch {
  std::filesystem::path file;
  std::optional<double> from;  ///< seconds
  std::optional<double> to;    ///< seconds
};
/// @throws InputError where the times are no numbers or in the wrong order.
[[nodiscard]] TrialStretch ParseStretch(const std::string& word);

/// How the subject is taken to be in a trial.
enum class SubjectKind { kStanding, kMotion, kEither };  // kEither: by how much the markers move

struct LearnedSubject {
  SubjectModel model;
  std::size_t frames = 0;  ///< learned from
};

/// Learns a subject from a labelled trial or a stretch of it.
/// @param options  matter where the subject stands.
/// @throws InputError that names the file and what it lacks.
[[nodiscard]] LearnedSubject LearnSubject(const TrialStretch& stretch, const MarkerSet& set,
                                          SubjectKind kind,
                                          const reconstruct::SubjectOptions& options,
                                          CommandContext& context);

}  // namespace medius::apps
