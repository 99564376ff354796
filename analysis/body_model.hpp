#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "analysis/recording.hpp"
#include "core/events.hpp"
#include "core/ids.hpp"
#include "core/marker_set.hpp"

namespace medius::analysis {

enum class Segment { kPelvis, kLeftThigh, kRightThigh, kLeftShank, kRightShank };
inline constexpr std::array<Segment, 5> kSegments = {Segment::kPelvis, Segment::kLeftThigh,
                                                     Segment::kRightThigh, Segment::kLeftShank,
                                                     Segment::kRightShank};
/// "pelvis", "left_thigh", ...: the names of clusters in a marker set.
[[nodiscard]] std::string_view ToString(Segment segment);
[[nodiscard]] constexpr Segment ThighOf(Side side) {
  return side == Side::kLeft ? Segment::kLeftThigh : Segment::kRightThigh;
}
[[nodiscard]] constexpr Segment ShankOf(Side side) {
  return side == Side::kLeft ? Segment::kLeftShank : Segment::kRightShank;
}

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
  std::array<SegmentModel, 5> segments;
  /// Index in `columns` of the heel and of the forefoot markers, by Side.
  std::array<std::optional<std::size_t>, 2> heel;
  std::array<std::vector<std::size_t>, 2> forefoot;
  std::optional<StandingPosture> standing;  ///< absent without a standing trial
  std::vector<std::string> warnings;

  [[nodiscard]] const SegmentModel& operator[](Segment segment) const {
    return segments[static_cast<std::size_t>(segment)];
  }
};

/// Builds the body from a standing trial: anatomical frames from the median of the landmarks
/// (pelvis from the ASIS and PSIS or sacrum; hip centre by Harrington unless the set names a marker
/// `<side>_hip_centre`; knee and ankle centres half-way between epicondyles and malleoli), and in
/// them the points of the markers that track each segment. The pelvis is tracked by the set's
/// pelvis cluster, or where it has none by its ASIS and PSIS (or sacrum).
///
/// Without a standing trial the frames come from the run itself (the points' median over frames of
/// it) for the segments whose landmarks it has, the pelvis at least.
///
/// A segment that cannot be had is left empty with a warning.
/// @param standing       nullptr: none.
/// @param marker_offset  metres, see HarringtonHipCentre.
/// @throws InputError where the set names a marker that the recording lacks which needs it, where
///         a landmark is never seen, or where fewer than three markers track a segment.
[[nodiscard]] BodyModel BuildBodyModel(const MarkerSet& set, const Recording& run,
                                       const Recording* standing, double marker_offset);

}  // namespace medius::analysis
