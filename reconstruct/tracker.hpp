#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "core/time_base.hpp"
#include "reconstruct/cold_start.hpp"
#include "reconstruct/fragments.hpp"
#include "reconstruct/frame_sightings.hpp"
#include "reconstruct/gates.hpp"
#include "reconstruct/track_filter.hpp"

namespace medius::reconstruct {

struct TrackerOptions {
  SightingWeights weights;
  GateOptions gates;
  ColdStartOptions cold_start;
  MotionOptions motion;
  /// Seconds that a track goes on unseen at most, ...
  double longest_coast = 0.06;
  /// ... and metres, 1 sd, of its predicted position up to which it does.
  double coast_sigma = 0.020;
  /// m/s: nothing moves faster; a foot in swing reaches 12 at a sprint.
  double fastest = 15.0;
  /// m/s^2, 1 sd, between the first three points of a track.
  double start_acceleration = 120.0;

  /// @throws InputError that names the field that is out of range.
  void Validate() const;
};

/// Which track each sighting of a block belongs to, as the rows of ObservationBlock stand.
struct TrackedBlock {
  FrameRange frames;
  /// [C] by row; index of a Fragment of Tracker::TakeFragments or kFree.
  std::vector<std::vector<std::int32_t>> track;
};

/// Turns anonymous sightings into fragments of tracks, frame by frame: tracks that live predict
/// where their sightings must be; what they leave is paired into new points (ColdStart); three
/// points of consecutive frames that move as a body can start a track. A sighting serves one point.
/// Two rays continue a track and never start one.
///
/// A stream: blocks of any length; the result does not depend on how frames are cut into blocks.
/// Frames come out two later than they went in, for a track begins two frames before it is known.
class Tracker {
 public:
  /// @throws InputError where options are out of range or the rig has too many cameras.
  Tracker(CameraRig rig, TimeBase time_base, const TrackerOptions& options);

  /// Takes the next frames, cameras in the order of the rig.
  [[nodiscard]] TrackedBlock Push(const ObservationBlock& block);
  /// The last frames. After the last Push.
  [[nodiscard]] TrackedBlock Finish();
  /// Every fragment, by the numbers that TrackedBlock uses. After Finish.
  [[nodiscard]] std::vector<Fragment> TakeFragments();

 private:
  struct Track {
    std::int32_t id;
    TrackFilter filter;
    std::size_t last_seen;  // frame
  };
  struct LoosePoint {
    ColdPoint point;
    bool taken = false;
  };
  struct Triple;
  // A frame that waits until the tracks that begin in it are known.
  struct PendingFrame {
    std::vector<CameraFrame> seen;
    std::vector<LoosePoint> loose;
  };
  // What a track makes of the frame.
  struct Claim {
    std::size_t track;
    Prediction prediction;
    Gates gates;
    GateFit fit;
    Eigen::Vector3d position;  // of the fit
    double prior_distance2;    // of the fit from the prediction, over its variance
    bool found;
  };

  void Step(const ObservationBlock& block, std::size_t k);
  void Continue(std::size_t frame, std::vector<CameraFrame>* seen);
  void Resolve(const std::vector<CameraFrame>& seen, Claim* claim) const;
  void Take(const Claim& claim, std::size_t frame, std::vector<CameraFrame>* seen);
  void EndLost(std::size_t frame);
  [[nodiscard]] std::vector<Triple> FindTriples(std::size_t frame) const;
  void StartNew(std::size_t frame);
  void StartTrack(std::size_t frame, const Triple& triple);
  TrackedBlock Release(std::size_t keep);

  CameraRig rig_;
  TimeBase time_base_;
  TrackerOptions options_;
  ColdStart cold_start_;
  std::vector<Track> tracks_;
  std::vector<Claim> claims_;  // kept for its memory
  std::vector<Fragment> fragments_;
  std::deque<PendingFrame> pending_;
  std::size_t pushed_ = 0;
  std::size_t released_ = 0;
};

}  // namespace medius::reconstruct
