#include "reconstruct/own_time.hpp"

namespace medius::reconstruct {
namespace {

// Across a longer gap a difference says little of the velocity now.
constexpr double kLongestStep = 0.05;  // seconds
// m/s; the first velocities come from positions that still mix the cameras' times.
constexpr double kFirstVelocitySigma = 0.5;

bool IsUsable(const MarkerSample* sample) {
  return sample != nullptr && sample->source != SampleSource::kMissing;
}

}  // namespace

PointMotion EstimateMotion(const Neighbourhood& neighbours, int pass, double typical_speed) {
  PointMotion motion;
  motion.speed_sigma = typical_speed;
  if (pass == 0) return motion;
  const auto& [before, now, after] = neighbours.sample;
  const double h_before = neighbours.time[1] - neighbours.time[0];
  const double h_after = neighbours.time[2] - neighbours.time[1];
  const bool has_before = IsUsable(before) && h_before <= kLongestStep;
  const bool has_after = IsUsable(after) && h_after <= kLongestStep;
  const double velocity_sigma = pass == 1 ? kFirstVelocitySigma : 0.0;
  if (has_before && has_after && IsUsable(now)) {
    // Differences for uneven steps: exact for a parabola.
    const Eigen::Vector3d v_before = (now->position - before->position) / h_before;
    const Eigen::Vector3d v_after = (after->position - now->position) / h_after;
    const double h = h_before + h_after;
    motion = {(h_after * v_before + h_before * v_after) / h, 2.0 / h * (v_after - v_before),
              velocity_sigma};
  } else if (has_before && has_after) {
    motion.velocity = (after->position - before->position) / (h_before + h_after);
    motion.speed_sigma = velocity_sigma;
  } else if (has_before && IsUsable(now)) {
    motion.velocity = (now->position - before->position) / h_before;
    motion.speed_sigma = kFirstVelocitySigma;
  } else if (has_after && IsUsable(now)) {
    motion.velocity = (after->position - now->position) / h_after;
    motion.speed_sigma = kFirstVelocitySigma;
  }
  return motion;
}

}  // namespace medius::reconstruct
