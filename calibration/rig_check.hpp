#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"

namespace medius::calibration {

/// How a rig is checked against an ordinary trial.
struct RigCheckOptions {
  double default_sigma_px = 0.3;  ///< of sightings that state no sigma
  /// Pixels by which an unlabelled sighting may miss what the others say and still be matched at
  /// first. Cameras that are off by more are looked for apart.
  double match_gate_px = 6.0;
  /// Probability that an untouched rig is said to have any camera moved.
  double false_alarm_rate = 1e-4;
  /// Nobody calibrates anew for less: smaller moves are not reported. Radians, metres, and as a
  /// share of the focal length.
  double smallest_rotation = 0.01 * 3.14159265358979323846 / 180.0;
  double smallest_translation = 0.3e-3;
  double smallest_zoom = 5e-4;
  /// No mount stands still by less (warmth, floor); part of every rig's uncertainty. 1 sd, radians
  /// and metres.
  double mount_rotation_sd = 0.002 * 3.14159265358979323846 / 180.0;
  double mount_translation_sd = 0.05e-3;
  /// What is taken for the uncertainty of a rig that states none. 1 sd of each coordinate, radians
  /// and metres.
  double assumed_rotation_sd = 0.005 * 3.14159265358979323846 / 180.0;
  double assumed_translation_sd = 0.3e-3;
  /// Radians: a camera of which a turn this large could pass unseen is not judged.
  double judged_rotation = 0.1 * 3.14159265358979323846 / 180.0;
  std::size_t judged_sightings = 100;  ///< that fit the others; with fewer a camera is not judged
  double speed = 3.0;  ///< m/s, 1 sd of a coordinate of a marker's velocity; see FreePoints
  Parallelism parallelism{1};

  /// @throws InputError that names the field out of range.
  void Validate() const;
};

enum class CameraVerdict {
  kStill,      ///< where the calibration says, as far as this trial can tell
  kMoved,      ///< as a rigid body
  kZoomed,     ///< its focal length changed (and maybe its place): calibrate anew
  kAmbiguous,  ///< it or another one moved; the trial cannot tell which
  kNotJudged   ///< too few sightings that others share
};

/// How one camera differs from the rig.
struct CameraCheck {
  CameraVerdict verdict = CameraVerdict::kNotJudged;
  std::size_t sightings = 0;  ///< in the frames looked at
  std::size_t matched = 0;    ///< of points that others saw too
  std::size_t used = 0;       ///< that fit these points once the moved cameras are mended
  /// Median distance of its sightings from where the other cameras say, pixels, by the rig and by
  /// the mended one; NaN where there are none.
  double miss_px = 0.0;
  double mended_miss_px = 0.0;

  /// By how much it turned (rotation vector, camera frame, x down, y right, z its axis) and its
  /// centre went (lab), freed alone beside the moved ones; with 1 sd along its direction.
  Eigen::Vector3d rotation = Eigen::Vector3d::Zero();     ///< radians
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();  ///< metres
  double rotation_sd = 0.0;
  double translation_sd = 0.0;
  /// No shift of its centre is seen beside the turn, which is then that about the centre; the
  /// translation is still that of a free pose.
  bool turned_only = false;
  double zoom = 0.0;  ///< relative change of the focal length
  double zoom_sd = 0.0;
  double reduction = 0.0;      ///< of chi-square by freeing its pose
  double probability = 1.0;    ///< of such a reduction where nothing moved
  double seen_rotation = 0.0;  ///< the smallest turn about any axis that would be found, radians
  double noise_factor =
      1.0;  ///< by which errors of its sightings exceed their sigma, as a pose sees it
  std::vector<std::size_t> instead;  ///< kAmbiguous: the cameras that may have moved in its place

  /// A move during the trial: when, seconds, and by how much.
  struct Change {
    double time = 0.0;
    double rotation = 0.0;     ///< radians
    double translation = 0.0;  ///< metres
  };
  std::optional<Change> change;
};

struct RigCheck {
  std::vector<CameraCheck> cameras;  ///< in the order of the rig
  CameraRig mended;                  ///< the rig with the moved cameras where they are now
  bool labelled = false;             ///< points were told apart by labels
  std::size_t frames = 0;            ///< looked at
  std::size_t points = 0;            ///< seen by several cameras
  double residual_scale = 1.0;       ///< residuals over their sigmas, mended
  double residual_before_px = 0.0;   ///< rms of the lengths of all residuals, by the rig as it is
  double residual_after_px = 0.0;    ///< and mended
  /// Half of the cameras or more have moved: which half stands still is a guess.
  bool no_majority = false;

  [[nodiscard]] std::vector<std::size_t> With(CameraVerdict verdict) const;
};

/// Tells from an ordinary trial which cameras have moved since the rig was calibrated.
///
/// Points seen by several cameras, told apart by their labels or, where most sightings bear none,
/// by geometry, are adjusted together with the places of all cameras. The cameras that then differ
/// from the rig by more than its covariance and the scatter of the sightings allow are those that
/// moved (MoveTest, Explain). The scatter of what each camera says from one part of the trial to
/// the next stands for the noise, so that errors that last for many frames count as what they are.
/// A move of all cameras together cannot be seen.
///
/// @param seen  the frames looked at, one after another, cameras in the order of the rig.
/// @param time  [frames] seconds.
/// @return verdicts and the mended rig, whose moved cameras have a covariance of their own where
///         the rig has one.
/// @throws InputError where options or rig are out of range; Cancelled.
[[nodiscard]] RigCheck CheckRig(const CameraRig& rig, const ObservationBlock& seen,
                                const std::vector<double>& time, const RigCheckOptions& options,
                                const WorkControl& control = {});

}  // namespace medius::calibration
