#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "core/camera_rig.hpp"
#include "core/ids.hpp"
#include "core/observations.hpp"
#include "tests/reconstruct/run_sightings.hpp"

namespace medius::testing {

/// What goes wrong in a lab, one thing a function. Frames count from the first of the sightings.

/// The rig believes that a camera hangs upside down: half a turn about its optical axis.
[[nodiscard]] CameraRig WithCameraUpsideDown(CameraRig rig, CameraId camera);

/// A camera whose frames arrive late: frame f has what it saw in frame f - frames, the first ones
/// nothing.
void MakeLate(std::size_t frames, CameraObservations* camera);

/// A camera whose stream ends: nothing from a frame on.
void StopAt(std::size_t frame, CameraObservations* camera);

/// A marker that comes off: from a frame on none of its own sightings; it falls freely from where
/// it was, lies on the belt and is carried away, and is gone a second after it has come down.
/// Until then cameras see it without a label, unless it is out of the picture.
/// @param belt_speed  m/s.
void FallOff(const WholeTrial& run, const CameraRig& rig, MarkerId marker, std::size_t frame,
             double belt_speed, ObservationBlock* seen);

/// False sightings anywhere in the picture, so many a frame in each camera, without labels.
void AddReflections(const CameraRig& rig, std::size_t a_frame, std::uint64_t seed,
                    ObservationBlock* seen);

/// No camera sees anything.
void SeeNothing(ObservationBlock* seen);

/// Gives one cluster of a trial the shape of another, as two plates of one make have: at each frame
/// where all its markers are there, the shape laid on them by least squares (Umeyama 1991).
/// @param shape     positions, metres, in the order of the labels.
/// @param markers   as many labels of the trial.
void GiveShape(const std::vector<Eigen::Vector3d>& shape, const std::vector<std::string>& markers,
               WholeTrial* trial);

}  // namespace medius::testing
