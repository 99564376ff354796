#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "calibration/result.hpp"
#include "core/camera_rig.hpp"
#include "core/target.hpp"

namespace medius::calibration {

/// A target that moves before cameras which do not expose at one time: every number that decides it.
struct MovingSceneOptions {
  enum class Target { kBoard, kWand };

  std::uint64_t seed = 1;
  Target target = Target::kBoard;
  std::size_t cameras = 4;
  std::size_t frames = 200;
  double rate_hz = 60.0;
  double sigma = 0.3;  ///< pixels
  /// Largest offset of a camera but the first, in frames; drawn at random unless `offset` is given.
  double largest_offset = 0.5;
  std::vector<double> offset;     ///< [cameras] seconds
  std::vector<double> drift;      ///< [cameras] seconds per second
  std::vector<double> line_time;  ///< [cameras] seconds
  double frame_jitter = 0.0;      ///< seconds, 1 sd, of the time of each frame of each camera
  double speed = 1.0;             ///< of the motion; 0: the target stands still
  double start_time = 12.0;       ///< seconds, the first time stamp
};

struct MovingScene {
  TargetObservations observations;
  CameraRig rig;                        ///< true, with its timing; the first camera's frame is the lab's
  std::vector<TargetPose> target_poses; ///< true at each stamp
};

MovingScene MakeMovingScene(const MovingSceneOptions& options);

/// Where the target is at a time, in the first camera's frame.
RigidTransform TrueMotion(const MovingSceneOptions& options, const CameraRig& rig, double time);

/// A start near the truth, as a calibration that knows nothing of time would leave it.
CalibrationResult StartNearTruth(const MovingScene& scene);

}  // namespace medius::calibration
