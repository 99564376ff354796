#pragma once

#include <filesystem>

#include "calibration/l_frame.hpp"

namespace medius::apps {

/// Reads an L-frame.
///
///     name = "lab L-frame"        # of the file, where absent
///     origin = "corner"           # the marker above the lab's origin
///     x_arm = "long"              # the marker at the end of the arm that gives the direction...
///     x_arm_points = "forward"    # ... in which the lab sees it: forward (X), left (Y), back,
///     right marker_height_mm = 22.5     # from the floor to z = 0 of the places below: base and
///     radius [markers]                   # places in the frame of the L: right-handed, z up corner
///     = [0, 0, 0]          # mm short  = [0, 400, 0] long   = [600, 0, 0]
///
/// @throws InputError that names the file, the line and the key.
[[nodiscard]] calibration::LFrame ReadLFrame(const std::filesystem::path& path);

}  // namespace medius::apps
