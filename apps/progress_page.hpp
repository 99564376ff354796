#pragma once

#include <string>
#include <vector>

#include "analysis/mean_curves.hpp"
#include "analysis/session_comparison.hpp"
#include "core/trial.hpp"

namespace medius::apps {

/// What a page shows of one session beside its comparison.
struct SessionDetail {
  std::string where;  ///< that of the analysis::Session it belongs to
  std::vector<analysis::MeanCurve> curves;
  std::vector<TrialNote> notes;
};

/// All that the progress page shows.
struct ProgressResult {
  std::string subject;  ///< pseudonym
  std::string method;   ///< by which all sessions were analyzed; empty where not known
  analysis::SessionComparison comparison;
  double relevant_change = 0.0;        ///< radians; that of the options of the comparison
  std::vector<SessionDetail> details;  ///< in any order; those of some sessions may be missing
};

/// The sessions of one runner as one HTML page that needs nothing else and prints on A4. It renders
/// the comparison and computes nothing.
[[nodiscard]] std::string ProgressPage(const ProgressResult& result);

}  // namespace medius::apps
