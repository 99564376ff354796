#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/parallel.hpp"
#include "core/time_base.hpp"
#include "reconstruct/fragments.hpp"
#include "reconstruct/label_fragments.hpp"
#include "reconstruct/label_timeline.hpp"
#include "reconstruct/motion_model.hpp"

namespace medius::reconstruct {

/// A stretch of a fragment and which marker explains it.
struct JudgedPiece {
  FrameRange frames;
  std::optional<std::size_t> marker;
  double odds = 0.0;  ///< log odds of the marker over a ghost
  /// Other markers that are not seen elsewhere meanwhile and explain it, best first, with theirs.
  std::vector<std::pair<std::size_t, double>> alternatives;

  /// Probability of the marker, or of the best alternative where there is none.
  [[nodiscard]] double Confidence() const;
};

/// What a judgement of all fragments is based on.
struct JudgementInput {
  const std::vector<Fragment>* fragments = nullptr;
  const LabelTimeline* timeline = nullptr;  ///< names so far
  const MotionModel* model = nullptr;
  double rate_hz = 0.0;
  double log_any_place = 0.0;
  LabelOptions options;
};

/// Judges each fragment as a whole against where its neighbours say that each marker is: the most
/// probable sequence of names (Viterbi), the frame of each change, and how sure it is.
/// @return one list of pieces a fragment, which cover it.
[[nodiscard]] std::vector<std::vector<JudgedPiece>> JudgeFragments(const JudgementInput& input,
                                                                   bool with_alternatives,
                                                                   Parallelism parallelism);

/// Settles who is which marker where several fragments claim one at the same time: the better
/// founded keeps it, the rest of the other one stays.
///
/// @param judged  pieces are cut, and lose their names, where they lose.
[[nodiscard]] LabelTimeline Settle(const std::vector<Fragment>& fragments, std::size_t marker_count,
                                   std::vector<std::vector<JudgedPiece>>& judged);

}  // namespace medius::reconstruct
