#include "analysis/repeatability.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "analysis/summary.hpp"
#include "core/error.hpp"

namespace medius::analysis {
namespace {

// A row whose strides have a spread.
const SummaryRow* FindSpreadRow(const Summary& summary, const std::string& metric, Side side) {
  const SummaryRow* row = FindRow(summary, metric, side);
  return row == nullptr || row->n < 2 || !std::isfinite(row->sd) ? nullptr : row;
}

// Sums over subjects and sides of one metric.
struct Pool {
  double squares = 0.0;  // about the mean of subject and side
  std::size_t freedom = 0;
  double stride_variance = 0.0;
  std::size_t sessions = 0;
  std::size_t visit_freedom = 0;  // of the side that has more
  std::size_t subjects = 0;
};

// Adds one side of a subject; returns its degrees of freedom.
std::size_t AddSide(const std::vector<Summary>& visits, const std::string& metric, Side side,
                    Pool& pool) {
  std::vector<double> means;
  double stride_variance = 0.0;
  for (const Summary& visit : visits) {
    const SummaryRow* row = FindSpreadRow(visit, metric, side);
    if (row == nullptr) continue;
    means.push_back(row->mean);
    stride_variance += row->sd * row->sd / static_cast<double>(row->n);
  }
  if (means.size() < 2) return 0;
  double mean = 0.0;
  for (const double m : means) mean += m / static_cast<double>(means.size());
  for (const double m : means) pool.squares += (m - mean) * (m - mean);
  pool.freedom += means.size() - 1;
  pool.stride_variance += stride_variance;
  pool.sessions += means.size();
  return means.size() - 1;
}

std::optional<RepeatError> ErrorOf(const std::vector<std::vector<Summary>>& visits,
                                   const std::string& metric) {
  Pool pool;
  for (const std::vector<Summary>& subject : visits) {
    std::size_t most = 0;
    for (const Side side : kSides) most = std::max(most, AddSide(subject, metric, side, pool));
    pool.visit_freedom += most;
    pool.subjects += most > 0 ? 1 : 0;
  }
  if (pool.freedom == 0 || !(pool.squares > 0.0)) return std::nullopt;
  const double whole = pool.squares / static_cast<double>(pool.freedom);
  const double between = whole - pool.stride_variance / static_cast<double>(pool.sessions);
  RepeatError error;
  error.metric = metric;
  error.includes_strides = !(between > 0.0);
  error.sem = std::sqrt(error.includes_strides ? whole : between);
  error.degrees_of_freedom = pool.visit_freedom;
  error.source = fmt::format("{} subjects, {} sessions and sides", pool.subjects, pool.sessions);
  return error;
}

}  // namespace

EstimatedRepeatability EstimateRepeatability(const std::vector<std::vector<Summary>>& visits) {
  const bool enough = std::any_of(visits.begin(), visits.end(),
                                  [](const auto& subject) { return subject.size() >= 2; });
  if (!enough) {
    throw InputError(
        "no subject has two sessions: how well a metric repeats is found from two visits or more "
        "of the same runner between which nothing changed");
  }
  EstimatedRepeatability estimated;
  std::set<std::string> seen;
  for (const std::vector<Summary>& subject : visits) {
    for (const Summary& visit : subject) {
      for (const SummaryRow& row : visit) {
        if (!seen.insert(row.metric.name).second) continue;
        const std::optional<RepeatError> error = ErrorOf(visits, row.metric.name);
        if (!error) continue;
        estimated.repeatability.errors.push_back(*error);
        estimated.metrics.push_back(row.metric);
      }
    }
  }
  return estimated;
}

std::vector<ZScore> ZScores(const Summary& summary, const ReferenceValues& values, double speed) {
  std::vector<ZScore> scores;
  for (const SummaryRow& row : summary) {
    if (row.n == 0) continue;
    const ReferenceValue* best = nullptr;
    std::pair<bool, double> best_rank;
    for (const ReferenceValue& value : values.values) {
      const bool own = value.side == ToString(row.side);
      if (value.metric != row.metric.name || (!own && value.side != "both")) continue;
      const double distance = std::abs(value.speed - speed);
      const std::pair<bool, double> rank = {!own, std::isnan(distance) ? 1e9 : distance};
      if (best != nullptr && !(rank < best_rank)) continue;
      best = &value;
      best_rank = rank;
    }
    if (best == nullptr) continue;
    scores.push_back({row.metric.name, row.side, (row.mean - best->mean) / best->sd, best});
  }
  return scores;
}

}  // namespace medius::analysis
