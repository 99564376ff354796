#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "calibration/options.hpp"
#include "calibration/rig_covariance.hpp"
#include "core/camera_rig.hpp"
#include "core/ids.hpp"
#include "core/rigid_transform.hpp"
#include "core/target.hpp"

namespace medius::calibration {

enum class CalibrationStatus {
  kConverged,
  kDegenerate,    ///< the input cannot give a rig: see Degeneracy
  kNotConverged,  ///< the iterations ran out, or no start could be seen by the cameras
};

/// Why a recording cannot give a rig.
enum class DegeneracyKind {
  kNone,
  kTooFewViews,        ///< a camera has not enough views that fix a plane
  kParallelBoards,     ///< all boards of a camera are parallel to its image
  kFocalUnobservable,  ///< a focal length is known to no better than Degeneracy::limit
  kDisconnected,       ///< groups of cameras that never see a target together
  kMirroredCamera,     ///< a camera sees the boards from behind where others see their front
  kWrongTarget,        ///< a camera's points do not fit the target
  kUnobservable,       ///< some combination of the parameters is free
  kPlanarWave,         ///< a wand that was waved in one plane
  kWrongImageSize,     ///< the stated size of an image is not that of its sightings
  kContradiction,      ///< a camera contradicts the others: it moved, or its frames are of others
  kImplausible,        ///< the rig fits and cannot be: see the sentence
  kPoorFit,            ///< the adjustment ends far from the sightings, or does not end
};

struct Degeneracy {
  DegeneracyKind kind = DegeneracyKind::kNone;
  std::vector<CameraId> cameras;              ///< those that it is about; of groups: a pair of them
  std::vector<std::vector<CameraId>> groups;  ///< of kDisconnected
  bool is_contradiction = false;  ///< of groups: a pair did see boards together, and disagrees
  double value = 0.0;             ///< what was found
  double limit = 0.0;             ///< what was needed
  std::string sentence;           ///< says what is wrong and what to do
};

/// Where a target was.
struct TargetPose {
  std::size_t frame = 0;
  std::size_t target = 0;
  RigidTransform lab_from_target;
  std::size_t views = 0;  ///< views with a sighting that was used
};

/// How far a target bulges, see BoardShape.
struct TargetBend {
  std::size_t target = 0;
  Eigen::Vector2d height;  ///< metres, along x and y of the target
  Eigen::Vector2d sd;      ///< metres
};

/// A sighting left out by the outlier rule.
struct OutlierSighting {
  std::size_t view = 0;       ///< index in TargetObservations::views
  std::size_t sighting = 0;   ///< index in the view
  Eigen::Vector2d residual;   ///< pixels, seen minus predicted
  double standardized = 0.0;  ///< length of the residual in its own predicted sd
};

/// What a lab engineer asks of one camera.
struct CameraNumbers {
  std::size_t views = 0;
  std::size_t sightings = 0;  ///< used
  std::size_t outliers = 0;
  double rms = std::numeric_limits<double>::quiet_NaN();       ///< pixels per axis, used sightings
  double focal_sd = std::numeric_limits<double>::quiet_NaN();  ///< pixels, of fx
  double largest_tilt = 0.0;                                   ///< radians, of a board
};

/// A calibrated rig and what it rests on.
struct CalibrationResult {
  CalibrationStatus status = CalibrationStatus::kNotConverged;
  Degeneracy degeneracy;
  CalibrationOptions options;

  /// Lab frame: that of the reference camera (or of the initial rig where there was one). It
  /// carries its joint covariance and each camera's block of it (AttachCovariance).
  CameraRig rig;
  RigCovariance
      covariance;  ///< of all cameras (and bends) at once, in the reference camera's gauge
  std::vector<TargetPose> target_poses;
  std::vector<TargetBend> bends;  ///< one a target where bends were estimated, or none
  /// The targets as they are: bent where that was estimated. Whatever uses the rig's residuals or
  /// target poses further takes these in place of the observations'.
  std::vector<CalibrationTarget> targets;

  /// Standard deviation of a sighting, pixels (of its stated sigma where there is one): square root
  /// of the squared standardized residuals over the degrees of freedom. The covariance is scaled
  /// with it.
  double sigma = std::numeric_limits<double>::quiet_NaN();
  double degrees_of_freedom = 0.0;
  /// Variance over what independent sightings would give, in the mean (ClusteredCovariance): 1 but
  /// where views are displaced as a whole, as by cameras that do not expose at one time. The
  /// covariance contains it.
  double covariance_inflation = 1.0;
  /// [views][sightings] pixels, seen minus predicted; NaN where the view was not used.
  std::vector<std::vector<Eigen::Vector2d>> residuals;
  std::vector<OutlierSighting> outliers;
  double outlier_limit = 0.0;             ///< standardized length above which a sighting is one
  std::vector<std::size_t> unused_views;  ///< views that could not be tied to the rest
  std::vector<CameraNumbers> cameras;
  int iterations = 0;  ///< of all adjustments
};

}  // namespace medius::calibration
