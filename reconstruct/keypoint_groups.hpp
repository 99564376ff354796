#pragma once

#include <cstddef>
#include <vector>

#include "reconstruct/keypoint_detections.hpp"
#include "reconstruct/keypoint_skeleton.hpp"

namespace medius::reconstruct {

/// A detection of each of several cameras that show one person.
struct DetectionGroup {
  std::vector<std::size_t> detections;  ///< indices, rising
  std::vector<SideSwap> swaps;          ///< of each, in which they agree on the sides
};

struct GroupingOptions {
  /// Largest mean cost of two detections of one person: their mean is 1 where sigmas are right, and
  /// near kMostSquared for persons half a metre apart.
  double most_cost = 8.0;
  /// Keypoints that two detections must share before their cost counts.
  std::size_t fewest_shared = 5;
};

/// Groups detections of one instant into persons, without knowing where anyone is: pairs of
/// cameras by the distance of their rays, cheapest first, joined where every two detections of the
/// group agree. At most one detection a camera.
/// @param free  which detections may be used.
/// @return groups of two cameras or more, the largest first.
[[nodiscard]] std::vector<DetectionGroup> GroupDetections(const DetectionGeometry& geometry,
                                                          const KeypointSkeleton& skeleton,
                                                          const std::vector<Detection>& detections,
                                                          const std::vector<bool>& free,
                                                          const GroupingOptions& options);

}  // namespace medius::reconstruct
