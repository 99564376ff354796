#include "reconstruct/own_time.hpp"

#include <cmath>

namespace medius::reconstruct {
namespace {

// Across a longer gap a difference says little of the velocity now.
constexpr double kLongestStep = 0.05;  // seconds
// m/s; the first velocities come from positions that still mix the cameras' times, and a difference
// on one side lags by half a frame.
constexpr double kRoughVelocitySigma = 0.5;

constexpr std::size_t kNow = kOwnTimeReach;

bool Has(const Neighbourhood& n, std::size_t i) {
  return n.sample[i] != nullptr && n.sample[i]->source != SampleSource::kMissing &&
         std::abs(n.time[i] - n.time[kNow]) <= kLongestStep;
}

Eigen::Vector3d MeanVelocity(const Neighbourhood& n, std::size_t from, std::size_t to) {
  return (n.sample[to]->position - n.sample[from]->position) / (n.time[to] - n.time[from]);
}

}  // namespace

PointMotion EstimateMotion(const Neighbourhood& neighbours, int pass, double typical_speed) {
  PointMotion motion;
  motion.speed_sigma = typical_speed;
  if (pass == 0) return motion;
  const Neighbourhood& n = neighbours;
  const bool before = Has(n, kNow - 1);
  const bool after = Has(n, kNow + 1);
  if (before && after) {
    motion.velocity = MeanVelocity(n, kNow - 1, kNow + 1);
    motion.speed_sigma = pass == 1 ? kRoughVelocitySigma : 0.0;
  } else if ((before || after) && Has(n, kNow)) {
    motion.velocity = before ? MeanVelocity(n, kNow - 1, kNow) : MeanVelocity(n, kNow, kNow + 1);
    motion.speed_sigma = kRoughVelocitySigma;
  }
  if (before && after && Has(n, kNow - 2) && Has(n, kNow + 2)) {
    // Mean velocities on either side, each at the middle of its two frames.
    const double between =
        0.5 * (n.time[kNow + 1] + n.time[kNow + 2] - n.time[kNow - 1] - n.time[kNow - 2]);
    motion.acceleration =
        (MeanVelocity(n, kNow + 1, kNow + 2) - MeanVelocity(n, kNow - 2, kNow - 1)) / between;
    // Uneven steps: the velocity found is that of the middle between its two frames.
    motion.velocity +=
        (n.time[kNow] - 0.5 * (n.time[kNow - 1] + n.time[kNow + 1])) * motion.acceleration;
  }
  return motion;
}

}  // namespace medius::reconstruct
