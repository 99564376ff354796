#pragma once

#include "capture/body_pose.hpp"
#include "capture/virtual_runner.hpp"
#include "core/kinematics.hpp"
#include "core/time_base.hpp"

namespace medius::capture {

/// Empty series for `frame_count` frames of every angle of BodyAngles, named as the analysis names
/// them (pelvis_obliquity, right_hip_adduction, ...), and pelvis_obliquity_relative.
[[nodiscard]] Kinematics DescribeTrueKinematics(std::size_t frame_count);

/// Writes the angles of one frame. @param kinematics  from DescribeTrueKinematics.
void SetTrueAngles(const BodyAngles& angles, double standing_obliquity, std::size_t frame,
                   Kinematics& kinematics);

/// The true strides within [0, last], last being the time of the trial's last frame: one row a
/// stride, all accepted, with the metrics of the analysis computed from the runner's own angles, as
/// fine as need be, not from its frames.
/// @param standing_obliquity  rad, of the static trial; the relative drop is counted from it.
[[nodiscard]] StrideTable TrueStrides(const VirtualRunner& runner, double last,
                                      double standing_obliquity);

/// Mean, sd and trend of each metric and side. As nothing was measured, the intervals have no
/// width.
[[nodiscard]] Summary TrueSummary(const StrideTable& strides);

}  // namespace medius::capture
