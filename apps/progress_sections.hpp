#pragma once

#include <string>
#include <string_view>

#include "apps/progress_page.hpp"

namespace medius::apps {

// Parts of the progress page as HTML; empty where there is nothing to show.

/// Each metric that sessions are judged by: first, last, change, and whether that is shown.
[[nodiscard]] std::string VerdictSection(const ProgressResult& result);
/// The metrics over the sessions with the band of the minimal detectable change.
[[nodiscard]] std::string TimelineSection(const ProgressResult& result);
/// Trend and control chart, from four sessions on.
[[nodiscard]] std::string TrendSection(const ProgressResult& result);
/// The mean curves of the sessions over each other.
[[nodiscard]] std::string SessionCurvesSection(const ProgressResult& result);
/// One row a session.
[[nodiscard]] std::string SessionTable(const ProgressResult& result);

[[nodiscard]] std::string_view ProgressPageStyle();

/// What of the change a verdict states, in words that claim no cause.
[[nodiscard]] const char* WordsOf(analysis::ChangeVerdict verdict);

/// Where session i stands on the time line: days since the first, or its number where dates are
/// missing.
[[nodiscard]] double PlaceOf(const ProgressResult& result, std::size_t session);
[[nodiscard]] bool HasDays(const ProgressResult& result);

/// A note and where it stands on the time line.
struct PlacedNote {
  TrialNote note;
  double place = 0.0;  ///< days since the first session; NaN where it has none
};
/// Of all sessions, by day; a note that several trials hold stands once.
[[nodiscard]] std::vector<PlacedNote> NotesOf(const ProgressResult& result);

}  // namespace medius::apps
