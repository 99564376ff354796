#include "analysis/session_comparison.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "analysis/distributions.hpp"
#include "analysis/session_trend.hpp"
#include "analysis/summary.hpp"
#include "core/check.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kFewStrides = 15;  // a side; docs/methods.md

// Days since 1970 of "2026-11-25T16:30:00Z", "...+01:00" or the date alone.
std::optional<double> DayOf(const std::string& created) {
  int year = 0, hour = 0, minute = 0, used = 0;
  unsigned month = 0, day = 0;
  double second = 0.0;
  if (std::sscanf(created.c_str(), "%d-%u-%u%n", &year, &month, &day, &used) != 3) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!date.ok()) return std::nullopt;
  const auto whole = std::chrono::sys_days{date}.time_since_epoch().count();
  const char* rest = created.c_str() + used;
  double minutes = 0.0;
  if ((*rest == 'T' || *rest == ' ') &&
      std::sscanf(rest + 1, "%d:%d:%lf%n", &hour, &minute, &second, &used) == 3) {
    minutes = 60.0 * hour + minute + second / 60.0;
    char sign = '+';
    if (std::sscanf(rest + 1 + used, "%c%d:%d", &sign, &hour, &minute) == 3) {
      minutes -= (sign == '-' ? -1.0 : 1.0) * (60.0 * hour + minute);
    }
  }
  return static_cast<double>(whole) + minutes / 1440.0;
}

// Sorts by date where every session has one.
void PutInOrder(SessionComparison& comparison) {
  std::vector<Session>& sessions = comparison.sessions;
  for (Session& session : sessions) session.day = DayOf(session.created);
  const bool dated = std::all_of(sessions.begin(), sessions.end(),
                                 [](const Session& session) { return session.day.has_value(); });
  if (!dated) {
    for (Session& session : sessions) session.day.reset();
    comparison.warnings.emplace_back(
        "not every trial says when it was recorded: the sessions are taken in the order given, and "
        "no trend over time is computed");
    return;
  }
  std::stable_sort(sessions.begin(), sessions.end(),
                   [](const Session& a, const Session& b) { return *a.day < *b.day; });
  const double first = *sessions.front().day;
  for (Session& session : sessions) session.day = *session.day - first;
}

// Mean over both sides.
double SpeedOf(const Summary& summary) {
  double sum = 0.0;
  int count = 0;
  for (const Side side : kSides) {
    const SummaryRow* row = FindRow(summary, "belt_speed", side);
    if (row == nullptr || !std::isfinite(row->mean)) continue;
    sum += row->mean;
    ++count;
  }
  return count == 0 ? kNaN : sum / count;
}

void WarnOfSpeed(const ComparisonOptions& options, SessionComparison& comparison) {
  const Session& first = comparison.sessions.front();
  const double usual = SpeedOf(first.summary);
  for (const Session& session : comparison.sessions) {
    const double speed = SpeedOf(session.summary);
    if (!std::isfinite(speed)) {
      comparison.warnings.push_back(
          fmt::format("{}: its speed is not known; drop grows with speed, so make sure that it was "
                      "the same",
                      session.name));
    } else if (std::abs(speed / usual - 1.0) > options.speed_tolerance) {
      comparison.warnings.push_back(
          fmt::format("{}: run at {:.2f} m/s, {:+.1f} % from {} ({:.2f} m/s): drop changes with "
                      "speed by itself, "
                      "so the difference is not to be taken for progress",
                      session.name, speed, 100.0 * (speed / usual - 1.0), first.name, usual));
    }
  }
}

void WarnOfFewStrides(SessionComparison& comparison) {
  for (const Session& session : comparison.sessions) {
    for (const Side side : kSides) {
      const SummaryRow* row = FindRow(session.summary, "stride_time", side);
      if (row == nullptr || row->n >= kFewStrides) continue;
      comparison.warnings.push_back(fmt::format(
          "{}: {} accepted strides on the {} side; {} or more make a mean that can be relied on",
          session.name, row->n, ToString(side), kFewStrides));
    }
  }
}

double FreedomOf(const RepeatError& error) {
  return error.degrees_of_freedom ? static_cast<double>(*error.degrees_of_freedom) : kInfinity;
}

// Variance of one session's mean by its strides, as far as sem does not hold it.
double StrideVariance(const SessionValue& value, const RepeatError& error) {
  if (error.includes_strides) return 0.0;
  return value.standard_error * value.standard_error;
}

SessionValue ValueIn(const Session& session, std::size_t index, const QuantityDescription& metric,
                     Side side, const std::optional<RepeatError>& error) {
  SessionValue value;
  value.session = index;
  const SummaryRow* row = FindRow(session.summary, metric.name, side);
  if (row == nullptr || row->n == 0) {
    value.mean = value.sd = value.standard_error = kNaN;
    return value;
  }
  value.mean = row->mean;
  value.sd = row->sd;
  value.n = row->n;
  value.standard_error = row->sd / std::sqrt(static_cast<double>(row->n));
  if (error) {
    value.half_width = StudentQuantile(0.975, FreedomOf(*error)) *
                       std::sqrt(error->sem * error->sem + StrideVariance(value, *error));
  }
  return value;
}

SessionDifference Unknown(const SessionValue& from, const SessionValue& to, ChangeVerdict verdict) {
  SessionDifference d;
  d.from = from.session;
  d.to = to.session;
  d.difference = to.mean - from.mean;
  d.standard_error = d.mdc95 = d.ci_low = d.ci_high = d.reliable_change_index = kNaN;
  d.probability_decrease = d.probability_relevant_decrease = d.probability_relevant_increase = kNaN;
  d.verdict = verdict;
  return d;
}

