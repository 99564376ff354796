#pragma once

#include <optional>

#include "reconstruct/gap_task.hpp"

namespace medius::reconstruct {

/// Fills a short gap from the marker's own path: every hidden position is a weighted sum of some
/// that are seen on either side. The weights are those that fill best, in least squares, a gap of
/// this length with these ends wherever in the window the marker is seen. This is the best linear
/// interpolation for the motion and the noise at hand; a spline is one with fixed weights.
///
/// The covariance of each place is that of the errors made there by weights which were learned from
/// the other half of the window.
/// @return nullopt where the window has too few such places.
/// Source: Wiener 1949; Janssen, Veldhuis & Vries 1986, IEEE TASSP 34:317 (lost samples).
[[nodiscard]] std::optional<GapFill> FillFromOwnPath(const GapTask& task);

}  // namespace medius::reconstruct
