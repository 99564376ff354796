#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace medius {

enum class Side : std::int8_t { kLeft = 0, kRight = 1 };
enum class EventType : std::int8_t { kFootStrike = 0, kToeOff = 1 };

inline constexpr Side kSides[] = {Side::kLeft, Side::kRight};

/// What an event was found by. The numbers stand in files.
enum class EventDetector : std::uint8_t {
  kUnknown = 0,      ///< another program's, or not said
  kFused = 1,        ///< foot and pelvis
  kFootAlone = 2,    ///< the pelvis was lost
  kPelvisAlone = 3,  ///< the foot was lost
  kForce = 4,        ///< force plate or treadmill
};
inline constexpr EventDetector kLastEventDetector = EventDetector::kForce;

/// A foot touching or leaving the ground, at its own (sub-frame) time in seconds.
struct GaitEvent {
  double time = 0.0;
  Side side = Side::kLeft;
  EventType type = EventType::kFootStrike;
  EventDetector detector = EventDetector::kUnknown;
  friend bool operator==(const GaitEvent&, const GaitEvent&) = default;
};

/// Sorted by time.
using GaitEvents = std::vector<GaitEvent>;

[[nodiscard]] constexpr std::string_view ToString(Side side) {
  return side == Side::kLeft ? "left" : "right";
}
[[nodiscard]] constexpr std::string_view ToString(EventType type) {
  return type == EventType::kFootStrike ? "foot_strike" : "toe_off";
}

}  // namespace medius
