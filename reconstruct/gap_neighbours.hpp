#pragma once

#include <optional>

#include "reconstruct/gap_task.hpp"

namespace medius::reconstruct {

/// Fills a gap from the other markers: a regression on the most rigid of those that are seen over
/// the gap (GapRegression), plus the part of its residual that both ends of the gap tell
/// (MatchEnds).
///
/// The same gap is then hidden at up to sixteen other places of the window and filled by
/// coefficients that were learned without them. Their errors, over what the kriging expected of
/// each place in the gap, scale the covariance that is stated; their rms is GapFill::error_m.
/// @param count  predictors at most.
/// @return nullopt where there are too few predictors, instants or such places.
[[nodiscard]] std::optional<GapFill> FillFromNeighbours(const GapTask& task, int count);

}  // namespace medius::reconstruct
