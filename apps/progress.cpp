// medius progress: the sessions of one runner against each other.

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/mean_curves.hpp"
#include "analysis/session_comparison.hpp"
#include "apps/command.hpp"
#include "apps/json_number.hpp"
#include "apps/metric_words.hpp"
#include "apps/output_guard.hpp"
#include "apps/preset_path.hpp"
#include "apps/progress_page.hpp"
#include "apps/session_input.hpp"
#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/csv_export.hpp"
#include "storage/reference_values_toml.hpp"

namespace medius::apps {
namespace {

using analysis::MetricProgress;
using analysis::SessionComparison;
using analysis::SessionDifference;

constexpr double kDegree = 0.017453292519943295;

struct ProgressArguments {
  std::vector<std::string> trials;
  std::string repeatability = "published";
  std::string output;
  double relevant_change_deg = 1.0;
  bool all = false;
};

// A number of a metric for JSON, in the unit of tables.
nlohmann::json Scaled(double value, double factor) {
  return NumberOrNull(value * factor);
}

nlohmann::json DifferenceJson(const SessionDifference& d, const SessionComparison& comparison,
                              double factor) {
  return {{"from", comparison.sessions[d.from].name},
          {"to", comparison.sessions[d.to].name},
          {"difference", Scaled(d.difference, factor)},
          {"standard_error", Scaled(d.standard_error, factor)},
          {"mdc95", Scaled(d.mdc95, factor)},
          {"ci_low", Scaled(d.ci_low, factor)},
          {"ci_high", Scaled(d.ci_high, factor)},
          {"reliable_change_index", NumberOrNull(d.reliable_change_index)},
          {"probability_decrease", NumberOrNull(d.probability_decrease)},
          {"probability_relevant_decrease", NumberOrNull(d.probability_relevant_decrease)},
          {"probability_relevant_increase", NumberOrNull(d.probability_relevant_increase)},
          {"verdict", std::string(ToString(d.verdict))}};
}

nlohmann::json MetricJson(const MetricProgress& metric, const SessionComparison& comparison) {
  const storage::TableQuantity quantity = storage::ForTable(metric.metric);
  const double factor = quantity.factor;
  nlohmann::json object = {{"metric", quantity.column.name},
                           {"side", std::string(ToString(metric.side))},
                           {"primary", metric.primary}};
  for (const analysis::SessionValue& value : metric.values) {
    object["values"].push_back({{"session", comparison.sessions[value.session].name},
                                {"mean", Scaled(value.mean, factor)},
                                {"sd", Scaled(value.sd, factor)},
                                {"n", value.n},
                                {"standard_error", Scaled(value.standard_error, factor)},
                                {"half_width", Scaled(value.half_width, factor)}});
  }
  if (metric.repeat_error) {
    object["repeatability"] = {{"sem", metric.repeat_error->sem * factor},
                               {"source", metric.repeat_error->source}};
  }
  for (const SessionDifference& d : metric.from_first) {
    object["from_first"].push_back(DifferenceJson(d, comparison, factor));
  }
  for (const SessionDifference& d : metric.from_previous) {
    object["from_previous"].push_back(DifferenceJson(d, comparison, factor));
  }
  if (metric.trend) {
    object["trend"] = {{"slope_per_week", Scaled(metric.trend->slope_per_week, factor)},
                       {"ci_low", Scaled(metric.trend->ci_low, factor)},
                       {"ci_high", Scaled(metric.trend->ci_high, factor)},
                       {"p_value", NumberOrNull(metric.trend->p_value)},
                       {"between_session_sd", Scaled(metric.trend->between_session_sd, factor)}};
  }
  if (metric.chart) {
    nlohmann::json outside = nlohmann::json::array();
    for (const std::size_t i : metric.chart->outside)
      outside.push_back(comparison.sessions[i].name);
    object["control_chart"] = {{"centre", Scaled(metric.chart->centre, factor)},
                               {"lower", Scaled(metric.chart->lower, factor)},
                               {"upper", Scaled(metric.chart->upper, factor)},
                               {"outside", outside}};
  }
  return object;
}

nlohmann::json ComparisonJson(const ProgressResult& result, const ProgressArguments& arguments) {
  const SessionComparison& comparison = result.comparison;
  nlohmann::json object = {{"subject", result.subject},
                           {"method", result.method},
                           {"repeatability", comparison.repeatability_name},
                           {"published_defaults", comparison.published_defaults},
                           {"relevant_change_deg", arguments.relevant_change_deg},
                           {"warnings", comparison.warnings}};
  for (const analysis::Session& session : comparison.sessions) {
    object["sessions"].push_back({{"session", session.name},
                                  {"trial", session.where},
                                  {"created", session.created},
                                  {"day", session.day ? nlohmann::json(*session.day) : nullptr}});
  }
  for (const MetricProgress& metric : comparison.metrics) {
    object["metrics"].push_back(MetricJson(metric, comparison));
  }
  if (!arguments.output.empty()) object["output"] = arguments.output;
  return object;
}

std::string Line(const MetricProgress& metric) {
  const SessionDifference& last = metric.from_first.back();
  const QuantityDescription& quantity = metric.metric;
  std::string means;
  for (const analysis::SessionValue& value : metric.values) {
    means += fmt::format(" {:>7}", ShownNumber(quantity, value.mean));
  }
  const bool judged = std::isfinite(last.mdc95);
  return fmt::format("{:5}  {:38} {:9}{}  {:>8}  {:>7}  {:>6}  {:>10}  {}\n", ToString(metric.side),
                     TitleOf(quantity), ShownUnit(quantity), means,
                     ShownChange(quantity, last.difference),
                     judged ? ShownNumber(quantity, last.mdc95) : "-",
                     judged ? fmt::format("{:+.2f}", last.reliable_change_index) : "-",
                     judged ? fmt::format("{:.0f} %", 100.0 * last.probability_decrease) : "-",
                     ToString(last.verdict));
}

std::string ComparisonText(const SessionComparison& comparison,
                           const ProgressArguments& arguments) {
  std::string text;
  for (std::size_t i = 0; i < comparison.sessions.size(); ++i) {
    const analysis::Session& session = comparison.sessions[i];
    text += fmt::format("{}: {} {} ({})\n", i + 1, session.name, session.created, session.where);
  }
  std::string numbers;
  for (std::size_t i = 0; i < comparison.sessions.size(); ++i) {
    numbers += fmt::format(" {:>7}", i + 1);
  }
  text += fmt::format("{:5}  {:38} {:9}{}  {:>8}  {:>7}  {:>6}  {:>10}  {}\n", "side", "metric", "",
                      numbers, "change", "MDC95", "RCI", "P(falling)", "verdict");
  for (const MetricProgress& metric : comparison.metrics) {
    const bool has_any = std::any_of(metric.values.begin(), metric.values.end(),
                                     [](const auto& value) { return value.n > 0; });
    if (has_any && (arguments.all || metric.primary)) text += Line(metric);
  }
  for (const MetricProgress& metric : comparison.metrics) {
    if (!metric.primary || !metric.trend) continue;
    const double scale = ShownScale(metric.metric);
    text += fmt::format(
        "{} {}: {:+.2f} {} a week (95 % {:+.2f} to {:+.2f}, p {:.3f})\n", ToString(metric.side),
        TitleOf(metric.metric), scale * metric.trend->slope_per_week, ShownUnit(metric.metric),
        scale * metric.trend->ci_low, scale * metric.trend->ci_high, metric.trend->p_value);
  }
  text += fmt::format("change: the last session less the first; MDC95 from {}\n",
                      comparison.repeatability_name);
  if (!arguments.output.empty()) text += fmt::format("wrote {}\n", arguments.output);
  return text;
}

void RequireOneSubject(const std::vector<AnalyzedTrial>& trials) {
  for (const AnalyzedTrial& trial : trials) {
    if (trial.header.subject == trials.front().header.subject) continue;
    throw InputError(fmt::format("{} is of subject \"{}\", {} of \"{}\": progress is of one runner",
                                 trials.front().session.where, trials.front().header.subject,
                                 trial.session.where, trial.header.subject));
  }
}

void RequireFitting(const Repeatability& repeatability, const std::vector<AnalyzedTrial>& trials) {
  const std::string& method = trials.front().method;
  if (repeatability.method.empty() || repeatability.method == method) return;
  throw InputError(fmt::format(
      "{}: was found with the method {}, {} was analyzed by {}: give the repeatability of "
      "the same method, or analyze by that one",
      repeatability.name, repeatability.method, trials.front().session.where, method));
}

ProgressResult Compare(const ProgressArguments& arguments) {
  ProgressResult result;
  std::vector<AnalyzedTrial> trials;
  for (const std::string& path : arguments.trials) {
    const storage::TrialReader trial(path);
    trials.push_back(ReadAnalyzedTrial(trial));
    if (arguments.output.empty()) continue;
    result.details.push_back({trials.back().session.where,
                              analysis::MeanCurves(trial.ReadStrides()), trial.ReadNotes()});
  }
  RequireOneSubject(trials);
  RequireSameMethod(trials);
  analysis::ComparisonOptions options;
  options.repeatability =
      storage::ReadRepeatability(FindPreset(Preset::kRepeatability, arguments.repeatability));
  options.relevant_change = arguments.relevant_change_deg * kDegree;
  RequireFitting(options.repeatability, trials);
  result.subject = trials.front().header.subject;
  result.method = trials.front().method;
  result.relevant_change = options.relevant_change;
  std::vector<analysis::Session> sessions;
  for (AnalyzedTrial& trial : trials) sessions.push_back(std::move(trial.session));
  result.comparison = analysis::CompareSessions(std::move(sessions), options);
  if (options.repeatability.published) {
    result.comparison.warnings.push_back(
        "the minimal detectable change is the literature's, by 2-D video, and not this lab's: "
        "measure some runners twice and give `medius repeatability` their trials");
  }
  return result;
}

void RunProgress(const ProgressArguments& arguments, CommandContext& context) {
  RequireFreeOutputs({arguments.output}, arguments.trials);
  const ProgressResult result = Compare(arguments);
  for (const std::string& warning : result.comparison.warnings) context.Warn(warning);
  if (!arguments.output.empty()) {
    storage::WriteTextFile(arguments.output, ProgressPage(result));
  }
  context.Print(ComparisonText(result.comparison, arguments), ComparisonJson(result, arguments));
}

}  // namespace

void AddProgressCommand(CommandLine& commands) {
  auto arguments = std::make_shared<ProgressArguments>();
  CLI::App& command = commands.Add(
      "progress", "What changed between the sessions of a runner, and what only seems to",
      [arguments](CommandContext& context) { RunProgress(*arguments, context); });
  command
      .add_option("trials", arguments->trials,
                  "Two or more analyzed trials of one runner, of the same method (TRIAL.h5 ...)")
      ->required()
      ->expected(2, 1000)
      ->type_name("TRIAL.h5");
  command.add_option("-o,--output", arguments->output, "Page to write, to look at or print")
      ->type_name("PROGRESS.html");
  command
      .add_option("--repeatability", arguments->repeatability,
                  "How well the metrics repeat from day to day: a file of this lab (see medius "
                  "repeatability), or the preset published")
      ->type_name("LAB.toml")
      ->capture_default_str();
  command
      .add_option("--relevant-change-deg", arguments->relevant_change_deg,
                  "A change of an angle that matters, degrees: the chance of a larger one is given")
      ->check(CLI::Range(0.0, 45.0))
      ->capture_default_str();
  command.add_flag("--all", arguments->all,
                   "Print every metric, not only those that sessions are compared by");
  command.footer(
      "Sessions are compared by the drop from standing and the excursion, which do not hang on "
      "where\n"
      "the pelvis' markers were put. A difference counts where it exceeds the minimal detectable\n"
      "change (MDC95): what two visits without any change differ by in 19 of 20 cases. The spread "
      "of\n"
      "strides within a run says nothing of it.");
}

}  // namespace medius::apps
