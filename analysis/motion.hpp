#pragma once

#include <array>
#include <limits>
#include <vector>

#include "analysis/angle_list.hpp"
#include "analysis/body_model.hpp"
#include "core/kinematics.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"

namespace medius::analysis {

/// How marker positions become poses and angles.
struct MotionOptions {
  /// Zero-lag low-pass on marker positions, Hz; 0 filters nothing. 10-12 Hz is usual for running.
  double cutoff_hz = 10.0;
  /// Longest gap that is filled, seconds. Longer ones stay open.
  double max_gap_s = 0.1;
  /// 1 sd of each coordinate of a marker whose file gives no covariance, metres.
  double assumed_marker_sd = 0.0005;
  /// 1 sd of each coordinate of a filled marker, metres.
  double filled_marker_sd = 0.003;
  /// Where the camera of the 2-D angles looks, radians from the lab's X about the upward axis: 0
  /// from straight behind the runner, pi from the front.
  double view_direction = 0.0;
  /// Frames a piece of work. Changes nothing but speed (below 1e-9 rad).
  std::size_t chunk_frames = 4096;

  /// @throws InputError that names the field that is out of range for a recording of this rate.
  void Validate(double rate_hz) const;
};

/// What the detection of events needs, over all frames: metres in the lab, NaN where missing.
struct EventSignals {
  std::vector<double> pelvis_forward;               ///< X of the middle of the pelvis' markers
  std::vector<double> pelvis_up;                    ///< Z of it
  std::array<std::vector<double>, 2> heel_forward;  ///< by Side; X of the heel
  std::array<std::vector<double>, 2> foot_forward;  ///< by Side; X half-way from heel to forefoot
  std::array<bool, 2> heel_alone = {};              ///< by Side; foot_forward is that of the heel
  std::vector<double> pelvis_left;                  ///< Y of the middle of the pelvis' markers
  std::array<std::vector<double>, 2> heel_left;     ///< by Side; Y of the heel
  /// How far the right thigh's markers, and the right shank's, are to the right of the left ones'
  /// along the pelvis' rightward axis: below 0 where the sides were mixed up.
  std::array<std::vector<float>, 2> leg_separation;
};

/// How the markers of a segment stray from where the standing trial had them on it, over all fitted
/// frames; metres, rms over markers.
struct SegmentDeformation {
  double constant = std::numeric_limits<double>::quiet_NaN();  ///< the mean over the run
  double varying = std::numeric_limits<double>::quiet_NaN();   ///< about that mean
};

/// Poses and angles of a whole recording.
struct Motion {
  Kinematics kinematics;  ///< its segments are empty: they are in `segments`
  EventSignals signals;
  std::array<SegmentRotations, kSegmentCount>
      segments;  ///< by Segment; all NaN where there is none
  std::array<SegmentDeformation, kSegmentCount> deformation;  ///< by Segment
};

/// Poses by rigid fit in every frame and the angles from them, with the 1 sd that the markers' own
/// covariances cause: reduced as the filter reduces white noise, filled markers at
/// options.filled_marker_sd. Movement of the skin is not in it; see SoftTissueSd.
///
/// The recording is read in chunks with enough frames on either side that the filter does not see
/// the border. Angles are those of AngleDescriptions() that the body can have (the first
/// kFirstOptionalAngle always), each for every frame; NaN where it could not be computed.
[[nodiscard]] Motion ComputeMotion(const BodyModel& body, const Recording& run,
                                   const MotionOptions& options, Parallelism parallelism,
                                   const WorkControl& control);

/// 1 sd of a marker's movement against its segment (skin and noise together), each coordinate,
/// metres, from the residual of the fits: 3N coordinates less the 6 of the pose.
/// @param rms  of the fits, metres, each over the N markers.
[[nodiscard]] double SoftTissueSd(double rms, std::size_t marker_count);

}  // namespace medius::analysis
