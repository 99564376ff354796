#pragma once

#include <cstddef>
#include <vector>

#include "analysis/method.hpp"
#include "core/events.hpp"
#include "core/kinematics.hpp"

namespace medius::analysis {

// Where each angle stands in AngleDescriptions(). Triples: flexion, adduction, rotation.
inline constexpr std::size_t kObliquity = 0, kTilt = 1, kRotation = 2;
inline constexpr std::size_t kObliquityRelative = 3, kTiltRelative = 4;
[[nodiscard]] constexpr std::size_t HipIndex(Side side) {
  return side == Side::kLeft ? 5 : 8;
}
[[nodiscard]] constexpr std::size_t KneeIndex(Side side) {
  return HipIndex(side) + 6;
}
/// The angles before this one are in every result, NaN where they cannot be had; those from it on
/// only where the markers for them are.
inline constexpr std::size_t kFirstOptionalAngle = 17;
[[nodiscard]] constexpr std::size_t AnkleIndex(Side side) {
  return HipIndex(side) + 12;
}
inline constexpr std::size_t kTrunkLateralLean = 23, kTrunkForwardLean = 24;
[[nodiscard]] constexpr std::size_t FootProgressionIndex(Side side) {
  return side == Side::kLeft ? 25 : 26;
}
inline constexpr std::size_t kObliquity2d = 27;
[[nodiscard]] constexpr std::size_t HipAdduction2dIndex(Side side) {
  return side == Side::kLeft ? 28 : 29;
}
[[nodiscard]] constexpr std::size_t KneeProjection2dIndex(Side side) {
  return side == Side::kLeft ? 30 : 31;
}
inline constexpr std::size_t kAngleCount = 32;

/// Names, signs and definitions of the angles under these orders. `medius`' are the default.
[[nodiscard]] std::vector<QuantityDescription> AngleDescriptions(
    PelvisOrder pelvis_order = PelvisOrder::kRotationObliquityTilt,
    JointOrder joint_order = JointOrder::kFlexionAdductionRotation);

}  // namespace medius::analysis
