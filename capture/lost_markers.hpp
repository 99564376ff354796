#pragma once

#include <cstddef>
#include <cstdint>

namespace medius::capture {

inline constexpr double kShortestLoss = 0.02;  ///< s

/// When each marker is lost by all cameras at once: a hand before it, a sleeve over it. Time is cut
/// into equal slots of one to two longest absences; in a slot each marker is absent once or not at
/// all, at a place and for a time that depend only on (seed, marker, slot), so that any instant can
/// be asked alone.
class LostMarkers {
 public:
  /// @param share    of the time, expected; 0 to 0.45.
  /// @param longest  absence, seconds, above kShortestLoss.
  LostMarkers(double share, double longest, std::uint64_t seed);
  [[nodiscard]] bool IsLost(std::size_t marker, double time) const;

 private:
  double longest_;
  double slot_;         // s
  double probability_;  // of an absence in a slot
  std::uint64_t seed_;
};

}  // namespace medius::capture
