#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/session_comparison.hpp"
#include "core/trial.hpp"
#include "storage/trial_file.hpp"

namespace medius::apps {

/// An analyzed trial, as far as comparisons need it.
struct AnalyzedTrial {
  TrialHeader header;
  analysis::Session session;
  std::string method;               ///< named in the analysis' options; empty where it is not
  nlohmann::json analysis_options;  ///< of its provenance; null where it has none
};

/// @throws InputError where the trial has no summary.
[[nodiscard]] AnalyzedTrial ReadAnalyzedTrial(const storage::TrialReader& trial);
[[nodiscard]] AnalyzedTrial ReadAnalyzedTrial(const std::string& path);

/// Results of two methods are never compared as if they were one.
/// @throws InputError that names both trials and every setting that differs.
void RequireSameMethod(const std::vector<AnalyzedTrial>& trials);

/// What stands for a session in tables: its name, or where it has none the trial's.
[[nodiscard]] std::string SessionName(const TrialHeader& header);

}  // namespace medius::apps
