#include "capture/lost_markers.hpp"

#include <algorithm>
#include <cmath>

#include "capture/random.hpp"

namespace medius::capture {

LostMarkers::LostMarkers(double share, double longest, std::uint64_t seed)
    : longest_(longest), slot_(2.0 * longest), probability_(0.0), seed_(seed) {
  if (share <= 0.0) return;
  const double mean = 0.5 * (kShortestLoss + longest);
  slot_ = std::clamp(mean / share, longest, 2.0 * longest);
  probability_ = share * slot_ / mean;
}

bool LostMarkers::IsLost(std::size_t marker, double time) const {
  if (probability_ <= 0.0) return false;
  const double slot = std::floor(time / slot_);
  Random random(seed_, RandomStream::kLost,
                static_cast<std::uint64_t>(static_cast<std::int64_t>(slot)),
                static_cast<std::uint32_t>(marker));
  if (random.Uniform() >= probability_) return false;
  const double length = random.Uniform(kShortestLoss, longest_);
  const double begin = slot * slot_ + random.Uniform(0.0, slot_ - length);
  return time >= begin && time < begin + length;
}

}  // namespace medius::capture
