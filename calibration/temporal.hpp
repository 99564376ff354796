#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "calibration/result.hpp"
#include "calibration/temporal_solver.hpp"
#include "core/progress.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// What of the cameras' timing is estimated.
struct TemporalOptions {
  bool offsets = true;     ///< one a camera, against the reference camera
  bool drift = false;      ///< clocks of different rates, against the reference camera
  bool line_time = false;  ///< rolling shutters: the time from one row to the next
  /// Frames that come at times of their own beside their camera's offset, as from cameras without a
  /// trigger: their sd is estimated, and each frame's time within it.
  bool frame_jitter = false;
  /// Views of one instant share its mean stamp. For stamps that say when a frame was handed over
  /// rather than when it was exposed (webcams): their scatter is not that of the exposures.
  bool common_stamps = false;
  /// Median intervals between instants after which a target's motion begins anew: what it did in
  /// between is unknown.
  double largest_gap = 2.5;
  /// An offset known to no better than this share of the interval between instants is not
  /// estimated.
  double largest_sd = 0.25;
  int max_rounds = 40;  ///< of adjustments and estimates of the scales

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// When one camera exposes. What was not estimated is 0 with an infinite sd; the reference camera's
/// offset and drift are 0 with sd 0, by choice.
struct CameraTimingEstimate {
  double offset = 0.0;  ///< seconds after the reference camera, at TemporalResult::middle_time
  double offset_sd = std::numeric_limits<double>::infinity();
  double drift = 0.0;  ///< seconds per second
  double drift_sd = std::numeric_limits<double>::infinity();
  double line_time = 0.0;  ///< seconds
  double line_time_sd = std::numeric_limits<double>::infinity();
  double frame_sd = 0.0;  ///< seconds, rms of the times of its frames beside the offset
};

/// A rig with its timing.
struct TemporalResult {
  /// As Calibrate's; cameras have time_offset, time_drift and line_time. Target poses are those at
  /// the mean stamp of each instant; residuals are against each camera's own time. Its covariance
  /// is of intrinsics and places, with the uncertainty of the timing in it.
  CalibrationResult calibration;
  std::vector<CameraTimingEstimate> timing;  ///< [cameras]
  /// [3 cameras, 3 cameras] of (offset, drift, line time) of each; 0 for what was not estimated.
  Eigen::MatrixXd timing_covariance;
  double middle_time = 0.0;  ///< seconds: the time stamp at which offsets are stated
  double interval = 0.0;     ///< seconds between instants, median: "a frame"
  TemporalScales scales;     ///< noise and motion, as estimated
  /// Rms of the residuals, px per axis over all sightings that have a target pose, outliers
  /// included: of the static start and with the timing.
  double static_rms = 0.0;
  double temporal_rms = 0.0;
  /// Share of the residual power of the static rig that timing takes away.
  [[nodiscard]] double ShareExplained() const {
    return 1.0 - temporal_rms * temporal_rms / (static_rms * static_rms);
  }
  /// Cameras whose timing the recording does not tell: the target stood still before them, or no
  /// other camera saw it. Their offset is 0.
  std::vector<CameraId> unobservable;
  /// Sentences for a person: what was found, in ms and frames; what could not be told, and why.
  std::vector<std::string> findings;
};

/// Adjusts a calibrated rig to targets that move while cameras expose at different times: all of
/// the rig again, the timing, and the motion of each target, by one least-squares adjustment. The
/// motion is a random one of white acceleration, whose power is estimated from the data, as are the
/// noise and, where asked for, the jitter of frames. Between instants it is a cubic.
///
/// @param observations  TargetView::time holds the time stamps; those of one frame may differ.
/// @param start  a converged result of these observations.
/// @return status as Calibrate's. A timing that cannot be told is held at 0 and named.
/// @throws InputError where the options or time stamps are not usable, or `start` is none of these
///         observations.
/// Source: Barfoot, State Estimation for Robotics, 2017, section 11.1; Furgale, Rehder & Siegwart,
/// Unified temporal and spatial calibration, IROS 2013.
TemporalResult AdjustTemporal(const TargetObservations& observations,
                              const CalibrationResult& start, const TemporalOptions& options,
                              const WorkControl& control = {});

/// Targets before cameras whose rig and timing are known, and what is left.
struct TrajectoryFit {
  std::vector<std::vector<Eigen::Vector2d>> residuals;  ///< [views][sightings] px; NaN: no pose
  /// A target at an instant.
  struct Knot {
    std::size_t target = 0;
    double time = 0.0;      ///< seconds
    double interval = 0.0;  ///< seconds to the next of the same motion; 0 where it ends
    MotionKnot motion;      ///< of the middle of the target's points
  };
  std::vector<Knot> knots;  ///< by target, then time
};

/// Fits nothing but motion (and the times of frames, where scales.jitter_sd > 0) to all sightings.
/// @param poses    start of each target pose; views without one are left out.
/// @param options  of these, what says how instants and gaps are taken.
TrajectoryFit FitTrajectory(const CameraRig& rig, const TargetObservations& observations,
                            const std::vector<TargetPose>& poses, const TemporalScales& scales,
                            const TemporalOptions& options, Parallelism parallelism,
                            const WorkControl& control = {});

/// Fits nothing but the six numbers of each pose (and the times of frames, where scales.jitter_sd >
/// 0) to all sightings of other instants of the same recording: how the target moves at each is
/// read from a motion that their sightings had no part in.
/// @param motion  knots of the instants around; at rest where they have none near.
TrajectoryFit FitPosesInMotion(const CameraRig& rig, const TargetObservations& observations,
                               const std::vector<TargetPose>& poses,
                               const std::vector<TrajectoryFit::Knot>& motion,
                               const TemporalScales& scales, const TemporalOptions& options,
                               Parallelism parallelism, const WorkControl& control = {});

}  // namespace medius::calibration
