#pragma once

#include <Eigen/Core>

namespace medius::reconstruct {

struct MotionOptions {
  /// m/s^2, 1 sd: how a marker's velocity changes whatever its speed, ...
  double acceleration = 10.0;
  /// ... and 1/s, how much more the faster it is: a limb swings at some 10 rad/s.
  double acceleration_by_speed = 8.0;
};

/// Where a marker will be, from where it was: a Kalman filter with constant velocity and white
/// acceleration, the same in all axes (Bar-Shalom, Li & Kirubarajan 2001, section 6.3.2). How much
/// acceleration is expected follows the speed and what the last innovations showed.
class TrackFilter {
 public:
  TrackFilter(const Eigen::Vector3d& position, const Eigen::Vector3d& velocity,
              double position_variance, double velocity_variance, const MotionOptions& options);

  void Predict(double dt);
  /// @param variance  metres^2, of each coordinate of the position measured.
  void Update(const Eigen::Vector3d& position, double variance);

  [[nodiscard]] const Eigen::Vector3d& position() const { return x_; }
  [[nodiscard]] const Eigen::Vector3d& velocity() const { return v_; }
  [[nodiscard]] double position_variance() const { return pp_; }

 private:
  MotionOptions options_;
  Eigen::Vector3d x_;  // metres
  Eigen::Vector3d v_;  // m/s
  double pp_;
  double pv_ = 0.0;
  double vv_;
  double shown_acceleration2_ = 0.0;  // by the innovations
  double dt_ = 0.0;                   // since the last update
};

}  // namespace medius::reconstruct
