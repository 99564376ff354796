#pragma once

#include <cstddef>
#include <vector>

#include "core/trajectories.hpp"
#include "reconstruct/keypoint_detections.hpp"
#include "reconstruct/keypoint_skeleton.hpp"
#include "reconstruct/triangulation.hpp"

namespace medius::reconstruct {

/// Where a person's keypoints are expected or found at one instant, by label.
struct BodyPoints {
  std::vector<MarkerSample> samples;  ///< missing where unknown
  std::vector<PointMotion> motions;
};

/// What exchanging sides must gain, summed over the keypoints concerned: a squared distance over
/// its variance. At 16 a chain whose sides are d sigmas apart is exchanged wrongly with a
/// probability of at most Q(4) = 3e-5 (the worst d is 2.8), and one that was swapped is missed
/// where its sides are nearer than about 3 sigmas, which does as little harm.
inline constexpr double kGainToSwap = 16.0;

/// Finds which detections of one person have left and right exchanged, whole chains or from a
/// joint outward, and the person's points: the sides of least cost, which is what all cameras'
/// sightings cost as one body (LabelCost: squared residuals over their variance, each cut at
/// kMostSquared, and the distance from the expected points), with kGainToSwap for every swap.
class SwapSettler {
 public:
  SwapSettler(const Triangulator& triangulator, const KeypointSkeleton& skeleton)
      : triangulator_(triangulator), skeleton_(skeleton) {}

  /// Swaps of detections that follow a person whose points are expected: best by those alone.
  [[nodiscard]] SideSwap ByExpectation(const Detection& detection,
                                       const BodyPoints& expected) const;
  /// Cost of a detection as the expected person, with those sides.
  [[nodiscard]] MeanCost CostOf(const Detection& detection, const SideSwap& swap,
                                const BodyPoints& expected) const;

  /// @param members   detections of different cameras.
  /// @param swaps     [members] in: a first guess; out.
  /// @param expected  missing everywhere for a new person; its motions are used throughout.
  /// @return the points found, motions as expected.
  [[nodiscard]] BodyPoints Settle(const std::vector<const Detection*>& members,
                                  const BodyPoints& expected, std::vector<SideSwap>* swaps) const;

 private:
  using Members = std::vector<const Detection*>;
  struct Body {
    std::vector<TriangulatedPoint> points;          // by label
    std::vector<std::vector<std::size_t>> seen_by;  // by label: members in the order of its views
  };
  [[nodiscard]] Body Triangulate(const Members& members, const std::vector<SideSwap>& swaps,
                                 const BodyPoints& expected) const;
  [[nodiscard]] double LabelCost(const Members& members, const std::vector<SideSwap>& swaps,
                                 std::size_t label, const BodyPoints& expected) const;
  [[nodiscard]] double ChainCost(const Members& members, const std::vector<SideSwap>& swaps,
                                 std::size_t chain, const BodyPoints& expected) const;
  void SettleChain(const Members& members, std::size_t chain, const BodyPoints& expected,
                   std::vector<SideSwap>* swaps) const;
  [[nodiscard]] bool IsDoubtful(const Body& body, const Members& members,
                                const std::vector<SideSwap>& swaps, std::size_t member,
                                std::size_t chain) const;
  [[nodiscard]] std::uint8_t BestFrom(const Detection& detection, std::size_t chain,
                                      const BodyPoints& reference) const;

  const Triangulator& triangulator_;
  const KeypointSkeleton& skeleton_;
};

}  // namespace medius::reconstruct