SessionDifference Compare(const SessionValue& from, const SessionValue& to,
                          const std::optional<RepeatError>& error, double relevant) {
  if (!std::isfinite(to.mean - from.mean)) return Unknown(from, to, ChangeVerdict::kNoStrides);
  if (!error) return Unknown(from, to, ChangeVerdict::kUnknown);
  const double freedom = FreedomOf(*error);
  SessionDifference d = Unknown(from, to, ChangeVerdict::kNotShown);
  d.standard_error = std::sqrt(2.0 * error->sem * error->sem + StrideVariance(from, *error) +
                               StrideVariance(to, *error));
  d.mdc95 = StudentQuantile(0.975, freedom) * d.standard_error;
  d.ci_low = d.difference - d.mdc95;
  d.ci_high = d.difference + d.mdc95;
  d.reliable_change_index = d.difference / d.standard_error;
  const auto below = [&](double limit) {
    return StudentCdf((limit - d.difference) / d.standard_error, freedom);
  };
  d.probability_decrease = below(0.0);
  d.probability_relevant_decrease = below(-relevant);
  d.probability_relevant_increase = 1.0 - below(relevant);
  if (std::abs(d.difference) > d.mdc95) {
    d.verdict = d.difference < 0.0 ? ChangeVerdict::kDecreased : ChangeVerdict::kIncreased;
  }
  return d;
}

void AddTrend(const std::vector<Session>& sessions, MetricProgress& progress) {
  std::vector<double> days, means, variances;
  for (const SessionValue& value : progress.values) {
    means.push_back(value.mean);
    variances.push_back(value.standard_error * value.standard_error);
    days.push_back(sessions[value.session].day.value_or(kNaN));
  }
  progress.trend = FitSessionTrend(days, means, variances);
  progress.chart = MakeControlChart(means);
}

MetricProgress ProgressOf(const std::vector<Session>& sessions, const QuantityDescription& metric,
                          Side side, const ComparisonOptions& options) {
  MetricProgress progress;
  progress.metric = metric;
  progress.side = side;
  progress.primary = IsPrimary(metric.name);
  if (const RepeatError* error = options.repeatability.Find(metric.name)) {
    progress.repeat_error = *error;
  }
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    progress.values.push_back(ValueIn(sessions[i], i, metric, side, progress.repeat_error));
  }
  const double relevant = metric.unit == "rad" ? options.relevant_change : kNaN;
  for (std::size_t i = 1; i < sessions.size(); ++i) {
    const auto against = [&](std::size_t from) {
      return Compare(progress.values[from], progress.values[i], progress.repeat_error, relevant);
    };
    progress.from_first.push_back(against(0));
    progress.from_previous.push_back(against(i - 1));
  }
  AddTrend(sessions, progress);
  return progress;
}

// Metrics of all sessions in the order of the first that has them; primary ones first.
std::vector<QuantityDescription> MetricsOf(const std::vector<Session>& sessions) {
  std::vector<QuantityDescription> metrics;
  std::set<std::string> seen;
  for (const Session& session : sessions) {
    for (const SummaryRow& row : session.summary) {
      if (seen.insert(row.metric.name).second) metrics.push_back(row.metric);
    }
  }
  std::stable_partition(metrics.begin(), metrics.end(),
                        [](const QuantityDescription& m) { return IsPrimary(m.name); });
  return metrics;
}

}  // namespace

std::string_view ToString(ChangeVerdict verdict) {
  switch (verdict) {
    case ChangeVerdict::kUnknown:
      return "unknown";
    case ChangeVerdict::kNotShown:
      return "not_shown";
    case ChangeVerdict::kDecreased:
      return "decreased";
    case ChangeVerdict::kIncreased:
      return "increased";
    case ChangeVerdict::kNoStrides:
      return "no_strides";
  }
  MEDIUS_CHECK(false, "a verdict");
}

void ComparisonOptions::Validate() const {
  if (!(relevant_change >= 0.0 && relevant_change < 1.0)) {
    throw InputError(fmt::format("relevant_change {}: from 0 to 1 rad expected", relevant_change));
  }
  if (!(speed_tolerance > 0.0 && speed_tolerance < 1.0)) {
    throw InputError(
        fmt::format("speed_tolerance {}: above 0 and below 1 expected", speed_tolerance));
  }
  for (const RepeatError& error : repeatability.errors) {
    const bool free = !error.degrees_of_freedom || *error.degrees_of_freedom > 0;
    if (std::isfinite(error.sem) && error.sem > 0.0 && free) continue;
    throw InputError(fmt::format(
        "repeatability {}: {} has sem {}: a positive one, of at least one degree of freedom, "
        "expected",
        repeatability.name, error.metric, error.sem));
  }
}

bool IsPrimary(std::string_view metric) {
  return metric == "contralateral_pelvic_drop_relative" ||
         metric == "contralateral_pelvic_drop_excursion";
}

SessionComparison CompareSessions(std::vector<Session> sessions, const ComparisonOptions& options) {
  options.Validate();
  if (sessions.size() < 2) {
    throw InputError(
        fmt::format("{} session given: progress is between two or more", sessions.size()));
  }
  SessionComparison comparison;
  comparison.sessions = std::move(sessions);
  comparison.repeatability_name = options.repeatability.name;
  comparison.published_defaults = options.repeatability.published;
  PutInOrder(comparison);
  WarnOfSpeed(options, comparison);
  WarnOfFewStrides(comparison);
  for (const QuantityDescription& metric : MetricsOf(comparison.sessions)) {
    for (const Side side : kSides) {
      comparison.metrics.push_back(ProgressOf(comparison.sessions, metric, side, options));
    }
  }
  return comparison;
}

}  // namespace medius::analysis
