#pragma once

#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/time_base.hpp"
#include "core/trajectories.hpp"

namespace medius::capture {

/// A solid limb that hides what is behind it: all points within a radius of a line, the radius
/// going evenly from one end to the other. Lab, metres.
struct Limb {
  Eigen::Vector3d from;
  Eigen::Vector3d to;
  double from_radius = 0.0;
  double to_radius = 0.0;
};

/// The world at one instant: markers (NaN where there is none) and what can hide them.
struct SceneState {
  std::vector<Eigen::Vector3d> markers;  ///< lab, metres, by MarkerId
  std::vector<Limb> limbs;
};

/// A world that cameras can look at, at any time. Safe to ask from several threads.
class Scene {
 public:
  virtual ~Scene() = default;
  [[nodiscard]] virtual const std::vector<std::string>& labels() const = 0;
  /// Writes the state at a time (seconds) into `state`, whose vectors keep their memory.
  virtual void At(double time, SceneState& state) const = 0;
};

/// The true positions of a scene at the frames of a range: source imported, no covariance.
[[nodiscard]] TrajectoryBlock TrueTrajectories(const Scene& scene, const TimeBase& time_base,
                                               FrameRange frames);

/// True where the straight line between two points passes through a limb.
[[nodiscard]] bool Hides(const Limb& limb, const Eigen::Vector3d& a, const Eigen::Vector3d& b);

}  // namespace medius::capture
