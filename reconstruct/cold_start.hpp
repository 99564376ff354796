#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "reconstruct/direction_table.hpp"
#include "reconstruct/frame_sightings.hpp"
#include "reconstruct/gates.hpp"

namespace medius::reconstruct {

struct ColdStartOptions {
  /// Rays that a point needs that continues nothing: two rays meet by chance far too often.
  int min_rays = 3;
  /// Metres from a camera: nothing nearer or farther is a marker.
  double nearest = 0.2;
  double farthest = 30.0;
  /// Most pairs of rays of a frame that are followed up, shared evenly among the pairs of cameras;
  /// a frame full of reflections has millions.
  int max_pairs = 20'000;
};

/// A point that was found without any prediction.
struct ColdPoint {
  Eigen::Vector3d position;    ///< lab, metres
  Eigen::Matrix3d covariance;  ///< metres^2
  int rays = 0;
  double chi2 = 0.0;
  /// Its sightings: camera and index into the CameraFrame.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sightings;
};

/// Finds points among sightings of which nothing is known, from the rays of pairs of cameras that
/// meet, each followed into the other cameras.
class ColdStart {
 public:
  ColdStart(const CameraRig& rig, const GateOptions& gates, const ColdStartOptions& options);

  /// Finds the points of a frame among its free sightings; each sighting serves one point at most.
  /// The sightings are left free.
  [[nodiscard]] std::vector<ColdPoint> Find(const CameraRig& rig,
                                            std::vector<CameraFrame>* seen) const;

 private:
  struct CameraCache {
    DirectionTable directions;
    Eigen::Vector3d centre;
    double focal_length;
  };
  struct Ray {
    Eigen::Vector3d direction;
    double angle_variance;  // radians^2
    std::uint32_t sighting;
  };
  struct Work;
  [[nodiscard]] std::vector<Ray> RaysOf(std::size_t camera, const CameraFrame& seen) const;
  // Where two rays are nearest to each other, and how well that is known.
  struct Meeting {
    Eigen::Vector3d point;
    double variance;  // metres^2, of each coordinate
  };
  [[nodiscard]] std::optional<Meeting> Meet(std::size_t a, const Ray& ray_a, std::size_t b,
                                            const Ray& ray_b) const;
  // Follows up at most `budget` meetings of rays of the cameras a and b, beginning with the ray of
  // a at the share `begin` of them, and returns how many it followed up.
  [[nodiscard]] int MeetPair(std::size_t a, std::size_t b, double begin, int budget,
                             Work* work) const;
  void MeetAll(Work* work) const;
  void Follow(const Meeting& meeting, Work* work) const;

  GateOptions gate_options_;
  ColdStartOptions options_;
  std::vector<CameraCache> caches_;
};

}  // namespace medius::reconstruct
