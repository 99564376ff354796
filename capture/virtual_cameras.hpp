#pragma once

#include <cstdint>

#include "capture/scenario.hpp"
#include "capture/scene.hpp"
#include "core/camera_rig.hpp"
#include "core/observations.hpp"
#include "core/time_base.hpp"

namespace medius::capture {

/// What the cameras of a rig see of a scene in a range of frames. Each camera sees a marker
/// at Camera::ExposureDelay after the time stamp of the frame, with the row in which it is seen. A
/// marker is seen where its true pixel lies in the image, the lens is one to one there, no limb
/// stands between, and neither is the frame dropped nor the marker lost by all cameras
/// (effects.lost_share). The rows of a frame stand in a random order, so that their order says
/// nothing about labels.
///
/// The result depends on the frames alone, not on how they are cut into ranges nor on the thread.
/// Columns: xy, sigma (the noise, at least 0.01 px, so that a weight is never infinite) and label
/// (where effects.labels).
[[nodiscard]] ObservationBlock Look(const Scene& scene, const CameraRig& rig,
                                    const TimeBase& time_base, FrameRange frames,
                                    const CameraEffects& effects, std::uint64_t seed);

}  // namespace medius::capture
