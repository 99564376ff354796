#include "apps/run_statistics_report.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "analysis/method.hpp"
#include "apps/json_number.hpp"
#include "apps/metric_words.hpp"
#include "apps/preset_path.hpp"
#include "core/error.hpp"
#include "storage/csv_export.hpp"
#include "storage/reference_values_toml.hpp"

namespace medius::apps {
namespace {

// The metrics whose asymmetry is printed; all are in the file.
constexpr std::string_view kShown[] = {
    "contralateral_pelvic_drop_peak", "contralateral_pelvic_drop_relative",
    "contralateral_pelvic_drop_excursion", "hip_adduction_peak", "contact_time"};

bool IsShown(const QuantityDescription& metric) {
  return std::find(std::begin(kShown), std::end(kShown), metric.name) != std::end(kShown);
}

// Puts a row's numbers into JSON in the units of tables.
class RowJson {
 public:
  explicit RowJson(const QuantityDescription& metric) : quantity_(storage::ForTable(metric)) {
    object_["metric"] = quantity_.column.name;
  }
  RowJson& Scaled(const char* name, double value) {
    object_[name] = NumberOrNull(value * quantity_.factor);
    return *this;
  }
  template <typename Value>
  RowJson& Plain(const char* name, const Value& value) {
    object_[name] = value;
    return *this;
  }
  [[nodiscard]] nlohmann::json Take() { return std::move(object_); }

 private:
  storage::TableQuantity quantity_;
  nlohmann::json object_;
};

nlohmann::json ToJson(const AsymmetryRow& row) {
  return RowJson(row.metric)
      .Scaled("difference", row.difference)
      .Scaled("standard_error", row.standard_error)
      .Scaled("measurement_sigma", row.measurement_sigma)
      .Scaled("ci_low", row.ci_low)
      .Scaled("ci_high", row.ci_high)
      .Plain("symmetry_index_percent", NumberOrNull(row.symmetry_index))
      .Plain("n_left", row.n_left)
      .Plain("n_right", row.n_right)
      .Take();
}

nlohmann::json ToJson(const WindowRow& row) {
  return RowJson(row.metric)
      .Plain("side", std::string(ToString(row.side)))
      .Plain("start_s", row.start)
      .Plain("end_s", row.end)
      .Plain("n", row.n)
      .Scaled("mean", row.mean)
      .Scaled("sd", row.sd)
      .Scaled("ci_low", row.ci_low)
      .Scaled("ci_high", row.ci_high)
      .Take();
}

nlohmann::json ToJson(const TrendRow& row) {
  return RowJson(row.metric)
      .Plain("side", std::string(ToString(row.side)))
      .Scaled("slope_per_minute", row.slope_per_minute)
      .Scaled("slope_ci_low", row.ci_low)
      .Scaled("slope_ci_high", row.ci_high)
      .Scaled("first_mean", row.first_mean)
      .Scaled("last_mean", row.last_mean)
      .Scaled("change", row.change)
      .Scaled("change_ci_low", row.change_ci_low)
      .Scaled("change_ci_high", row.change_ci_high)
      .Plain("change_point_s", NumberOrNull(row.change_point))
      .Plain("change_point_p", NumberOrNull(row.change_point_p))
      .Scaled("change_point_shift", row.change_point_shift)
      .Take();
}

template <typename Row>
nlohmann::json ToJson(const std::vector<Row>& rows) {
  nlohmann::json array = nlohmann::json::array();
  for (const Row& row : rows) array.push_back(ToJson(row));
  return array;
}

std::string TrendText(const TrendRow& row) {
  const QuantityDescription& metric = row.metric;
  std::string text =
      fmt::format("{:5}  {:38} {:>8} {:>8}  {:>8} ({})", ToString(row.side), TitleOf(metric),
                  ShownNumber(metric, row.first_mean), ShownNumber(metric, row.last_mean),
                  ShownChange(metric, row.change),
                  ShownInterval(metric, row.change_ci_low, row.change_ci_high));
  if (std::isfinite(row.change_point)) {
    text += fmt::format("; step of {} at {:.0f} s", ShownChange(metric, row.change_point_shift),
                        row.change_point);
  }
  return text + "\n";
}

}  // namespace

nlohmann::json RunStatisticsJson(const RunStatistics& statistics) {
  return {{"asymmetry", ToJson(statistics.asymmetry)},
          {"windows", ToJson(statistics.windows)},
          {"trends", ToJson(statistics.trends)}};
}

std::string RunStatisticsText(const RunStatistics& statistics) {
  std::string text;
  for (const AsymmetryRow& row : statistics.asymmetry) {
    if (!IsShown(row.metric) || !std::isfinite(row.difference)) continue;
    if (text.empty()) text = "right less left (95 % interval)\n";
    text += fmt::format("       {:38} {:>8} {:4} ({})\n", TitleOf(row.metric),
                        ShownChange(row.metric, row.difference), ShownUnit(row.metric),
                        ShownInterval(row.metric, row.ci_low, row.ci_high));
  }
  std::string changes;
  for (const TrendRow& row : statistics.trends) {
    if (!IsShown(row.metric) || !std::isfinite(row.change)) continue;
    if (row.change_ci_low <= 0.0 && row.change_ci_high >= 0.0) continue;
    changes += TrendText(row);
  }
  const bool has_windows =
      std::any_of(statistics.trends.begin(), statistics.trends.end(),
                  [](const TrendRow& row) { return std::isfinite(row.change); });
  if (!has_windows) return text;
  if (changes.empty()) return text + "no change from the first minute to the last\n";
  return text + "first minute, last minute, change (95 % interval, by the strides)\n" + changes;
}

nlohmann::json ZScoresJson(const std::vector<analysis::ZScore>& scores) {
  nlohmann::json array = nlohmann::json::array();
  for (const analysis::ZScore& score : scores) {
    array.push_back({{"metric", score.metric},
                     {"side", std::string(ToString(score.side))},
                     {"z", NumberOrNull(score.z)},
                     {"n", score.reference->n},
                     {"who", score.reference->who},
                     {"speed_m_s", NumberOrNull(score.reference->speed)},
                     {"citation", score.reference->citation}});
  }
  return array;
}

std::string ZScoresText(const std::vector<analysis::ZScore>& scores) {
  if (scores.empty()) return {};
  std::string text = "standard deviations from the reference group\n";
  for (const analysis::ZScore& score : scores) {
    text += fmt::format("{:5}  {:38} {:+6.1f}  ({}, n {})\n", ToString(score.side), score.metric,
                        score.z, score.reference->who, score.reference->n);
  }
  return text;
}

ReferenceValues ReadReferenceValuesFor(const std::string& word, const std::string& method) {
  ReferenceValues values = storage::ReadReferenceValues(FindPreset(Preset::kReferenceValues, word));
  if (values.method == method) return values;
  const auto& known = analysis::Methods();
  const bool is_known = std::any_of(known.begin(), known.end(), [&](const analysis::Method& m) {
    return m.name == values.method;
  });
  if (!is_known) {
    throw InputError(
        fmt::format("{}: its values were measured by other methods than Medius'; they can be read "
                    "and cited, not compared",
                    values.name));
  }
  throw InputError(
      fmt::format("{}: reference values of the method {}; the analysis is by {}: two methods "
                  "differ by more than "
                  "runners do, so analyze with --method {} or name other values",
                  values.name, values.method, method, values.method));
}

}  // namespace medius::apps
