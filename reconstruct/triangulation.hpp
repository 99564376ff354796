#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/trajectories.hpp"
#include "reconstruct/direction_table.hpp"
#include "reconstruct/point_fit.hpp"

namespace medius::reconstruct {

struct TriangulationOptions {
  /// Pixels: standard deviation of a sighting that does not bring its own. 0.3 is what a passive
  /// marker of a few pixels and a fair calibration give together.
  double default_sigma_px = 0.3;
  /// Factor on every sigma that a sighting brings, for a detector that flatters itself or a
  /// calibration that is off by more than it.
  double sigma_factor = 1.0;
  /// Pixels: no sighting is trusted more than this, whatever it says of itself; below it the
  /// rounding of pixels to float32 in the file and any calibration's own error count for more.
  double smallest_sigma_px = 0.01;
  /// Radians: points whose rays all lie within this of one line are not computed. At 2 degrees the
  /// error along the rays is some forty times that across them.
  double min_angle = 2.0 * 3.14159265358979323846 / 180.0;
  /// A view contradicts the others where leaving it out reduces the squared error, over sigma, by
  /// more than the square of this: one good view in 270,000 exceeds 5.
  double reject_sigma = 5.0;
  /// Whether contradicting views are looked for at all. Without it every point is the fit to all
  /// its views, however bad.
  bool reject_bad_views = true;

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// One camera's view of one marker.
struct Sighting {
  CameraId camera;
  Eigen::Vector2d xy;  ///< pixels, distorted as seen
  /// Pixels, of each coordinate; the default of the options stands in where it is not > 0.
  double sigma_px = std::numeric_limits<double>::quiet_NaN();
  double delay = 0.0;  ///< seconds from the time of the frame to this sighting's exposure
};

/// How a point moves around the time of its frame, for sightings that were exposed a little later
/// or earlier (Sighting::delay).
struct PointMotion {
  Eigen::Vector3d velocity = Eigen::Vector3d::Zero();      ///< m/s
  Eigen::Vector3d acceleration = Eigen::Vector3d::Zero();  ///< m/s^2
  /// m/s, of each component of the velocity: what is not known of it widens the sighting's sigma.
  double speed_sigma = 0.0;
};

/// Why a point is there or not.
enum class PointStatus : std::uint8_t {
  kComputed = 0,
  kTooFewRays,     ///< fewer than two usable sightings
  kNarrowAngle,    ///< all rays nearly parallel, see TriangulationOptions::min_angle
  kViewsDisagree,  ///< and which view is wrong cannot be told
  kBehindCamera,   ///< the rays meet behind a camera
  kNotConverged,
};
inline constexpr int kPointStatusCount = 6;

/// "computed", "too_few_rays", "narrow_angle", "views_disagree", "behind_camera", "not_converged".
[[nodiscard]] std::string_view ToString(PointStatus status);

/// A triangulated point. Bit and array index i belong to sighting i of the call.
struct TriangulatedPoint {
  PointStatus status = PointStatus::kTooFewRays;
  /// Lab, metres, metres^2, rms over the rays used of the distance in pixels; missing (NaN) unless
  /// status is kComputed.
  MarkerSample sample;
  double chi2 = 0.0;  ///< squared residuals over sigma; 2 rays - 3 degrees of freedom
  std::uint64_t used = 0;
  std::uint64_t rejected = 0;  ///< contradicts the others
  std::uint64_t unusable = 0;  ///< not finite, or no direction has this pixel
  /// Pixels from the projected point, for used sightings; unset for all others.
  std::array<float, kMaxViews> distance_px;
};

/// Triangulates points seen by the cameras of a rig. Const members may be called by several threads
/// at once.
class Triangulator {
 public:
  /// @throws InputError where the options are out of range or the rig has more than 64 cameras.
  Triangulator(CameraRig rig, const TriangulationOptions& options);

  /// One point from N >= 2 views: the point nearest to the rays, then Gauss-Newton on the distorted
  /// pixels weighted by sigma, so the maximum-likelihood estimate; covariance (J^T W J)^-1. A view
  /// that contradicts the others is rejected where it can be told which one it is (FindBadViews).
  ///
  /// @param sightings  at most 64, each of another camera.
  /// @param motion     of the point; matters for sightings with a delay only.
  /// Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., sections 12.2 and 5.2.
  [[nodiscard]] TriangulatedPoint Triangulate(std::span<const Sighting> sightings,
                                              const PointMotion& motion = {}) const;

  /// Squared distance, over its uncertainty, of a sighting from where a computed point should be
  /// seen by its camera; infinity where the camera cannot see the point. For a sighting that took
  /// no part in the point: chi-square with 2 degrees of freedom.
  [[nodiscard]] double SquaredDistance(const MarkerSample& point, const Sighting& sighting,
                                       const PointMotion& motion = {}) const;

  [[nodiscard]] const CameraRig& rig() const { return rig_; }
  [[nodiscard]] const TriangulationOptions& options() const { return options_; }

 private:
  struct CameraCache {
    DirectionTable directions;
    Eigen::Vector3d centre;  ///< lab, metres
  };
  [[nodiscard]] double Sigma(const Sighting& sighting) const;
  bool MakeView(const Sighting& sighting, const PointMotion& motion, View* view) const;
  [[nodiscard]] PointStatus Fit(const PointMotion& motion, Views* views, PointFit* fit) const;

  CameraRig rig_;
  TriangulationOptions options_;
  std::vector<CameraCache> caches_;
  double smallest_sine2_;
};

}  // namespace medius::reconstruct
