#pragma once

#include <cstddef>
#include <vector>

#include <Eigen/Core>

#include "calibration/result.hpp"
#include "core/camera_rig.hpp"
#include "core/parallel.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// How well a rig predicts views that it was not made from.
struct HeldOutScore {
  double rms = 0.0;     ///< pixels per axis over all sightings; NaN where there are none
  double median = 0.0;  ///< pixels, of the lengths of the residuals
  std::size_t sightings = 0;
  std::size_t poses = 0;              ///< target poses fitted
  double parameters = 0.0;            ///< numbers fitted to them in effect: six a pose, or more
  std::size_t lost_views = 0;         ///< views that no pose could be found for
  std::vector<double> rms_of_camera;  ///< [cameras] pixels per axis
  /// [views][sightings] pixels, seen minus predicted; NaN where the view was lost.
  std::vector<std::vector<Eigen::Vector2d>> residuals;
  std::vector<TargetPose> target_poses;

  /// Pixels per axis, corrected for the numbers that were fitted to what is scored.
  [[nodiscard]] double CorrectedRms() const;
};

/// The numbers of a score from its residuals; views without any are lost.
void SummarizeResiduals(const TargetObservations& observations, HeldOutScore* score);

/// Fits nothing but the pose of each target at each instant, by least squares on all its views, the
/// cameras standing still, and scores what is left. Six numbers are fitted to each pose, so that a
/// pose of few sightings flatters the rig; no outlier is left out.
/// @param rig  cameras in the order of the observations' (names are checked).
/// @throws InputError as ValidateObservations, and where a camera's name differs.
HeldOutScore ScoreHeldOut(const CameraRig& rig, const TargetObservations& observations,
                          Parallelism parallelism);

/// The views of every second instant that has any: `odd` false for the first, third, ...
TargetObservations EverySecondInstant(const TargetObservations& observations, bool odd);

}  // namespace medius::calibration
