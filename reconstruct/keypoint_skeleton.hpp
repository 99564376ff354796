#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace medius::reconstruct {

/// The parts of a body in which an estimator takes left for right: it goes over to the other side
/// at a joint and stays there to the end of the limb.
enum class KeypointChain : std::uint8_t { kLeg, kArm, kHead };
inline constexpr std::size_t kChains = 3;
/// Depths in a chain: hip, knee, ankle with the foot; shoulder, elbow, wrist with the hand.
inline constexpr std::uint8_t kChainDepths = 3;

/// A keypoint and its counterpart, as indices of labels.
struct MirrorPair {
  std::size_t left;
  std::size_t right;
  std::uint8_t depth;  ///< < kChainDepths
};

/// Where left and right are exchanged: in each chain from this depth outward, kChainDepths where
/// nowhere.
struct SideSwap {
  std::array<std::uint8_t, kChains> from = {kChainDepths, kChainDepths, kChainDepths};
  [[nodiscard]] bool IsNone() const { return *this == SideSwap{}; }
  friend bool operator==(const SideSwap&, const SideSwap&) = default;
};

/// What is known of a body by the names of its keypoints.
struct KeypointSkeleton {
  std::size_t label_count = 0;
  std::array<std::vector<MirrorPair>, kChains> chains;
  std::vector<std::size_t> middle;  ///< labels without a counterpart

  /// Chains without a pair leave a swap unknown; whole means all that have one.
  [[nodiscard]] bool IsWholeBody(const SideSwap& swap) const;
  /// The label that a keypoint bears once the swap is undone.
  [[nodiscard]] std::size_t Repaired(std::size_t label, const SideSwap& swap) const;

 private:
  friend KeypointSkeleton SkeletonOf(const std::vector<std::string>& labels);
  struct Place {
    std::size_t counterpart;
    std::size_t chain;
    std::uint8_t depth;
  };
  std::vector<Place> places_;  // by label; counterpart = label in the middle
};

/// Tells the sides by the names: left_knee and right_knee, LKnee and RKnee, knee_l and knee_r,
/// "Left Knee" and "Right Knee"; and by words such as hip, knee, ankle, heel, toe, shoulder, elbow,
/// wrist the chains. Pairs of other words are of the head.
[[nodiscard]] KeypointSkeleton SkeletonOf(const std::vector<std::string>& labels);

}  // namespace medius::reconstruct
