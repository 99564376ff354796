#pragma once

#include <string>
#include <vector>

#include "core/events.hpp"
#include "storage/c3d_layout.hpp"
#include "storage/c3d_parameters.hpp"

namespace medius::storage {

/// Foot strikes and toe offs of a C3D file: those of its EVENT group, else those of its header.
/// Events of another kind or without a side are counted in a warning, as are events outside the
/// trial. Times are those of the trial's time base; files whose events count from the first frame
/// rather than from frame 1 are told by all their times being too early.
///
/// @param begin, end  seconds of the trial's first and last frame.
[[nodiscard]] GaitEvents ReadC3dEvents(const C3dHeader& header, const C3dParameters& parameters,
                                       double begin, double end,
                                       std::vector<std::string>& warnings);

}  // namespace medius::storage
