// Sessions and notes on the time line of the progress page.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

#include "apps/progress_sections.hpp"

namespace medius::apps {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Days since 1970 of an ISO 8601 text that begins with a day.
std::optional<double> DayNumber(const std::string& iso) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (std::sscanf(iso.c_str(), "%4d-%2u-%2u", &year, &month, &day) != 3) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!date.ok()) return std::nullopt;
  return static_cast<double>(std::chrono::sys_days{date}.time_since_epoch().count());
}

}  // namespace

bool HasDays(const ProgressResult& result) {
  const auto& sessions = result.comparison.sessions;
  return !sessions.empty() &&
         std::all_of(sessions.begin(), sessions.end(),
                     [](const auto& session) { return session.day.has_value(); });
}

double PlaceOf(const ProgressResult& result, std::size_t session) {
  if (!HasDays(result)) return static_cast<double>(session + 1);
  return *result.comparison.sessions[session].day;
}

std::vector<PlacedNote> NotesOf(const ProgressResult& result) {
  std::vector<PlacedNote> placed;
  const auto& sessions = result.comparison.sessions;
  const std::optional<double> first =
      HasDays(result) ? DayNumber(sessions.front().created) : std::nullopt;
  for (const SessionDetail& detail : result.details) {
    for (const TrialNote& note : detail.notes) {
      const bool known = std::any_of(placed.begin(), placed.end(),
                                     [&](const PlacedNote& other) { return other.note == note; });
      if (known) continue;
      const std::optional<double> day = DayNumber(note.date);
      placed.push_back({note, first && day ? *day - *first : kNaN});
    }
  }
  std::stable_sort(placed.begin(), placed.end(), [](const PlacedNote& a, const PlacedNote& b) {
    if (std::isnan(a.place) || std::isnan(b.place))
      return !std::isnan(a.place) && std::isnan(b.place);
    return a.place < b.place;
  });
  return placed;
}

}  // namespace medius::apps
