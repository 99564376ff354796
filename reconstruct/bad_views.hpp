#pragma once

#include "reconstruct/point_fit.hpp"

namespace medius::reconstruct {

struct BadViewLimits {
  double agreement;            ///< see ViewsAgree
  double smallest_sine2;       ///< see LargestSquaredSine
  Eigen::Vector3d near_point;  ///< roughly where the point is, for depths
};

enum class BadViewOutcome { kFound, kNarrowAngle, kNotAttributable };

/// Looks for the fewest views (at most three) without which the others agree. They are named only
/// where that is certain: more views remain than are rejected, and no other set of as many views
/// explains the disagreement as well by a different place of the point. So one bad view of three is
/// found where the other two agree and neither agrees with it; of two views never.
/// @param fit  where kFound: the point from the views that agree.
[[nodiscard]] BadViewOutcome FindBadViews(const Views& views, const BadViewLimits& limits,
                                          PointFit* fit);

}  // namespace medius::reconstruct
