#include "reconstruct/track_filter.hpp"

#include <algorithm>

namespace medius::reconstruct {
namespace {

// Share of the acceleration shown that is remembered from one frame to the next: a foot strike of
// 20 ms must not be forgotten within it at 200 Hz.
constexpr double kMemory = 0.8;
// m/s^2: no marker shows more; a jump beyond it is a mistake that must not open the gates.
constexpr double kMostAcceleration = 400.0;

}  // namespace

TrackFilter::TrackFilter(const Eigen::Vector3d& position, const Eigen::Vector3d& velocity,
                         double position_variance, double velocity_variance,
                         const MotionOptions& options)
    : options_(options),
      x_(position),
      v_(velocity),
      pp_(position_variance),
      vv_(velocity_variance) {}

void TrackFilter::Predict(double dt) {
  const double by_speed = options_.acceleration_by_speed * options_.acceleration_by_speed;
  const double a2 =
      std::max(options_.acceleration * options_.acceleration + by_speed * v_.squaredNorm(),
               shown_acceleration2_);
  x_ += dt * v_;
  const double dt2 = dt * dt;
  pp_ += 2.0 * dt * pv_ + dt2 * vv_ + 0.25 * a2 * dt2 * dt2;
  pv_ += dt * vv_ + 0.5 * a2 * dt2 * dt;
  vv_ += a2 * dt2;
  dt_ += dt;
}

void TrackFilter::Update(const Eigen::Vector3d& position, double variance) {
  const Eigen::Vector3d innovation = position - x_;
  const double s = pp_ + variance;
  const double kp = pp_ / s;
  const double kv = pv_ / s;
  x_ += kp * innovation;
  v_ += kv * innovation;
  vv_ -= kv * pv_;
  pv_ *= 1.0 - kp;
  pp_ *= 1.0 - kp;
  if (dt_ > 0.0) {
    const double by_acceleration = 0.25 * dt_ * dt_ * dt_ * dt_;
    const double excess = std::max(0.0, innovation.squaredNorm() / 3.0 - 2.0 * variance);
    shown_acceleration2_ =
        std::min(std::max(kMemory * shown_acceleration2_, excess / by_acceleration),
                 kMostAcceleration * kMostAcceleration);
  }
  dt_ = 0.0;
}

}  // namespace medius::reconstruct
