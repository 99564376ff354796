#include "apps/session_input.hpp"

#include <fmt/format.h>

#include "apps/method_comparison.hpp"
#include "core/error.hpp"

namespace medius::apps {
namespace {

nlohmann::json OptionsOfAnalysis(const storage::TrialReader& trial) {
  for (const StageProvenance& stage : trial.ReadProvenance()) {
    if (stage.stage != "analyze") continue;
    nlohmann::json options = nlohmann::json::parse(stage.options_json, nullptr, false);
    return options.is_discarded() ? nlohmann::json() : options;
  }
  return {};
}

}  // namespace

std::string SessionName(const TrialHeader& header) {
  return header.session.empty() ? header.trial : header.session;
}

AnalyzedTrial ReadAnalyzedTrial(const storage::TrialReader& trial) {
  AnalyzedTrial analyzed;
  analyzed.header = trial.header();
  analyzed.session.name = SessionName(trial.header());
  analyzed.session.created = trial.header().created;
  analyzed.session.where = trial.path().string();
  analyzed.session.summary = trial.ReadSummary();
  analyzed.analysis_options = OptionsOfAnalysis(trial);
  if (analyzed.analysis_options.is_object() && analyzed.analysis_options.contains("method")) {
    const nlohmann::json& method = analyzed.analysis_options["method"];
    if (method.is_string()) analyzed.method = method.get<std::string>();
  }
  return analyzed;
}

AnalyzedTrial ReadAnalyzedTrial(const std::string& path) {
  return ReadAnalyzedTrial(storage::TrialReader(path));
}

void RequireSameMethod(const std::vector<AnalyzedTrial>& trials) {
  for (const AnalyzedTrial& trial : trials) {
    const auto differing =
        DifferingSettings(trials.front().analysis_options, trial.analysis_options);
    if (differing.empty()) continue;
    std::string list;
    for (const DifferingSetting& setting : differing) {
      list += (list.empty() ? "" : "; ") + setting.Text();
    }
    throw InputError(fmt::format(
        "{} and {} were not analyzed alike, so that a difference between them may be the method's "
        "and not the runner's ({}): analyze both with the same settings",
        trials.front().session.where, trial.session.where, list));
  }
}

}  // namespace medius::apps
