#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "core/shared_covariance.hpp"
#include "core/time_base.hpp"
#include "core/trajectories.hpp"
#include "reconstruct/frame_sightings.hpp"

namespace medius::reconstruct {

/// How one camera fitted the points in a stretch of the run, from sampled frames.
struct CameraWindow {
  double begin = 0.0;  ///< seconds
  double end = 0.0;    ///< seconds
  std::uint64_t sightings = 0;
  std::uint64_t used = 0;      ///< sightings of points, that fit them
  std::uint64_t expected = 0;  ///< points that should be in the image, hidden or not
  std::uint64_t matched = 0;   ///< of these, how many show something where they should be
  double residual_rms_px = std::numeric_limits<double>::quiet_NaN();  ///< of those used
  /// Pixels, of those used, as if the camera had no part in the points.
  Eigen::Vector2d mean_residual = Eigen::Vector2d::Constant(residual_rms_px);
  /// Pixels, 1 sd of each coordinate of the mean.
  double mean_residual_sigma = std::numeric_limits<double>::quiet_NaN();
};

/// What is wrong with a camera, where something is.
enum class CameraFault {
  kNone,
  kBlind,      ///< saw nothing in any frame
  kStopped,    ///< saw nothing any more from `since` on
  kLate,       ///< exposes `delay` seconds later than the rig says
  kTurned,     ///< stands in the rig turned by `turn_deg` about its axis
  kMixedUp,    ///< its sightings fit the place of the camera `other` in the rig
  kMoved,      ///< its picture is shifted by `shift_px` from `since` on
  kDisagrees,  ///< fits nothing (any more, from `since` on), and none of the above explains it
};

/// One camera over a run.
struct CameraQuality {
  std::string name;
  CameraWindow whole;                 ///< the run
  std::vector<CameraWindow> windows;  ///< stretches of it, in order
  /// Seconds that its sightings seem to come later than rig and time stamps say, estimated from how
  /// their residuals go with the motion in the image; NaN where nothing moves enough.
  double sync_error = std::numeric_limits<double>::quiet_NaN();
  double sync_error_sigma = std::numeric_limits<double>::quiet_NaN();

  CameraFault fault = CameraFault::kNone;
  /// Seconds, when it began; the start of the run or NaN where it was so all along.
  double since = std::numeric_limits<double>::quiet_NaN();
  double delay = 0.0;                                  ///< seconds; kLate
  int turn_deg = 0;                                    ///< 90, 180 or 270; kTurned
  std::string other;                                   ///< kMixedUp
  Eigen::Vector2d shift_px = Eigen::Vector2d::Zero();  ///< kMoved
};

/// What is wrong with the camera and what to do, one sentence; empty where it fits.
[[nodiscard]] std::string Describe(const CameraQuality& camera, double rate_hz);

/// Frames of which a camera's sightings and the points are kept for judging the cameras.
struct MonitoredFrame {
  std::size_t frame = 0;
  double time = 0.0;                             ///< seconds
  double frame_time = 0.0;                       ///< seconds from one frame to the next
  std::vector<std::vector<Eigen::Vector2f>> xy;  ///< [C][rows] pixels, finite
  std::vector<std::vector<std::int16_t>> label;  ///< [C][rows]
  std::vector<std::vector<float>> sigma;         ///< [C] pixels, of those that state one
  std::vector<double> delay;                     ///< [C] seconds, middle of the image
  /// [2 reach + 1][M] lab, metres; NaN where not measured; the middle is this frame.
  std::vector<std::vector<Eigen::Vector3f>> position;
  std::vector<int> rays;  ///< [M] of the middle
};

/// Watches the cameras of a run: a sample of frames is kept, bounded however long the run is, and
/// judged at the end. Does not depend on how frames are cut into blocks.
class CameraMonitor {
 public:
  /// Frames on either side in which a late or early camera is looked for.
  static constexpr std::size_t kReach = 12;

  CameraMonitor(CameraRig rig, TimeBase time_base, std::size_t marker_count,
                const SightingWeights& weights);

  /// The next sightings, with the labels that the points were made of.
  void Observe(const ObservationBlock& block);
  /// The next points. May lag behind the sightings.
  void Observe(const TrajectoryBlock& block);

  /// Judges every camera. After the last frames.
  [[nodiscard]] std::vector<CameraQuality> Judge() const;

  /// What the rig's own covariance does to the points of the frames kept, in about one of them a
  /// second; empty where the rig states none.
  [[nodiscard]] SharedCovariance RigCovariance() const;

 private:
  CameraRig rig_;
  TimeBase time_base_;
  std::size_t marker_count_;
  SightingWeights weights_;
  std::size_t stride_;
  std::vector<MonitoredFrame> frames_;
};

}  // namespace medius::reconstruct
