// medius repeatability: how well a lab's metrics repeat, from runners measured twice or more.

#include "analysis/repeatability.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/command.hpp"
#include "apps/metric_words.hpp"
#include "apps/output_guard.hpp"
#include "apps/session_input.hpp"
#include "core/error.hpp"
#include "storage/atomic_text_file.hpp"
#include "storage/csv_export.hpp"
#include "storage/reference_values_toml.hpp"

namespace medius::apps {
namespace {

struct RepeatabilityArguments {
  std::vector<std::string> trials;
  std::string name = "lab";
  std::string output;
};

// Sessions by subject, in the order of their first trial.
std::vector<std::vector<Summary>> BySubject(std::vector<AnalyzedTrial>& trials) {
  std::map<std::string, std::size_t> slot;
  std::vector<std::vector<Summary>> visits;
  for (AnalyzedTrial& trial : trials) {
    if (trial.header.subject.empty()) {
      throw InputError(fmt::format(
          "{}: does not say whose it is; import it with --subject, so that visits of one runner "
          "are told from other runners",
          trial.session.where));
    }
    const auto [place, fresh] = slot.emplace(trial.header.subject, visits.size());
    if (fresh) visits.emplace_back();
    visits[place->second].push_back(std::move(trial.session.summary));
  }
  return visits;
}

void RunRepeatability(const RepeatabilityArguments& arguments, CommandContext& context) {
  RequireFreeOutputs({arguments.output}, arguments.trials);
  std::vector<AnalyzedTrial> trials;
  for (const std::string& path : arguments.trials) trials.push_back(ReadAnalyzedTrial(path));
  RequireSameMethod(trials);
  const std::string method = trials.front().method;
  analysis::EstimatedRepeatability estimated = analysis::EstimateRepeatability(BySubject(trials));
  if (estimated.metrics.empty()) {
    throw NotComputed(
        "the visits do not differ at all, or have no metric in common: are they the same trial "
        "twice?");
  }
  estimated.repeatability.name = arguments.name;
  estimated.repeatability.method = method;

  std::vector<std::string> units;
  nlohmann::json metrics = nlohmann::json::array();
  std::string text = fmt::format("{:40} {:>8}  {:9}  {}\n", "metric", "sem", "", "from");
  for (std::size_t i = 0; i < estimated.metrics.size(); ++i) {
    const QuantityDescription& metric = estimated.metrics[i];
    const RepeatError& error = estimated.repeatability.errors[i];
    const storage::TableQuantity quantity = storage::ForTable(metric);
    units.push_back(metric.unit);
    metrics.push_back({{"metric", quantity.column.name},
                       {"sem", error.sem * quantity.factor},
                       {"degrees_of_freedom", error.degrees_of_freedom.value_or(0)},
                       {"includes_strides", error.includes_strides}});
    text += fmt::format("{:40} {:>8.3f}  {:9}  {}\n", metric.name, error.sem * quantity.factor,
                        quantity.column.unit, error.source);
  }
  storage::WriteTextFile(arguments.output,
                         storage::RepeatabilityToml(estimated.repeatability, units));
  text += fmt::format("wrote {}\n", arguments.output);
  context.Print(text, {{"output", arguments.output}, {"method", method}, {"metrics", metrics}});
}

}  // namespace

void AddRepeatabilityCommand(CommandLine& commands) {
  auto arguments = std::make_shared<RepeatabilityArguments>();
  CLI::App& command = commands.Add(
      "repeatability", "How well this lab's metrics repeat, from runners who came twice unchanged",
      [arguments](CommandContext& context) { RunRepeatability(*arguments, context); });
  command
      .add_option("trials", arguments->trials,
                  "Analyzed trials, two or more of each subject between which nothing changed; the "
                  "subject is that of the trial's header (TRIAL.h5 ...)")
      ->required()
      ->expected(2, 10000)
      ->type_name("TRIAL.h5");
  command
      .add_option("-o,--output", arguments->output,
                  "File to write, for medius progress --repeatability")
      ->required()
      ->type_name("LAB.toml");
  command.add_option("--name", arguments->name, "Name of the lab, for tables")
      ->capture_default_str();
  command.footer(
      "sem: standard deviation of one session about the runner's own value, the spread of strides\n"
      "taken out. Ten runners or more make it one to rely on; with fewer, the minimal detectable\n"
      "change is widened by Student's t.");
}

}  // namespace medius::apps
