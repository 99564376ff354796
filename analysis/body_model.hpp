#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "analysis/recording.hpp"
#include "analysis/segment.hpp"
#include "analysis/segment_frames.hpp"
#include "core/events.hpp"
#include "core/ids.hpp"
#include "core/marker_set.hpp"

namespace medius::analysis {

/// How the markers that track a segment sit on it (CAST; Cappozzo et al. 1995).
struct SegmentModel {
  std::vector<std::size_t> columns;    ///< of BodyModel::columns
  std::vector<Eigen::Vector3d> local;  ///< in the segment's anatomical frame, metres
  double length = 0.0;  ///< between the joint centres, metres; pelvis: between the ASIS

  [[nodiscard]] bool available() const { return local.size() >= 3; }
};

/// How the runner stood, against the lab. Radians.
struct StandingPosture {
  double obliquity = 0.0;
  double tilt = 0.0;
};

/// What the analysis must know of the runner's body to read a run.
struct BodyModel {
  std::vector<MarkerId> columns;  ///< markers of the run that are used, none twice
  std::array<SegmentModel, kSegmentCount> segments;
  /// Index in `columns` of the heel and of the forefoot markers, by Side.
  std::array<std::optional<std::size_t>, 2> heel;
  std::array<std::vector<std::size_t>, 2> forefoot;
  std::optional<StandingPosture> standing;  ///< absent without a standing trial
  /// Mid-PSIS (or sacrum) in the pelvis frame, metres; absent without a trunk.
  std::optional<Eigen::Vector3d> mid_psis;
  PelvisOrder pelvis_order = PelvisOrder::kRotationObliquityTilt;
  JointOrder joint_order = JointOrder::kFlexionAdductionRotation;
  BodySize size;  ///< NaN where not known
  std::vector<std::string> warnings;

  [[nodiscard]] const SegmentModel& operator[](Segment segment) const {
    return segments[IndexOf(segment)];
  }
};

/// Builds the body from a standing trial: the frames of SegmentFrames at the median of the
/// landmarks, and in them the points of the markers that track each segment. The pelvis is tracked
/// by the set's pelvis cluster, or where it has none by its ASIS and PSIS (or sacrum); thigh and
/// shank by their clusters; foot and trunk by theirs or else by the markers of their roles.
///
/// Without a standing trial the frames come from the run itself (the points' median over frames of
/// it) for the segments whose landmarks it has, the pelvis at least; feet and trunk are left out.
///
/// A segment that cannot be had is left empty with a warning; a foot or trunk that the set does not
/// have, without.
/// @param standing  nullptr: none.
/// @throws InputError where the set names a marker that the recording lacks which needs it, where
///         a landmark is never seen, where fewer than three markers track a segment, or where left
///         and right are swapped (see RequireSides).
[[nodiscard]] BodyModel BuildBodyModel(const MarkerSet& set, const Recording& run,
                                       const Recording* standing, const BodyOptions& options);

}  // namespace medius::analysis
