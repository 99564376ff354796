#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "analysis/session_comparison.hpp"

namespace medius::analysis {

/// Sessions that a line is drawn through or a control chart is made of.
inline constexpr std::size_t kFewestSessionsForTrend = 4;

/// The mixed model y_i = intercept + slope day_i + session_i + error_i with session_i ~ N(0, s^2)
/// and error_i ~ N(0, error_variance_i): s^2 by restricted maximum likelihood (never below 0), the
/// line by generalized least squares, its variance scaled by the weighted residuals over n - 2
/// (Knapp & Hartung 2003, Stat Med 22:2693), its interval by Student's t for n - 2.
///
/// @param days            at least two different ones.
/// @param error_variance  of each mean by its strides, > 0 or 0.
/// @return nullopt for fewer than four sessions, a value that is missing, or one day only.
/// Source: Patterson & Thompson 1971, Biometrika 58:545.
[[nodiscard]] std::optional<SessionTrend> FitSessionTrend(std::span<const double> days,
                                                          std::span<const double> means,
                                                          std::span<const double> error_variance);

/// Mean +- 2.66 x mean moving range; nullopt for fewer than four values or one that is missing.
/// Source: Shewhart's individuals chart; Montgomery, Introduction to Statistical Quality Control,
/// 6th ed., equation 6.33 (2.66 = 3 / 1.128).
[[nodiscard]] std::optional<ControlChart> MakeControlChart(std::span<const double> values);

}  // namespace medius::analysis
