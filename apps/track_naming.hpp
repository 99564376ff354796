#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apps/command.hpp"
#include "apps/reconstruct_report.hpp"
#include "core/subject_model.hpp"
#include "core/time_base.hpp"
#include "reconstruct/fragments.hpp"
#include "reconstruct/label_fragments.hpp"

namespace medius::apps {

/// Tracks with names.
struct NamedTracks {
  std::vector<std::string> labels;
  reconstruct::Labelling labelling;  ///< marker ids are indices into labels
  std::vector<reconstruct::LabelFinding> findings;
  std::vector<std::string> subject_labels;  ///< of the model; findings index these
};

/// Names tracks by a model of the subject. Markers that are never seen are left out of the labels,
/// but for those in `expected` (labels), which a run should have.
/// @throws NotComputed where the tracks do not fit the subject.
[[nodiscard]] NamedTracks NameBySubject(const std::vector<reconstruct::Fragment>& fragments,
                                        const TimeBase& time_base, const SubjectModel& subject,
                                        const reconstruct::LabelOptions& options,
                                        const std::set<std::string>& expected,
                                        CommandContext& context);

/// Warns of what naming found; markers that were never seen, or not surely, in one line each kind.
void WarnOfNames(const NamedTracks& named, CommandContext& context);

/// @throws NotComputed where so much of what was tracked could not be told that the names that were
///         given are not to be trusted either: by another subject's model a quarter and more.
void RefuseMostlyUnsure(const std::string& subject, const TracksReport& report);

/// Counts what was named.
[[nodiscard]] TracksReport ReportOn(const std::vector<reconstruct::Fragment>& fragments,
                                    const NamedTracks& named);

/// Numbers tracks where there is no model.
/// @throws NotComputed where they are far more than markers can be.
[[nodiscard]] NamedTracks NameByNumber(const std::vector<reconstruct::Fragment>& fragments,
                                       const TimeBase& time_base);

/// First line of a review file.
inline constexpr const char* kReviewHeader =
    "track,from_s,to_s,frames,label,confidence,alternatives,x_m,y_m,z_m,correct_label";

/// The doubtful places as CSV for a person: one row a piece that was given a name without being
/// nearly certain, or none although some marker fits, and without a model every track, longest
/// first. The last column is for the right label.
[[nodiscard]] std::string ReviewCsv(const std::vector<reconstruct::Fragment>& fragments,
                                    const TimeBase& time_base, const NamedTracks& named);

}  // namespace medius::apps
