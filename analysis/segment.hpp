#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "core/events.hpp"

namespace medius::analysis {

enum class Segment {
  kPelvis,
  kLeftThigh,
  kRightThigh,
  kLeftShank,
  kRightShank,
  kLeftFoot,
  kRightFoot,
  kTrunk
};
inline constexpr std::size_t kSegmentCount = 8;
inline constexpr std::array<Segment, kSegmentCount> kSegments = {
    Segment::kPelvis,     Segment::kLeftThigh, Segment::kRightThigh, Segment::kLeftShank,
    Segment::kRightShank, Segment::kLeftFoot,  Segment::kRightFoot,  Segment::kTrunk};

[[nodiscard]] constexpr std::size_t IndexOf(Segment segment) {
  return static_cast<std::size_t>(segment);
}
[[nodiscard]] constexpr std::size_t IndexOf(Side side) {
  return static_cast<std::size_t>(side);
}

/// "pelvis", "left_thigh", ...: the names of clusters in a marker set.
[[nodiscard]] constexpr std::string_view ToString(Segment segment) {
  constexpr std::array<std::string_view, kSegmentCount> kNames = {
      "pelvis",      "left_thigh", "right_thigh", "left_shank",
      "right_shank", "left_foot",  "right_foot",  "trunk"};
  return kNames[IndexOf(segment)];
}
[[nodiscard]] constexpr Segment ThighOf(Side side) {
  return side == Side::kLeft ? Segment::kLeftThigh : Segment::kRightThigh;
}
[[nodiscard]] constexpr Segment ShankOf(Side side) {
  return side == Side::kLeft ? Segment::kLeftShank : Segment::kRightShank;
}
[[nodiscard]] constexpr Segment FootOf(Side side) {
  return side == Side::kLeft ? Segment::kLeftFoot : Segment::kRightFoot;
}
/// Of the pelvis and the trunk: kLeft, which is not asked for.
[[nodiscard]] constexpr Side SideOf(Segment segment) {
  return segment == Segment::kRightThigh || segment == Segment::kRightShank ||
                 segment == Segment::kRightFoot
             ? Side::kRight
             : Side::kLeft;
}

/// Feet and trunk: what a marker set lacks of them is a choice of the lab and nothing to warn of.
[[nodiscard]] constexpr bool IsOptional(Segment segment) {
  return IndexOf(segment) >= IndexOf(Segment::kLeftFoot);
}

}  // namespace medius::analysis
