#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/parallel.hpp"
#include "core/progress.hpp"
#include "core/subject_model.hpp"
#include "core/time_base.hpp"
#include "reconstruct/fragments.hpp"

namespace medius::reconstruct {

/// How fragments get their names.
struct LabelOptions {
  /// Seconds of a window in which names are first found: a stride or more, but short enough that
  /// most markers are seen all through some window.
  double start_window = 1.0;
  /// Positions a second at which fragments are compared with their neighbours: an exchange of two
  /// markers shows within a few hundredths of a second.
  double samples_per_second = 20.0;
  /// Seconds after which the error of a prediction is a new one: neighbouring samples are not
  /// independent witnesses.
  double memory = 0.15;
  /// Natural log of the odds against an exchange of two markers inside a fragment, a sample.
  double swap_log_odds = 8.0;
  /// A name that is less probable than this is not given.
  double min_confidence = 0.9;

  /// @throws InputError that names the field which is out of range.
  void Validate() const;
};

/// What came of labelling as a whole.
enum class LabelStatus {
  kLabelled,
  kNoFragments,        ///< nothing to label
  kNotFound,           ///< nowhere in the run do the fragments fit the subject
  kSubjectDoesNotFit,  ///< rigid distances are not this subject's: the names are not to be used
};

/// Something about the run that its user should know.
struct LabelFinding {
  enum class Kind {
    kSubjectDoesNotFit,  ///< value: the run's rigid distances over the subject's, a ratio
    kAlikeSegments,      ///< value: largest difference of their distances, metres
    kUnsureName,         ///< value: log odds over the first alternative
    kNeverSeen,          ///< a marker of the subject that no fragment is
    kLostForGood,        ///< value: share of the run before; time: when it was last seen
  };
  Kind kind = Kind::kUnsureName;
  std::vector<MarkerId> markers;
  double time = 0.0;  ///< seconds of the trial; NaN where it concerns the whole
  double value = 0.0;
  std::string text;  ///< one line for people
};

struct LabelResult {
  Labelling labelling;
  LabelStatus status = LabelStatus::kLabelled;
  std::vector<LabelFinding> findings;
  std::size_t named_frames = 0;    ///< marker-frames with a name
  std::size_t unnamed_frames = 0;  ///< seen, and best explained by some marker, but not surely
  std::size_t ghost_frames = 0;    ///< seen, and explained by no marker
};

/// Gives the fragments of a run the names of a subject's markers, over the whole run and not frame
/// by frame.
///
/// Names are first found in a window of a stride or so, by the subject's distances and by places in
/// the body frame. How the markers move together is then learned from the run itself, and carries
/// the names forward and back; every fragment is then judged as a whole against all the others, cut
/// where it goes on as another marker, and left without a name where no marker or more than one
/// explains it. At last the names are checked with the distances of the whole run.
///
/// The marker ids of the result are indices into subject.markers. Z of the lab is up; where the
/// runner faces is found, not assumed.
///
/// @return the same for any number of threads. With a status other than kLabelled no piece has a
///         name.
/// @throws InputError where options are out of range or the subject has fewer than three anchor
///         markers; Cancelled.
[[nodiscard]] LabelResult LabelFragments(const std::vector<Fragment>& fragments,
                                         const TimeBase& time_base, const SubjectModel& subject,
                                         const LabelOptions& options, Parallelism parallelism,
                                         const WorkControl& control = {});

}  // namespace medius::reconstruct
