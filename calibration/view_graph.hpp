#pragma once

#include <cstddef>
#include <vector>

#include "calibration/bundle.hpp"
#include "calibration/planar_pose.hpp"
#include "core/parallel.hpp"

namespace medius::calibration {

/// How two cameras stand to each other, by the vote of the targets that both saw.
struct CameraPair {
  std::size_t a = 0;
  std::size_t b = 0;
  RigidTransform a_from_b;
  std::size_t common = 0;    ///< target poses that both saw
  std::size_t agreeing = 0;  ///< of these, those of which some solutions agree with a_from_b
  double weight = 0.0;       ///< sum of their votes, each at most 1
};

/// Votes on every pair of cameras. Each common target pose offers the products of both cameras'
/// planar solutions; the relative pose that most others support wins, and what supports it is
/// averaged. Pairs without any support are left out.
/// @param candidates  [views] of the data.
std::vector<CameraPair> VoteOnPairs(const BundleData& data, std::size_t camera_count,
                                    const std::vector<std::vector<PoseCandidate>>& candidates,
                                    Parallelism parallelism);

/// Cameras that are linked through pairs, each group sorted, the groups by their first camera.
std::vector<std::vector<std::size_t>> LinkedGroups(const std::vector<CameraPair>& pairs,
                                                   std::size_t camera_count);

/// Places of all cameras, the reference at the origin: along the spanning tree of most votes, then
/// averaged over all pairs that do not contradict it (rotations one camera after the other, then
/// translations by least squares).
/// @pre LinkedGroups is one group.
/// Source: Hartley et al., Rotation averaging, IJCV 2013.
std::vector<RigidTransform> AveragePlaces(const std::vector<CameraPair>& pairs,
                                          std::size_t camera_count, std::size_t reference);

/// Start of every target pose: of all solutions of all its views, the one that fits all views best,
/// refined on them. A pose without a solution gets valid = false.
struct TargetStart {
  std::vector<RigidTransform> lab_from_target;  ///< [poses]
  std::vector<std::uint8_t> valid;              ///< [poses]
};
TargetStart StartTargets(const BundleData& data, const RigState& state,
                         const std::vector<std::vector<PoseCandidate>>& candidates,
                         Parallelism parallelism);

}  // namespace medius::calibration
