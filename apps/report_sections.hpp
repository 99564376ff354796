#pragma once

#include <string>

#include "apps/trial_report.hpp"

namespace medius::apps {

// Parts of the trial's report as HTML; empty where there is nothing to show.

/// Who, when, how fast.
[[nodiscard]] std::string ReportHead(const TrialReport& report);
/// Whether the recording can be trusted: cameras, residual, gaps, strides, fit of the segments.
[[nodiscard]] std::string QualitySection(const TrialReport& report);
/// The frontal plane, side by side, with intervals.
[[nodiscard]] std::string FindingsSection(const TrialReport& report);
/// Mean and spread over the stride.
[[nodiscard]] std::string CurvesSection(const TrialReport& report);
/// What changed during the run.
[[nodiscard]] std::string DriftSection(const TrialReport& report);
/// What the numbers can and cannot say.
[[nodiscard]] std::string LimitsSection(const TrialReport& report);
/// Method, settings and where the numbers came from.
[[nodiscard]] std::string MethodSection(const TrialReport& report);

/// The style of the page, screen and paper.
[[nodiscard]] std::string_view TrialReportStyle();

}  // namespace medius::apps
