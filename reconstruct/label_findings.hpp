#pragma once

#include <vector>

#include "core/subject_model.hpp"
#include "core/time_base.hpp"
#include "reconstruct/label_fragments.hpp"
#include "reconstruct/label_timeline.hpp"
#include "reconstruct/motion_model.hpp"

namespace medius::reconstruct {

/// Segments of the subject whose clusters have the same shape, so that place alone tells them
/// apart. Markers that have no name anywhere in the run (those of the standing trial only) do not
/// count; where nothing is named all do.
[[nodiscard]] std::vector<LabelFinding> AlikeSegments(const SubjectModel& subject,
                                                      const LabelTimeline& timeline);

/// How the rigid distances of a labelled run compare with the subject's.
struct SubjectFit {
  double scale = 1.0;     ///< median of run over subject
  double misfit = 0.0;    ///< root mean square of what differs after skin's play, in its sd
  double off = 0.0;       ///< median difference without its sign, metres
  std::size_t pairs = 0;  ///< that could be compared
};
[[nodiscard]] SubjectFit CompareWithSubject(const MotionSamples& samples,
                                            const SubjectModel& subject);
/// The finding that the run is another subject's; none where it is not, or too little was seen.
[[nodiscard]] std::vector<LabelFinding> SubjectMisfit(const SubjectFit& fit,
                                                      const SubjectModel& subject);

/// Markers that are never seen, and those that are gone for the rest of the run while others stay.
[[nodiscard]] std::vector<LabelFinding> MissingMarkers(const LabelTimeline& timeline,
                                                       const TimeBase& time_base,
                                                       const SubjectModel& subject);

}  // namespace medius::reconstruct
