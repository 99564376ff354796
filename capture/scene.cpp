#include "capture/scene.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace medius::capture {

TrajectoryBlock TrueTrajectories(const Scene& scene, const TimeBase& time_base, FrameRange frames) {
  TrajectoryBlock block(frames, scene.labels().size());
  SceneState state;
  MarkerSample sample = MarkerSample::Missing();
  for (std::size_t frame = 0; frame < frames.count; ++frame) {
    scene.At(time_base.time[frames.first + frame], state);
    for (std::size_t m = 0; m < state.markers.size(); ++m) {
      sample.position = state.markers[m];
      sample.source =
          sample.position.allFinite() ? SampleSource::kImported : SampleSource::kMissing;
      block.Set(frame, MarkerId(m), sample);
    }
  }
  return block;
}

// The points of two segments that are nearest to each other (Ericson 2005, Real-Time Collision
// Detection, section 5.1.9), here of a line of sight and a limb's axis.
bool Hides(const Limb& limb, const Eigen::Vector3d& a, const Eigen::Vector3d& b) {
  const Eigen::Vector3d sight = b - a;
  const Eigen::Vector3d axis = limb.to - limb.from;
  const Eigen::Vector3d between = a - limb.from;
  const double sight2 = sight.squaredNorm();
  const double axis2 = axis.squaredNorm();
  const double along_axis = axis.dot(between);
  const double along_sight = sight.dot(between);
  const double both = sight.dot(axis);
  const double determinant = sight2 * axis2 - both * both;
  double s = 0.0;  // share of the line of sight
  if (determinant > 1e-12 * sight2 * axis2) {
    s = std::clamp((both * along_axis - along_sight * axis2) / determinant, 0.0, 1.0);
  }
  double t = axis2 > 0.0 ? (both * s + along_axis) / axis2 : 0.0;  // share of the limb
  if (t < 0.0 || t > 1.0) {
    t = std::clamp(t, 0.0, 1.0);
    s = sight2 > 0.0 ? std::clamp((both * t - along_sight) / sight2, 0.0, 1.0) : 0.0;
  }
  const double radius = limb.from_radius + t * (limb.to_radius - limb.from_radius);
  return (between + s * sight - t * axis).squaredNorm() < radius * radius;
}

}  // namespace medius::capture
