#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/kinematics.hpp"
#include "core/reference_values.hpp"
#include "core/repeatability.hpp"

namespace medius::analysis {

/// How well each metric repeats, from visits between which nothing changed: the variance of a
/// session's true mean within a subject,
///   sem^2 = sum of (y - mean of the subject and side)^2 / degrees of freedom - mean of s^2 / n,
/// where s^2 / n is what the strides alone explain; where that is more, the first term stands and
/// includes_strides is set. Both sides of a runner count, each about its own mean: they share the
/// visit, so the degrees of freedom are those of the visits alone.
///
/// @param visits  [subject][visit]; subjects of one visit tell nothing and are left out.
/// @return metrics that two visits or more of a subject have, in their order; source says from
/// what.
/// @throws InputError where no subject has two visits.
/// Source: Weir 2005, J Strength Cond Res 19:231 (SEM as the root of the error mean square).
struct EstimatedRepeatability {
  Repeatability repeatability;
  std::vector<QuantityDescription> metrics;  ///< one a RepeatError
};
[[nodiscard]] EstimatedRepeatability EstimateRepeatability(
    const std::vector<std::vector<Summary>>& visits);

/// How many standard deviations of a reference group a side's mean is from the group's.
struct ZScore {
  std::string metric;
  Side side = Side::kLeft;
  double z = 0.0;
  const ReferenceValue* reference = nullptr;
};
/// Of the rows that have a reference: that of the side where there is one, else of both sides; of
/// several the one whose speed is nearest.
/// @param speed  m/s; NaN where not known.
[[nodiscard]] std::vector<ZScore> ZScores(const Summary& summary, const ReferenceValues& values,
                                          double speed);

}  // namespace medius::analysis
